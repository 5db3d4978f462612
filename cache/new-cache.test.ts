import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { cacheLayout, makeCacheDirectory } from './cache-directory.js';
import { TestWorkspace, on, testKey } from './testing/test-workspace.js';

// Where nothing was ever kept there is nothing to find: the index is made while the first task is at work.

test('a new cache has no index until a task is at work', async (t) => {
  const workspace = new TestWorkspace(t);
  const layout = cacheLayout(workspace.cacheDirectory);
  const cache = workspace.openCache();
  assert.deepEqual(await cache.lookup('build', testKey(), workspace), { kind: 'first-run' });
  const begun = await cache.begin('build', workspace);
  assert.equal(existsSync(layout.index), false);
  assert.equal(readdirSync(layout.temporary).length, 1, 'other processes know of the run');
  await cache.prepare();
  assert.equal(existsSync(layout.index), true);
  const run = workspace.run(() => {
    workspace.write('dist/a', '1');
    return { task: 'build', dependencies: [on.env('MODE', '1')], outputs: ['dist/a'] };
  });
  assert.equal((await cache.store(run, workspace, begun)).kind, 'stored');
  await cache.close();
  assert.deepEqual(readdirSync(layout.temporary), []);
});

test('runs that begin at once in a new cache know of each other', async (t) => {
  const workspace = new TestWorkspace(t);
  const [one, two] = [workspace.openCache(), workspace.openCache()];
  const begun = [];
  for (const cache of [one, two]) {
    assert.equal((await cache.lookup('build', testKey(), workspace)).kind, 'first-run');
    begun.push(await cache.begin('build', workspace));
  }
  const run = workspace.run(() => {
    workspace.write('dist/a', '1');
    return { task: 'build', dependencies: [on.env('MODE', '1')], outputs: ['dist/a'] };
  });
  await Promise.all([one.prepare(), two.prepare()]);
  const outcome = await one.store(run, workspace, begun[0]);
  assert.equal(outcome.kind, 'modified-during-run');
});

test('a run that begins in a new cache and comes to nothing leaves nothing behind', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  await cache.lookup('build', testKey(), workspace);
  await cache.begin('build', workspace);
  await cache.close();
  const layout = cacheLayout(workspace.cacheDirectory);
  assert.deepEqual(readdirSync(layout.temporary), []);
  assert.equal(existsSync(layout.index), false);
});

test('where there is a store, whatever became of its index, that is opened first: a restore may have been broken off', async (t) => {
  const workspace = new TestWorkspace(t);
  const layout = cacheLayout(workspace.cacheDirectory);
  makeCacheDirectory(layout);
  const cache = workspace.openCache();
  assert.deepEqual(await cache.lookup('build', testKey(), workspace), { kind: 'first-run' });
  assert.equal(existsSync(layout.index), true);
});
