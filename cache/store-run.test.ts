import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { cacheLayout } from './cache-directory.js';
import { loadEntry, VARIANT_LIMIT } from './entry-table.js';
import { IndexDatabase } from './index-database.js';
import type { Dependency, StoreOutcome } from './stored-run.js';
import { TestWorkspace, on, testKey, workspacePath } from './testing/test-workspace.js';
import type { RunOptions } from './testing/test-workspace.js';

/** What storing says of a run that does `work` in a prepared workspace. */
async function storing(
  test: TestContext,
  prepare: (workspace: TestWorkspace) => void,
  work: (workspace: TestWorkspace) => RunOptions,
): Promise<StoreOutcome> {
  const workspace = new TestWorkspace(test);
  prepare(workspace);
  const cache = workspace.openCache();
  const run = workspace.run(() => work(workspace));
  const outcome = await cache.store(run, workspace);
  assert.deepEqual(workspace.warnings, []);
  if (outcome.kind !== 'stored') {
    const lookup = await cache.lookup('app#build', testKey(), workspace);
    assert.deepEqual(lookup, { kind: 'first-run' }, 'a refused run leaves nothing behind');
  }
  return outcome;
}

const modified = (path: string) => ({ kind: 'modified-during-run', path });
const sources = (w: TestWorkspace) => {
  w.write('src/a', 'one');
  w.write('src/b', 'one');
};

test('an input edited during the run', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.write('src/a', 'two');
    return { dependencies: [on.content('src/a')] };
  });
  assert.deepEqual(outcome, modified('src/a'));
});

test('a file the task read, changed and keeps for itself: the content it left counts', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('state', 'one');
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    workspace.write('state', 'two');
    return { dependencies: [{ ...on.content('state'), asLeft: true }] };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  workspace.write('state', 'edited by somebody');
  assert.deepEqual(await workspace.replay(cache), {
    kind: 'miss',
    reason: { kind: 'modified', path: 'state' },
  });
});

test('an input edited during the run, with its old size and mtime', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.write('src/a', 'two');
    utimesSync(w.absolute('src/a'), 1, 1);
    return { dependencies: [on.content('src/a')] };
  });
  assert.deepEqual(outcome, modified('src/a'));
});

test('an input edited just before the run', async (t) => {
  const outcome = await storing(t, sources, () => ({ dependencies: [on.content('src/a')] }));
  assert.equal(outcome.kind, 'stored');
});

test('an input deleted by somebody else', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.remove('src/a');
    return { dependencies: [on.content('src/a')] };
  });
  assert.deepEqual(outcome, modified('src/a'));
});

test('an input rewritten or deleted by the run itself', async (t) => {
  const expected = { kind: 'read-then-written', path: 'src/a' };
  const own = [{ path: 'src/a', existedBefore: true }];
  const rewritten = await storing(t, sources, (w) => {
    w.write('src/a', 'two');
    return { dependencies: [on.content('src/a')], outputs: own };
  });
  assert.deepEqual(rewritten, expected);
  const deleted = await storing(t, sources, (w) => {
    w.remove('src/a');
    return { dependencies: [on.content('src/a')], outputs: own };
  });
  assert.deepEqual(deleted, expected);
  const withDirectory = await storing(t, sources, (w) => {
    w.remove('src');
    const outputs = [{ path: 'src', existedBefore: true }];
    return { dependencies: [on.content('src/a')], outputs };
  });
  assert.deepEqual(withDirectory, expected);
});

test('a FIFO that was read', async (t) => {
  const outcome = await storing(
    t,
    (w) => execFileSync('mkfifo', [w.absolute('fifo')]),
    () => ({ dependencies: [on.content('fifo')] }),
  );
  assert.deepEqual(outcome, { kind: 'unreadable-input', path: 'fifo', detail: 'not-a-file' });
});

test('a probed path that somebody else made', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.write('src/c', '');
    return { dependencies: [on.absence('src/c')] };
  });
  assert.deepEqual(outcome, modified('src/c'));
});

test('a probed path that the run itself made is absent before', async (t) => {
  const workspace = new TestWorkspace(t);
  sources(workspace);
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    workspace.write('src/c', '');
    return { dependencies: [on.absence('src/c')], outputs: ['src/c'] };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  const reason = { kind: 'added', name: 'c', dir: 'src' };
  assert.deepEqual(await workspace.replay(cache), { kind: 'miss', reason });
  workspace.remove('src/c');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  assert.ok(workspace.exists('src/c'));
});

