import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AbsolutePath } from './brands.js';
import { cacheLayout } from './cache-directory.js';
import type { Cache, RestoreOutcome } from './stored-run.js';
import { TestWorkspace, on, testKey } from './testing/test-workspace.js';
import type { RunOptions } from './testing/test-workspace.js';

/** Stores what `work` leaves behind as the result for MODE=`mode`. */
async function build(
  workspace: TestWorkspace,
  cache: Cache,
  mode: string,
  work: (run: RunOptions) => readonly (string | { path: string; existedBefore: boolean })[],
  task = 'app#build',
): Promise<void> {
  workspace.variables.set('MODE', mode);
  const run = workspace.run((options) => {
    const outputs = work(options);
    return { task, outputs, dependencies: [on.env('MODE', mode), ...(options.dependencies ?? [])] };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
}

async function restore(
  workspace: TestWorkspace,
  cache: Cache,
  mode: string,
  task = 'app#build',
): Promise<RestoreOutcome> {
  workspace.variables.set('MODE', mode);
  const lookup = await cache.lookup(task, testKey(), workspace);
  if (lookup.kind !== 'hit') throw new Error(JSON.stringify(lookup));
  const outcome = await cache.restore(lookup, workspace);
  assert.deepEqual(readdirSync(cacheLayout(workspace.cacheDirectory).temporary), []);
  return outcome;
}

function assertRestored(outcome: RestoreOutcome): void {
  assert.equal(outcome.kind, 'restored', JSON.stringify(outcome));
}

function writeAll(workspace: TestWorkspace, files: Readonly<Record<string, string>>): string[] {
  for (const [path, text] of Object.entries(files)) workspace.write(path, text);
  return Object.keys(files);
}

const blocked = (path: string, obstacle: string) => ({
  kind: 'failed',
  reason: { kind: 'restore-blocked', path, obstacle },
});

test('files, modes, symlinks and empty directories come back', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => {
    workspace.write('dist/a.js', 'a');
    workspace.write('dist/tool', '#!/bin/sh', 0o755);
    workspace.write('dist/secret', 's', 0o400);
    workspace.write('dist/deep/er/odd\nname', '');
    workspace.write('dist/big', 'x'.repeat(3_000_000));
    workspace.link('dist/link', 'a.js');
    workspace.link('dist/dangling', '/nowhere');
    mkdirSync(workspace.absolute('dist/empty'), { mode: 0o750 });
    return ['a.js', 'tool', 'secret', 'deep/er/odd\nname', 'big', 'link', 'dangling', 'empty'].map(
      (name) => `dist/${name}`,
    );
  });
  const tree = workspace.tree();
  workspace.remove('dist');
  assertRestored(await restore(workspace, cache, 'one'));
  assert.deepEqual(workspace.tree(), tree);
});

test('what is right already is not touched, what differs is replaced', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => {
    workspace.link('dist/link', 'a');
    return [...writeAll(workspace, { 'dist/a': 'a', 'dist/b': 'b', 'dist/c': 'c' }), 'dist/link'];
  });
  utimesSync(workspace.absolute('dist/a'), 7, 7);
  workspace.write('dist/b', 'B');
  chmodSync(workspace.absolute('dist/c'), 0o600);
  const { ino } = lstatSync(workspace.absolute('dist/link'));
  workspace.write('dist/stranger', 'stays');
  const outcome = await restore(workspace, cache, 'one');
  assert.deepEqual(outcome, { kind: 'restored', written: 2, unchanged: 2 });
  assert.equal(lstatSync(workspace.absolute('dist/a')).mtimeMs, 7000);
  assert.equal(lstatSync(workspace.absolute('dist/link')).ino, ino);
  assert.equal(workspace.read('dist/b'), 'b');
  assert.equal(workspace.mode('dist/c'), 0o644);
  assert.equal(workspace.read('dist/stranger'), 'stays');
});

test('a restored file is a copy: changing it in place does not reach the cache', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => writeAll(workspace, { out: 'one' }));
  for (let round = 0; round < 2; round++) {
    workspace.remove('out');
    await restore(workspace, cache, 'one');
    assert.equal(workspace.read('out'), 'one');
    workspace.write('out', 'in');
    await restore(workspace, cache, 'one');
    assert.equal(workspace.read('out'), 'one');
  }
});

test('the target of a link comes back byte for byte, also where it is no text', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const target = Buffer.from('caf\u00e9 \ufffd \xff\xc3', 'latin1');
  await build(workspace, cache, 'one', () => {
    symlinkSync(target, workspace.absolute('link'));
    return ['link'];
  });
  assert.deepEqual(await restore(workspace, cache, 'one'), {
    kind: 'restored',
    written: 0,
    unchanged: 1,
  });
  workspace.remove('link');
  assertRestored(await restore(workspace, cache, 'one'));
  const restored = readlinkSync(workspace.absolute('link'), { encoding: 'buffer' });
  assert.deepEqual(restored, target);
});

