import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { cacheLayout } from './cache-directory.js';
import type { BegunRun, Cache } from './stored-run.js';
import { TestWorkspace, on, testKey, workspacePath } from './testing/test-workspace.js';

/** A run of a task in a mode, by one of several processes: each has a cache object of its own. */
class Run {
  readonly #finished;
  readonly #workspace: TestWorkspace;
  readonly cache: Cache;

  private constructor(
    workspace: TestWorkspace,
    cache: Cache,
    readonly begun: BegunRun,
    mode: string,
    task: string,
  ) {
    this.#workspace = workspace;
    this.cache = cache;
    this.#finished = workspace.run(() => {
      workspace.write('dist/a', mode);
      workspace.write(`dist/${task}`, mode);
      return {
        task,
        dependencies: [on.env('MODE', mode)],
        outputs: ['dist/a', `dist/${task}`],
      };
    });
  }

  static async start(workspace: TestWorkspace, mode: string, task = 'build'): Promise<Run> {
    const cache = workspace.openCache();
    const begun = await cache.begin(task, workspace);
    return new Run(workspace, cache, begun, mode, task);
  }

  async end(): Promise<string> {
    const outcome = await this.cache.store(this.#finished, this.#workspace, this.begun);
    return outcome.kind === 'modified-during-run' ? `${outcome.path} modified` : outcome.kind;
  }
}

function assertTidy(workspace: TestWorkspace): void {
  assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), []);
}

test('two runs of a task at once with different results: neither is stored', async (t) => {
  const workspace = new TestWorkspace(t);
  const [first, second] = [await Run.start(workspace, '1'), await Run.start(workspace, '2')];
  assert.equal(await first.end(), 'dist/a modified');
  assert.equal(await second.end(), 'dist/a modified');
  assert.equal(await (await Run.start(workspace, '2')).end(), 'stored', 'alone again');
  assertTidy(workspace);
});

test('two runs of a task at once with equal results: the last to end is stored', async (t) => {
  const workspace = new TestWorkspace(t);
  const [first, second] = [await Run.start(workspace, '1'), await Run.start(workspace, '1')];
  assert.equal(await first.end(), 'dist/a modified', 'the second may be writing just now');
  assert.equal(await second.end(), 'stored');
  assertTidy(workspace);
});

test('a task that one process runs twice at once: neither is stored', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const runs = [];
  for (const mode of ['1', '2']) {
    const begun = await cache.begin('build', workspace);
    const run = workspace.run(() => {
      workspace.write('dist/a', mode);
      return { task: 'build', dependencies: [on.env('MODE', mode)], outputs: ['dist/a'] };
    });
    runs.push({ begun, run });
  }
  for (const { begun, run } of runs) {
    assert.equal((await cache.store(run, workspace, begun)).kind, 'modified-during-run');
  }
  assertTidy(workspace);
});

test('a run that failed beside another leaves that one in doubt', async (t) => {
  const workspace = new TestWorkspace(t);
  const [first, second] = [await Run.start(workspace, '1'), await Run.start(workspace, '1')];
  await second.cache.close();
  assert.equal(await first.end(), 'dist/a modified');
});

test('tasks that write the same file at once: the later one is not stored, the first one dropped', async (t) => {
  const workspace = new TestWorkspace(t);
  const first = await Run.start(workspace, '1', 'build');
  const second = await Run.start(workspace, '2', 'other');
  assert.equal(await first.end(), 'stored', 'with what the second wrote');
  assert.equal(await second.end(), 'dist/a modified');
  workspace.variables.set('MODE', '1');
  const lookup = await workspace.openCache().lookup('build', testKey(), workspace);
  assert.notEqual(lookup.kind, 'hit');
});

test('a run that is not kept, and wrote the same file: others at once are not kept either', async (t) => {
  const workspace = new TestWorkspace(t);
  const first = await Run.start(workspace, '1', 'build');
  const failing = await Run.start(workspace, '2', 'other');
  const last = await Run.start(workspace, '3', 'last');
  assert.equal(await first.end(), 'stored');
  await failing.cache.abandon(failing.begun, [workspacePath('dist/a')]);
  assert.equal(await last.end(), 'dist/a modified');
  workspace.variables.set('MODE', '1');
  const lookup = await workspace.openCache().lookup('build', testKey(), workspace);
  assert.notEqual(lookup.kind, 'hit');
  await last.cache.close();
  assertTidy(workspace);
});

test('a name that another run may have taken from a directory that was listed and filled', async (t) => {
  for (const [listed, expected] of [
    ['dist', 'modified-during-run'],
    ['src', 'stored'],
  ] as const) {
    const workspace = new TestWorkspace(t);
    workspace.write('dist/old', '');
    workspace.write('src/a', '');
    const [cache, other] = [workspace.openCache(), workspace.openCache()];
    const begun = await cache.begin('build', workspace);
    const begunCleaning = await other.begin('clean', workspace);
    const run = workspace.run(() => {
      workspace.write('dist/new', '');
      const dependencies = [on.listing(listed, listed === 'dist' ? ['new'] : [])];
      return { task: 'build', dependencies, outputs: ['dist/new'] };
    });
    const cleaning = workspace.run(() => {
      workspace.remove('dist/old');
      return { task: 'clean', outputs: [{ path: 'dist/old', existedBefore: true }] };
    });
    assert.equal((await other.store(cleaning, workspace, begunCleaning)).kind, 'stored');
    assert.equal((await cache.store(run, workspace, begun)).kind, expected);
  }
});

test('a restore beside a run that writes the same files: the run is not stored', async (t) => {
  const workspace = new TestWorkspace(t);
  assert.equal(await (await Run.start(workspace, '1')).end(), 'stored');
  const running = await Run.start(workspace, '2');
  workspace.variables.set('MODE', '1');
  const lookup = await workspace.replay(workspace.openCache(), testKey(), 'build');
  assert.equal(lookup.kind, 'hit');
  assert.equal(workspace.read('dist/a'), '1');
  assert.equal(await running.end(), 'dist/a modified');
});

test('a restore of the same result beside a run does no harm', async (t) => {
  const workspace = new TestWorkspace(t);
  assert.equal(await (await Run.start(workspace, '1')).end(), 'stored');
  workspace.remove('dist');
  const running = await Run.start(workspace, '1');
  workspace.remove('dist/a');
  workspace.variables.set('MODE', '1');
  await workspace.replay(workspace.openCache(), testKey(), 'build');
  assert.equal(await running.end(), 'stored');
});

test('runs in other workspaces, and of tasks with other files, do not matter', async (t) => {
  const workspace = new TestWorkspace(t);
  const elsewhere = new TestWorkspace(t);
  const other = elsewhere.openCache({ directory: workspace.cacheDirectory });
  await other.begin('build', elsewhere);
  const run = await Run.start(workspace, '1');
  assert.equal(await run.end(), 'stored');
});