test('a path whose kind somebody else changed', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.remove('src/a');
    mkdirSync(w.absolute('src/a'));
    return { dependencies: [on.existence('src/a')] };
  });
  assert.deepEqual(outcome, modified('src/a'));
});

test('a directory opened like a file counts by its kind', async (t) => {
  const outcome = await storing(t, sources, () => ({ dependencies: [on.content('src')] }));
  assert.equal(outcome.kind, 'stored');
});

test('a symlink that somebody else turned', async (t) => {
  const outcome = await storing(
    t,
    (w) => w.link('link', 'one'),
    (w) => {
      w.remove('link');
      w.link('link', 'two');
      return { dependencies: [on.link('link', 'one')] };
    },
  );
  assert.deepEqual(outcome, modified('link'));
});

test('a program replaced during the run', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vt-program-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'tool');
  writeFileSync(path, '');
  const outcome = await storing(
    t,
    () => undefined,
    () => {
      writeFileSync(path, 'new');
      return { dependencies: [on.program(path)] };
    },
  );
  assert.deepEqual(outcome, modified(path));
});

test('a listed directory: names are those before the run', async (t) => {
  const workspace = new TestWorkspace(t);
  sources(workspace);
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    workspace.write('src/new', '');
    workspace.remove('src/b');
    return {
      dependencies: [on.listing('src', ['new'], ['b'])],
      outputs: ['src/new', { path: 'src/b', existedBefore: true }],
    };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  workspace.remove('src/new');
  workspace.write('src/b', '');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  assert.deepEqual([workspace.exists('src/new'), workspace.exists('src/b')], [true, false]);
});

test('a listed directory that somebody else changed', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.write('src/c', '');
    return { dependencies: [on.listing('src')] };
  });
  assert.deepEqual(outcome, modified('src'));
});

test('a listed directory that only saw a temporary file of the run', async (t) => {
  const passing = (w: TestWorkspace) => {
    w.write('src/tmp', '');
    w.remove('src/tmp');
  };
  const told = await storing(t, sources, (w) => {
    passing(w);
    const listing = { kind: 'listing', observer: -1, path: workspacePath('src') } as const;
    return { dependencies: [{ ...listing, created: [], deleted: [], changed: true }] };
  });
  assert.equal(told.kind, 'stored');
  const anOutput = await storing(t, sources, (w) => {
    passing(w);
    return { dependencies: [on.listing('src')], outputs: ['src/tmp'] };
  });
  assert.equal(anOutput.kind, 'stored');
  const untold = await storing(t, sources, (w) => {
    passing(w);
    return { dependencies: [on.listing('src')] };
  });
  assert.deepEqual(untold, modified('src'));
});

test("a stranger's name in a listed directory that the run changed too", async (t) => {
  const work = (change: (w: TestWorkspace) => void) => (w: TestWorkspace) => {
    w.write('src/out', '');
    change(w);
    return { dependencies: [on.listing('src', ['out'])], outputs: ['src/out'] };
  };
  const prepare = (w: TestWorkspace) => {
    sources(w);
    w.write('elsewhere/file', '');
    mkdirSync(w.absolute('src/old'));
  };
  const made = await storing(
    t,
    prepare,
    work((w) => w.write('src/c', '')),
  );
  assert.deepEqual(made, modified('src/c'));
  const directory = await storing(
    t,
    prepare,
    work((w) => mkdirSync(w.absolute('src/c'))),
  );
  assert.deepEqual(directory, modified('src/c'));
  const moved = await storing(
    t,
    prepare,
    work((w) => renameSync(w.absolute('elsewhere'), w.absolute('src/c'))),
  );
  assert.deepEqual(moved, modified('src/c'));
  const deeper = await storing(
    t,
    prepare,
    work((w) => w.write('src/old/deep', '')),
  );
  assert.equal(deeper.kind, 'stored', 'a change below an old directory is no new name');
});