test('deletions are replayed', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const make = () => {
    writeAll(workspace, { 'old/file': '', 'old/stranger': '', 'gone/file': '' });
  };
  make();
  await build(workspace, cache, 'one', () => {
    for (const path of ['old/file', 'gone']) workspace.remove(path);
    return ['old/file', 'gone/file', 'gone', 'never'].map((path) => ({
      path,
      existedBefore: path !== 'never',
    }));
  });
  make();
  assertRestored(await restore(workspace, cache, 'one'));
  assert.deepEqual(workspace.tree(), ['old/ 755', 'old/stranger 644 ']);
  // A stranger's file keeps the directory that the task deleted.
  make();
  workspace.write('gone/stranger', '');
  assertRestored(await restore(workspace, cache, 'one'));
  assert.deepEqual(workspace.tree('gone'), ['gone/stranger 644 ']);
});

test('stale files of the task go, everything else stays', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => {
    const files = writeAll(workspace, { 'dist/one': '1', 'dist/same': 's', 'dist/old/x': 'x' });
    workspace.link('dist/link', 'one');
    return ['dist', 'dist/old', 'dist/link', ...files];
  });
  workspace.remove('dist');
  await build(workspace, cache, 'two', () => [
    'dist',
    ...writeAll(workspace, { 'dist/two': '2', 'dist/same': 's', 'dist/edited': 'e' }),
  ]);
  workspace.write('dist/edited', 'by hand');
  workspace.write('dist/stranger', '');
  assertRestored(await restore(workspace, cache, 'one'));
  const common = ['dist/same 644 s', 'dist/stranger 644 '];
  assert.deepEqual(workspace.tree('dist'), [
    'dist/edited 644 by hand',
    'dist/link -> one',
    'dist/old/ 755',
    'dist/old/x 644 x',
    'dist/one 644 1',
    ...common,
  ]);
  workspace.remove('dist/edited');
  assertRestored(await restore(workspace, cache, 'two'));
  assert.deepEqual(workspace.tree('dist'), ['dist/edited 644 e', ...common, 'dist/two 644 2']);
});

test('a file that was there before the task wrote it is never stale', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  workspace.write('src/a', 'source');
  await build(workspace, cache, 'one', () => []);
  await build(workspace, cache, 'two', () => {
    workspace.write('src/a', 'formatted');
    return [{ path: 'src/a', existedBefore: true }];
  });
  await restore(workspace, cache, 'one');
  assert.equal(workspace.read('src/a'), 'formatted');
});

test('a file that the result reads, or that another task wrote too, is not stale', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const made = () => writeAll(workspace, { input: 'i', shared: 's', 'dir/listed': 'l' });
  writeAll(workspace, { input: 'i', 'dir/listed': 'l' });
  await build(workspace, cache, 'one', (run) => {
    run.dependencies = [on.content('input'), on.listing('dir')];
    return [];
  });
  for (const path of ['input', 'dir']) workspace.remove(path);
  await build(workspace, cache, 'two', made);
  await build(workspace, cache, 'three', () => writeAll(workspace, { shared: 's' }), 'other');
  assertRestored(await restore(workspace, cache, 'one'));
  assert.deepEqual(
    ['input', 'shared', 'dir/listed'].map((path) => workspace.exists(path)),
    [true, true, true],
  );
});

test('files and directories take the place of stale ones of the other kind', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => [
    'a',
    ...writeAll(workspace, { 'a/file': '1', b: '1' }),
  ]);
  for (const path of ['a', 'b']) workspace.remove(path);
  await build(workspace, cache, 'two', () => [
    'b',
    ...writeAll(workspace, { a: '2', 'b/file': '2' }),
  ]);
  const two = workspace.tree();
  assertRestored(await restore(workspace, cache, 'one'));
  assert.deepEqual(workspace.tree(), ['a/ 755', 'a/file 644 1', 'b 644 1']);
  assertRestored(await restore(workspace, cache, 'two'));
  assert.deepEqual(workspace.tree(), two);
});

