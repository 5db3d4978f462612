import assert from 'node:assert/strict';
import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { contentDigest } from './content-digest.js';
import type { Dependency } from './stored-run.js';
import { on, TestWorkspace, workspacePath } from './testing/test-workspace.js';

/** Runs that change files which their results depend on. */

const ownChange = (path: string) => [{ path, existedBefore: true }];

/** What tracking tells of a file just before it is changed. */
function before(workspace: TestWorkspace, path: string): Dependency {
  const { ctimeNs, mode } = lstatSync(workspace.absolute(path), { bigint: true });
  const digest = contentDigest(workspace.read(path));
  const executable = (mode & 0o100n) !== 0n;
  return { ...on.content(path), before: { digest, executable, ctimeNs } } as Dependency;
}

const miss = (path: string) => ({ kind: 'miss', reason: { kind: 'modified', path } });

test('a file that was changed: the result is for what it was, and makes what it became', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('f', 'before');
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    const dependencies = [before(workspace, 'f')];
    workspace.write('f', 'after');
    return { dependencies, outputs: ownChange('f') };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  assert.deepEqual(await workspace.replay(cache), miss('f'), 'it is not what it was');
  workspace.write('f', 'before');
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  assert.equal(workspace.read('f'), 'after');
  workspace.write('f', 'another');
  assert.deepEqual(await workspace.replay(cache), miss('f'));
  assert.equal(workspace.read('f'), 'another');
});

test('a file that got another mode: the mode is put back, too', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('f', 'same');
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    const dependencies = [before(workspace, 'f')];
    chmodSync(workspace.absolute('f'), 0o755);
    return { dependencies, outputs: ownChange('f') };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  assert.deepEqual(await workspace.replay(cache), miss('f'));
  chmodSync(workspace.absolute('f'), 0o644);
  assert.equal((await workspace.replay(cache)).kind, 'hit');
  assert.equal(workspace.mode('f'), 0o755);
});

test('a file that somebody had edited before the run changed it', async (t) => {
  const workspace = new TestWorkspace(t);
  workspace.write('f', 'before');
  const run = workspace.run(() => {
    workspace.write('f', 'edited');
    const dependencies = [before(workspace, 'f')];
    workspace.write('f', 'after');
    return { dependencies, outputs: ownChange('f') };
  });
  assert.deepEqual(await workspace.openCache().store(run, workspace), {
    kind: 'modified-during-run',
    path: 'f',
  });
});

for (const edited of [false, true]) {
  const outcome = edited ? 'modified-during-run' : 'stored';
  test(`a file that got a second name, ${edited ? 'and was edited' : 'unchanged'}`, async (t) => {
    const workspace = new TestWorkspace(t);
    workspace.write('f', 'one');
    const run = workspace.run(() => {
      const dependencies = [before(workspace, 'f')];
      linkSync(workspace.absolute('f'), workspace.absolute('g'));
      if (edited) workspace.write('f', 'two');
      return { dependencies, outputs: edited ? [] : ['g'] };
    });
    assert.equal((await workspace.openCache().store(run, workspace)).kind, outcome);
  });

  test(`a file that was moved with its directory, ${edited ? 'and edited' : 'unchanged'}`, async (t) => {
    const workspace = new TestWorkspace(t);
    workspace.write('d/f', 'one');
    const cache = workspace.openCache();
    const run = workspace.run(() => {
      renameSync(workspace.absolute('d'), workspace.absolute('e'));
      if (edited) workspace.write('e/f', 'two');
      const moved = { ...on.content('d/f'), before: { movedTo: workspacePath('e/f') } };
      return {
        dependencies: [moved],
        outputs: [...ownChange('d'), ...ownChange('d/f'), 'e', 'e/f'],
      };
    });
    assert.equal((await cache.store(run, workspace)).kind, outcome);
    if (edited) return;
    assert.equal((await workspace.replay(cache)).kind, 'miss');
    workspace.remove('e');
    workspace.write('d/f', 'one');
    assert.equal((await workspace.replay(cache)).kind, 'hit');
    assert.deepEqual([workspace.exists('d'), workspace.read('e/f')], [false, 'one']);
  });
}

for (const deleted of [false, true]) {
  const what = deleted ? 'deletes' : 'changes';
  test(`an edit between lookup and restore is not lost to a result that ${what} it`, async (t) => {
    const workspace = new TestWorkspace(t);
    workspace.write('f', 'before');
    const cache = workspace.openCache();
    const run = workspace.run(() => {
      const dependencies = [before(workspace, 'f')];
      if (deleted) workspace.remove('f');
      else workspace.write('f', 'after');
      return { dependencies, outputs: ownChange('f') };
    });
    assert.equal((await cache.store(run, workspace)).kind, 'stored');
    workspace.write('f', 'before');
    const hit = await cache.lookup(run.task, run.key, workspace);
    assert.ok(hit.kind === 'hit');
    workspace.write('f', 'edited');
    assert.deepEqual(await cache.restore(hit, workspace), {
      kind: 'failed',
      reason: { kind: 'restore-blocked', path: 'f', obstacle: 'edited' },
    });
    assert.equal(workspace.read('f'), 'edited');
  });
}

test('two names of one file are not told apart by a restore', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  workspace.write('f', 'before');
  workspace.write('g', 'before');
  const run = workspace.run(() => {
    const dependencies = [before(workspace, 'f'), before(workspace, 'g')];
    workspace.write('g', 'after');
    return { dependencies, outputs: [...ownChange('f'), ...ownChange('g')] };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  workspace.write('f', 'before');
  workspace.remove('g');
  linkSync(workspace.absolute('f'), workspace.absolute('g'));
  const hit = await cache.lookup(run.task, run.key, workspace);
  assert.ok(hit.kind === 'hit');
  assert.deepEqual(await cache.restore(hit, workspace), {
    kind: 'failed',
    reason: { kind: 'restore-blocked', path: 'g', obstacle: 'file' },
  });
  assert.deepEqual([workspace.read('f'), workspace.read('g')], ['before', 'before']);
});

test('a directory that a result depends on stays, though the task had made it', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const listing = workspace.run(() => ({ dependencies: [on.listing('d', [], [])] }));
  mkdirSync(workspace.absolute('d'));
  assert.equal((await cache.store(listing, workspace)).kind, 'modified-during-run');
  const again = workspace.run(() => ({ dependencies: [on.listing('d', [], [])] }));
  assert.equal((await cache.store(again, workspace)).kind, 'stored');
  workspace.remove('d');
  const making = workspace.run(() => {
    mkdirSync(workspace.absolute('d'));
    return { dependencies: [on.absence('d')], outputs: ['d'] };
  });
  assert.equal((await cache.store(making, workspace)).kind, 'stored');
  assert.equal((await workspace.replay(cache)).kind, 'hit', 'of the one that listed it');
  assert.equal(workspace.exists('d'), true);
});