test('a listed directory that the run replaced', async (t) => {
  const replacing = (again: boolean, dependency: Partial<Dependency>) => (w: TestWorkspace) => {
    w.remove('src');
    if (again) w.write('src/b', 'two');
    const outputs = [
      { path: 'src', existedBefore: true },
      { path: 'src/a', existedBefore: true },
      { path: 'src/b', existedBefore: true },
    ];
    const listing = on.listing('src', [], ['a', 'b']);
    return { dependencies: [{ ...listing, ...dependency } as Dependency], outputs };
  };
  assert.deepEqual(
    await storing(t, sources, replacing(true, {})),
    { kind: 'read-then-written', path: 'src' },
    'what else was in it is not told',
  );
  const told = { deleted: ['a'], replaced: ['b'] };
  assert.equal((await storing(t, sources, replacing(true, told))).kind, 'stored');
  assert.equal((await storing(t, sources, replacing(false, told))).kind, 'stored');
  const workspace = new TestWorkspace(t);
  sources(workspace);
  const cache = workspace.openCache();
  const run = workspace.run(() => replacing(true, told)(workspace));
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  const lookup = await cache.lookup('app#build', testKey(), workspace);
  assert.deepEqual(lookup, {
    kind: 'miss',
    reason: { kind: 'removed', name: 'a', dir: 'src' },
  });
});

test('globs: matches before the run, told or worked out', async (t) => {
  const work = (told: boolean, others: (w: TestWorkspace) => string[]) => (w: TestWorkspace) => {
    w.globMatches = ['src/a', 'src/b'];
    const matches = w.globMatches.map(workspacePath);
    const glob = { kind: 'glob', observer: -1, include: ['src/*'], exclude: [] } as const;
    w.write('src/out', '');
    w.globMatches = ['src/a', 'src/b', 'src/out', ...others(w)];
    return { dependencies: [told ? { ...glob, matches } : glob], outputs: ['src/out'] };
  };
  assert.equal(
    (
      await storing(
        t,
        sources,
        work(true, () => []),
      )
    ).kind,
    'stored',
  );
  assert.equal(
    (
      await storing(
        t,
        sources,
        work(false, () => []),
      )
    ).kind,
    'stored',
  );
  const stranger = await storing(
    t,
    sources,
    work(true, () => ['src/stranger']),
  );
  assert.deepEqual(stranger, modified('src/stranger'));
  const deleting = await storing(t, sources, (w) => {
    w.globMatches = ['src/b'];
    w.remove('src/a');
    const outputs = [{ path: 'src/a', existedBefore: true }];
    return { dependencies: [on.glob('src/*')], outputs };
  });
  assert.deepEqual(deleting, { kind: 'read-then-written', path: 'src/a' });
});

test('outputs that cannot be kept', async (t) => {
  const refused = async (
    path: string,
    detail: string,
    work: (w: TestWorkspace) => void,
  ): Promise<void> => {
    const outcome = await storing(t, sources, (w) => {
      work(w);
      return { outputs: [path] };
    });
    assert.deepEqual(outcome, { kind: 'unsupported-output', path, detail });
  };
  const special = 'not a file, directory or symlink';
  await refused('fifo', special, (w) => execFileSync('mkfifo', [w.absolute('fifo')]));
  await refused('../out', 'outside the workspace', () => undefined);
  await refused('', 'outside the workspace', () => undefined);
  await refused('link/out', 'reached through the symlink link', (w) => {
    w.link('link', 'src');
    w.write('src/out', '');
  });
  await refused('src/a', 'changed together with another name of the file', (w) => {
    linkSync(w.absolute('src/a'), w.absolute('name'));
    w.write('src/a', 'two');
  });
  await refused('tool', 'set-user-id or set-group-id', (w) => {
    w.write('tool', '');
    chmodSync(w.absolute('tool'), 0o4755);
  });
});

test('an output that somebody still changes after the run', async (t) => {
  const workspace = new TestWorkspace(t);
  sources(workspace);
  workspace.globMatches = [];
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    workspace.write('out', 'one');
    return { dependencies: [on.glob('src/*')], outputs: ['out'] };
  });
  // Expanding globs comes after the cache has taken the time and before it reads the outputs.
  const world = Object.assign(Object.create(workspace) as TestWorkspace, {
    root: workspace.root,
    expandGlobs: () => {
      workspace.write('out', 'two');
      return Promise.resolve([]);
    },
  });
  assert.deepEqual(await cache.store(run, world), modified('out'));
});

test('a hard link made from an input counts as a change of it', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    linkSync(w.absolute('src/a'), w.absolute('out'));
    return { dependencies: [on.content('src/a')], outputs: ['out'] };
  });
  assert.deepEqual(outcome, modified('src/a'));
});

test('two names that the run gave to a file it made, and one it gave to an old file', async (t) => {
  const outcome = await storing(t, sources, (w) => {
    w.write('out', 'x');
    linkSync(w.absolute('out'), w.absolute('again'));
    linkSync(w.absolute('src/a'), w.absolute('copy'));
    return { outputs: ['out', 'again', 'copy'] };
  });
  assert.equal(outcome.kind, 'stored');
});

