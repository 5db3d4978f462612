import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { AbsolutePath } from './brands.js';
import { cacheLayout } from './cache-directory.js';
import { cleanCache } from './clean-cache.js';
import { takeFileStamp } from './file-stamp.js';
import { isJournalName } from './journal-name.js';
import type { FinishedRun } from './stored-run.js';
import { buildFaults, faultyEnv, whyNoFaults } from './testing/faults.js';
import { listTree } from './testing/list-tree.js';
import { clear, replay, run, worldOf } from './testing/scenario.js';
import type { Mode } from './testing/scenario.js';
import { TestWorkspace, testKey, workspacePath } from './testing/test-workspace.js';

// Shows: outputs.killed

const PROCESS = fileURLToPath(new URL('testing/scenario-process.js', import.meta.url));

/**
 * With VT_KILL_ALL storing is killed at every moment and not at some, and so is every repair of a
 * restore: minutes.
 */
const everything = process.env['VT_KILL_ALL'] !== undefined;

/** So many changes of the disk are made before the first in the workspace: staging, the journal. */
const BEFORE_CHANGES = 40;

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

describe('a process killed at any file operation', { skip: whyNoFaults() }, () => {
  let faults: ReturnType<typeof buildFaults>;
  before(() => {
    faults = buildFaults();
  });
  after(() => faults.remove());

  /** Runs a process; kills it just before its n-th change on disk. Without n it is not killed. */
  async function act(workspace: TestWorkspace, action: string, mode: Mode, n?: number) {
    const { root, cacheDirectory } = workspace;
    const fault = { counted: 'changes', how: 'once', what: 'kill', n: n ?? 0 } as const;
    const env = n === undefined ? process.env : faultyEnv(faults.library, root, fault);
    return new Promise<Ended>((resolve, reject) => {
      const child = spawn(process.execPath, [PROCESS, root, cacheDirectory, action, mode], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env,
      });
      let output = '';
      child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (code === 0 || signal === 'SIGKILL') resolve({ signal, output: output.trim() });
        else reject(new Error(`exit code ${code}: ${output}`));
      });
    });
  }

  /** Both results are stored and that of `two` is there. Gives the trees of both. */
  async function prepare(workspace: TestWorkspace): Promise<Record<Mode, readonly string[]>> {
    const { cacheDirectory: directory } = workspace;
    const cache = workspace.openCache({ directory });
    const trees: Partial<Record<Mode, readonly string[]>> = {};
    for (const mode of ['one', 'two'] as const) {
      const stored = await cache.store(run(workspace.root, mode), worldOf(workspace.root, mode));
      assert.equal(stored.kind, 'stored');
      trees[mode] = workspace.tree();
    }
    await cache.close();
    return trees as Record<Mode, readonly string[]>;
  }

  /** The next command repairs; then both results are had exactly, so nothing is forgotten. */
  async function expectRepaired(
    workspace: TestWorkspace,
    trees: Record<Mode, readonly string[]>,
    moment: string,
  ): Promise<Mode> {
    const cache = workspace.openCache();
    await cache.lookup('app#build', testKey(), worldOf(workspace.root, 'none'));
    const tree = workspace.tree();
    const mode = tree.includes('dist/two 644 2') ? 'two' : 'one';
    assert.deepEqual(tree, trees[mode], moment);
    assertTidy(workspace, moment);
    for (const mode of ['one', 'two'] as const) {
      assert.equal(await replay(cache, workspace.root, mode), 'restored', moment);
      assert.deepEqual(workspace.tree(), trees[mode], moment);
    }
    assertTidy(workspace, moment);
    await cache.close();
    assert.deepEqual(workspace.warnings, [], moment);
    return mode;
  }

  function assertTidy(workspace: TestWorkspace, moment: string): void {
    assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), [], moment);
    const strangers = readdirSync(workspace.root).filter((name) => name.startsWith('.vt'));
    assert.deepEqual(strangers, [], moment);
  }

  async function killEverywhere(workspace: TestWorkspace): Promise<Map<Mode, number>> {
    const trees = await prepare(workspace);
    const found = new Map<Mode, number>();
    for (let n = 1; ; n++) {
      const { signal, output } = await act(workspace, 'restore', 'one', n);
      if (signal === null) {
        assert.equal(output, 'restored');
        assert.deepEqual(workspace.tree(), trees.one);
        return found;
      }
      if (everything || n % 41 === 0) {
        let m = 1;
        while ((await act(workspace, 'look', 'one', m)).signal !== null) m++;
      } else if (n % 10 === 1) {
        await Promise.all([1, 2, 3].map(() => act(workspace, 'look', 'one')));
      }
      const mode = await expectRepaired(workspace, trees, `killed before change ${n}`);
      found.set(mode, (found.get(mode) ?? 0) + 1);
    }
  }

  test('in a restore: the next one finds the workspace as it was, or as it should be', async (t) => {
    const found = await killEverywhere(new TestWorkspace(t));
    t.diagnostic(`rolled back ${found.get('two')} times, complete ${found.get('one')} times`);
    assert.ok(found.get('two')! > 60, 'every change of the workspace is among them');
    assert.ok(found.get('one')! > 5, 'and every step of tidying up');
  });

  /** Leaves the workspace half restored, by a kill at or after `from`. Gives the trees of both results. */
  async function breakOff(workspace: TestWorkspace, from = BEFORE_CHANGES) {
    const trees = await prepare(workspace);
    for (let n = from; ; n++) {
      const { signal } = await act(workspace, 'restore', 'one', n);
      assert.equal(signal, 'SIGKILL');
      const tree = workspace.tree();
      // Replaced and removed, but not all is made yet.
      if (tree.includes('dist/both 644 one') && !tree.includes('dist/one 644 1')) return trees;
      // Also sweeps what was staged: else that would be counted the next time.
      const cache = workspace.openCache({ directory: workspace.cacheDirectory });
      await cache.lookup('app#build', testKey(), worldOf(workspace.root, 'none'));
      await cache.close();
    }
  }

  test('in a restore: an uncached task and a cleaned cache find it undone', async (t) => {
    const workspace = new TestWorkspace(t);
    const trees = await breakOff(workspace);
    await workspace.openCache().repair(workspace);
    assert.deepEqual(workspace.tree(), trees.two);
    const cleaned = new TestWorkspace(t);
    await breakOff(cleaned);
    assert.equal(cleanCache(cleaned.cacheDirectory).kind, 'cleaned');
    assert.deepEqual(cleaned.tree(), trees.two);
  });

  test('in a restore: a damaged index does not keep it from being undone', async (t) => {
    const workspace = new TestWorkspace(t);
    const trees = await breakOff(workspace);
    const { index } = cacheLayout(workspace.cacheDirectory);
    for (const suffix of ['-wal', '-shm']) rmSync(index + suffix, { force: true });
    writeFileSync(index, 'garbage'.repeat(1000));
    await workspace.openCache().repair(workspace);
    assert.deepEqual(workspace.tree(), trees.two);
    assert.deepEqual(
      workspace.warnings.map(({ kind }) => kind),
      ['cache-reset'],
    );
  });

  test('in a restore: what is changed before the repair stays as it is', async (t) => {
    const workspace = new TestWorkspace(t);
    const trees = await breakOff(workspace);
    workspace.write('dist/both', 'edited');
    workspace.write('dist/two', 'edited');
    await workspace.openCache().repair(workspace);
    const changed = trees.two.map((line) =>
      line.replace(/^(dist\/(?:both|two) 644) .*/, '$1 edited'),
    );
    assert.deepEqual(workspace.tree(), changed);
    assertTidy(workspace, 'after edits');
  });

  test('in a restore: nothing is put back through a symlink that came meanwhile', async (t) => {
    const workspace = new TestWorkspace(t);
    await breakOff(workspace);
    renameSync(workspace.absolute('dist'), workspace.absolute('elsewhere'));
    workspace.link('dist', 'elsewhere');
    const before = workspace.tree('elsewhere');
    await workspace.openCache().repair(workspace);
    assert.deepEqual(workspace.tree('elsewhere'), before);
  });

  /** Another run of the task, that finds what was restored and writes one file of it anew. */
  function rewriteBoth(workspace: TestWorkspace): FinishedRun {
    const startStamp = takeFileStamp(workspace.root);
    workspace.write('dist/both', 'three');
    return {
      task: 'app#build',
      key: testKey(),
      dependencies: [{ kind: 'env', observer: -1, name: 'MODE', value: 'none' }],
      outputs: [{ path: workspacePath('dist/both'), existedBefore: false }],
      transcript: [],
      processes: [],
      duration: 1,
      startStamp,
    };
  }

  test('in a restore: a task that ran beside it and is stored now keeps what it made', async (t) => {
    let complete = 0;
    for (let n = BEFORE_CHANGES; ; n++) {
      const workspace = new TestWorkspace(t);
      const { root } = workspace;
      const trees = await prepare(workspace);
      const beside = workspace.openCache();
      // It has looked before the restore began, so that only storing can find what that left.
      await beside.lookup('app#build', testKey(), worldOf(root, 'none'));
      const { signal } = await act(workspace, 'restore', 'one', n);
      const journals = readdirSync(cacheLayout(workspace.cacheDirectory).temporary);
      const isWhole = isDeepStrictEqual(workspace.tree(), trees.one);
      if (isWhole && journals.some(isJournalName)) {
        complete++;
        const stored = await beside.store(rewriteBoth(workspace), worldOf(root, 'none'));
        assert.equal(stored.kind, 'stored', `killed before change ${n}`);
        const made = workspace.tree();
        await workspace.openCache().repair(worldOf(root, 'none'));
        assert.deepEqual(workspace.tree(), made, `killed before change ${n}`);
      }
      await beside.close();
      if (signal === null) break;
    }
    assert.ok(complete > 0, 'it was killed with all in place and its journal open');
  });

  test('in a restore: a workspace that is moved meanwhile is found', async (t) => {
    for (const isInside of [true, false]) {
      const workspace = new TestWorkspace(t);
      const elsewhere = new TestWorkspace(t);
      const name = 'node_modules/.cache/vt';
      const directory = isInside ? workspace.cacheDirectory : elsewhere.cacheDirectory;
      Object.assign(workspace, { cacheDirectory: directory });
      // What is done to a cache elsewhere is not counted.
      const trees = await breakOff(workspace, isInside ? BEFORE_CHANGES : 5);
      const moved = `${workspace.root}-moved` as AbsolutePath;
      renameSync(workspace.root, moved);
      t.after(() => rmSync(moved, { recursive: true, force: true }));
      const cache = elsewhere.openCache({
        directory: isInside ? (join(moved, name) as AbsolutePath) : directory,
      });
      await cache.repair(worldOf(moved, 'none'));
      assert.deepEqual(listTree(moved), trees.two);
      await cache.close();
    }
  });

  test('in storing: what the task made stays, and the result is stored or not', async (t) => {
    const workspace = new TestWorkspace(t);
    const { root, cacheDirectory } = workspace;
    const found = new Map<string, number>();
    for (let n = 1; ; n += everything ? 1 : 6) {
      rmSync(cacheDirectory, { recursive: true, force: true });
      const { signal } = await act(workspace, 'store', 'one', n);
      const tree = workspace.tree();
      const cache = workspace.openCache();
      const outcome = await replay(cache, root, 'one');
      found.set(outcome, (found.get(outcome) ?? 0) + 1);
      assert.ok(outcome === 'first-run' || outcome === 'restored', outcome);
      assert.deepEqual(workspace.tree(), tree, `killed before change ${n}`);
      assertTidy(workspace, `killed before change ${n}`);
      assert.equal((await cache.store(run(root, 'one'), worldOf(root, 'one'))).kind, 'stored');
      clear(root);
      assert.equal(await replay(cache, root, 'one'), 'restored');
      await cache.close();
      assert.deepEqual(workspace.warnings, []);
      if (signal === null) break;
    }
    t.diagnostic(JSON.stringify(Object.fromEntries(found)));
    assert.ok(found.get('first-run')! > 20);
    assert.ok(found.get('restored')! > 1);
  });
});