test('what is not ours and stands in the way blocks the restore, changing nothing', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const outputs = { 'a/first': '1', 'dist/x/file': 'f' };
  await build(workspace, cache, 'one', () => writeAll(workspace, outputs));
  const expectBlocked = async (path: string, obstacle: string, prepare: () => void) => {
    for (const name of ['a', 'dist', 'elsewhere']) {
      rmSync(workspace.absolute(name), { recursive: true, force: true });
    }
    prepare();
    const before = workspace.tree();
    assert.deepEqual(await restore(workspace, cache, 'one'), blocked(path, obstacle));
    assert.deepEqual(workspace.tree(), before);
  };
  await expectBlocked('dist', 'symlink', () => {
    mkdirSync(workspace.absolute('elsewhere'));
    workspace.link('dist', 'elsewhere');
  });
  await expectBlocked('dist', 'symlink', () => workspace.link('dist', tmpdir()));
  await expectBlocked('dist', 'file', () => workspace.write('dist', ''));
  await expectBlocked('dist/x/file', 'directory', () =>
    workspace.write('dist/x/file/stranger', ''),
  );
  assert.equal((await cache.lookup('app#build', testKey(), workspace)).kind, 'hit');
});

test('what a write would change otherwise than a restore is left to the task', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => writeAll(workspace, { out: 'one' }));
  workspace.write('other', 'o');
  const expectBlocked = async (obstacle: string, prepare: () => void) => {
    workspace.remove('out');
    prepare();
    const before = workspace.tree();
    assert.deepEqual(await restore(workspace, cache, 'one'), blocked('out', obstacle));
    assert.deepEqual(workspace.tree(), before);
  };
  // Writing goes through it.
  await expectBlocked('symlink', () => workspace.link('out', 'other'));
  // Writing leaves the mode as it is.
  await expectBlocked('file', () => workspace.write('out', 'two', 0o755));
  // Writing changes both.
  await expectBlocked('file', () =>
    linkSync(workspace.absolute('other'), workspace.absolute('out')),
  );
});

test('results are valid in a copy of the workspace at another path', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  writeAll(workspace, { 'src/a': 'a', 'src/b': 'b' });
  const observe = (run: RunOptions) => {
    run.dependencies = [on.content('src/a'), on.listing('src'), on.absence('src/c')];
  };
  await build(workspace, cache, 'one', (run) => {
    observe(run);
    return writeAll(workspace, { 'dist/one': '1' });
  });
  workspace.remove('dist');
  await build(workspace, cache, 'two', (run) => {
    observe(run);
    return writeAll(workspace, { 'dist/two': '2' });
  });
  await cache.close();

  const copy = new TestWorkspace(t);
  cpSync(workspace.root, copy.root, { recursive: true });
  assertRestored(await restore(copy, copy.openCache(), 'one'));
  assert.deepEqual(copy.tree('dist'), ['dist/one 644 1'], 'stale files are known in the copy too');

  const moved = realpathSync(mkdtempSync(join(tmpdir(), 'vt-cache-moved-')));
  t.after(() => rmSync(moved, { recursive: true, force: true }));
  rmSync(moved, { recursive: true });
  copy.write('src/a', 'changed');
  renameSync(copy.root, moved);
  const there = Object.assign(Object.create(copy) as TestWorkspace, {
    root: moved as AbsolutePath,
  });
  const other = copy.openCache({
    directory: join(moved, 'node_modules/.cache/vt') as AbsolutePath,
  });
  assert.deepEqual(await other.lookup('app#build', testKey(), there), {
    kind: 'miss',
    reason: { kind: 'modified', path: 'src/a' },
  });
});

test('workspaces that share a cache tidy up only their own files', async (t) => {
  const workspace = new TestWorkspace(t);
  const second = new TestWorkspace(t);
  const cache = workspace.openCache();
  await build(workspace, cache, 'one', () => writeAll(workspace, { one: '1' }));
  await build(workspace, cache, 'two', () => writeAll(workspace, { two: '2' }));
  second.write('two', '2');
  assertRestored(await restoreIn(second, cache));
  assert.deepEqual(second.tree(), ['one 644 1', 'two 644 2']);

  async function restoreIn(world: TestWorkspace, cache: Cache): Promise<RestoreOutcome> {
    world.variables.set('MODE', 'one');
    const lookup = await cache.lookup('app#build', testKey(), world);
    if (lookup.kind !== 'hit') throw new Error(lookup.kind);
    return cache.restore(lookup, world);
  }
});

test('another file system than the cache gets a staging place of its own', async (t) => {
  const elsewhere = '/dev/shm';
  const workspace = new TestWorkspace(t);
  const other = lstatSync(elsewhere, { throwIfNoEntry: false });
  if (other === undefined || other.dev === lstatSync(workspace.root).dev) {
    t.skip(`${elsewhere} is not another file system`);
    return;
  }
  const directory = mkdtempSync(join(elsewhere, 'vt-cache-')) as AbsolutePath;
  t.after(() => rmSync(directory, { recursive: true }));
  const cache = workspace.openCache({ directory });
  await build(workspace, cache, 'one', () => writeAll(workspace, { 'dist/one': '1' }));
  workspace.remove('dist');
  workspace.variables.set('MODE', 'one');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  assert.deepEqual(workspace.tree(), ['dist/ 755', 'dist/one 644 1']);
  await cache.close();
});