test('the same observations again take the place of the former result', async (t) => {
  const workspace = new TestWorkspace(t);
  sources(workspace);
  const cache = workspace.openCache();
  const names = new Set<string>();
  for (const text of ['one', 'two']) {
    const run = workspace.run(() => {
      workspace.write('out', text);
      return { dependencies: [on.content('src/a')], outputs: ['out'] };
    });
    const outcome = await cache.store(run, workspace);
    assert.equal(outcome.kind, 'stored');
    if (outcome.kind === 'stored') names.add(outcome.entry);
  }
  assert.equal(names.size, 1);
  unlinkSync(workspace.absolute('out'));
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  assert.equal(workspace.read('out'), 'two');
});

test('switching back and forth hits from the second time on', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const build = async (text: string): Promise<string> => {
    workspace.write('src/a', text);
    const lookup = await workspace.replay(cache);
    if (lookup.kind === 'hit') return 'hit';
    const run = workspace.run(() => {
      workspace.write('out', `built ${text}`);
      return { dependencies: [on.content('src/a')], outputs: ['out'] };
    });
    assert.equal((await cache.store(run, workspace)).kind, 'stored');
    return 'stored';
  };
  const outcomes = [];
  for (const text of ['a', 'b', 'a', 'c', 'b', 'a', 'c']) {
    outcomes.push(await build(text));
    assert.equal(workspace.read('out'), `built ${text}`);
  }
  assert.deepEqual(outcomes, ['stored', 'stored', 'hit', 'stored', 'hit', 'hit', 'hit']);
});

test('the least recently used of too many variants go', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const withMode = (mode: number) => workspace.variables.set('MODE', String(mode));
  const common = Array.from({ length: 100 }, (_, index) => on.absence(`probe/${index}`));
  for (let mode = 0; mode < VARIANT_LIMIT; mode++) {
    const dependencies = [...common, on.env('MODE', String(mode))];
    await cache.store(
      workspace.run(() => ({ dependencies })),
      workspace,
    );
  }
  withMode(0);
  assert.equal((await workspace.replay(cache)).kind, 'hit', 'the oldest is still there');
  await cache.store(
    workspace.run(() => ({ dependencies: [on.env('MODE', 'new')] })),
    workspace,
  );
  assert.equal((await workspace.replay(cache)).kind, 'hit', 'it was used and stays');
  withMode(1);
  assert.equal((await workspace.replay(cache)).kind, 'miss', 'the next oldest went');
  withMode(VARIANT_LIMIT - 1);
  assert.equal((await workspace.replay(cache)).kind, 'hit');
});

test('who made the observations and who changed the outputs is kept with the result', async (t) => {
  const workspace = new TestWorkspace(t);
  sources(workspace);
  const cache = workspace.openCache();
  const processes = [
    { pid: 7, parent: -1, exe: '/bin/sh', argv: ['sh', '-c', 'cat src/a >z; touch b'] },
    { pid: 8, parent: 0, exe: '/bin/cat', argv: ['cat', 'src/a'] },
  ];
  const stored = await cache.store(
    workspace.run(() => {
      workspace.write('z', '');
      workspace.write('b', '');
      workspace.write('c', '');
      return {
        processes,
        dependencies: [
          { kind: 'absence', path: workspacePath('z'), observer: 0 },
          { ...on.content('src/a'), observer: 1 },
        ],
        outputs: [
          { path: 'z', existedBefore: false, writer: 1 },
          { path: 'gone', existedBefore: false, writer: 1 },
          { path: 'c', existedBefore: false },
          { path: 'b', existedBefore: false, writer: 0 },
        ],
      };
    }),
    workspace,
  );
  assert.equal(stored.kind, 'stored');
  await cache.close();
  const layout = cacheLayout(workspace.cacheDirectory);
  const index = await IndexDatabase.open(layout.index, layout.temporary);
  t.after(() => index.close());
  const entry = await index.read((transaction) =>
    loadEntry(transaction, stored.kind === 'stored' ? stored.entry : ''),
  );
  assert.deepEqual(entry.processes, processes);
  assert.deepEqual([...entry.observers].sort(), [0, 1]);
  assert.deepEqual(
    entry.outputs.map(({ path }, index) => [path, entry.writers[index]]),
    [
      ['b', 0],
      ['c', -1],
      ['z', 1],
    ],
  );
});
