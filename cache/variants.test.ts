import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { VARIANT_LIMIT } from './entry-table.js';
import { TestWorkspace, on, testKey } from './testing/test-workspace.js';

/** Counts the calls that look at files below a directory, until the test ends. */
function countLooks(t: TestContext, root: string) {
  const counts = { stats: 0, opened: 0, listed: 0 };
  const originals = { ...fs };
  const counting = (name: 'lstatSync' | 'openSync' | 'readdirSync', count: keyof typeof counts) => {
    const original = originals[name] as (path: string, ...rest: unknown[]) => unknown;
    const isOurs = (path: unknown) =>
      typeof path === 'string' && path.startsWith(`${root}/src`) && !path.includes('node_modules');
    (fs as unknown as Record<string, unknown>)[name] = (path: string, ...rest: unknown[]) => {
      if (isOurs(path)) counts[count]++;
      return original(path, ...rest);
    };
  };
  counting('lstatSync', 'stats');
  counting('openSync', 'opened');
  counting('readdirSync', 'listed');
  syncBuiltinESMExports();
  t.after(() => {
    const { lstatSync, openSync, readdirSync } = originals;
    Object.assign(fs, { lstatSync, openSync, readdirSync });
    syncBuiltinESMExports();
  });
  return counts;
}

test('of a thousand variants the one that holds is found with one look at each file', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const common = Array.from({ length: 50 }, (_, index) => `src/common/${index}`);
  const varying = ['src/a', 'src/b'];
  for (const path of common) workspace.write(path, path);
  const switchTo = (variant: number) => {
    for (const path of varying) workspace.write(path, `${path} of ${variant}`);
  };
  for (let variant = 0; variant < VARIANT_LIMIT; variant++) {
    switchTo(variant);
    const dependencies = [
      ...[...common, ...varying].map(on.content),
      on.listing('src/common'),
      on.absence('src/none'),
    ];
    const run = workspace.run(() => ({ dependencies }));
    assert.equal((await cache.store(run, workspace)).kind, 'stored');
  }
  await cache.close();

  // The one that was used longest ago: all others are ruled out before it.
  switchTo(0);
  const other = workspace.openCache();
  const counts = countLooks(t, workspace.root);
  const cpu = process.cpuUsage();
  const lookup = await other.lookup('app#build', testKey(), workspace);
  assert.equal(lookup.kind, 'hit');
  const { user, system } = process.cpuUsage(cpu);
  t.diagnostic(`${Math.round((user + system) / 1000)} ms of processor time`);
  // The files, the directories `src` and `src/common`, and what is not there.
  assert.deepEqual(counts, { stats: 55, opened: 2, listed: 1 });

  switchTo(VARIANT_LIMIT);
  counts.stats = counts.opened = counts.listed = 0;
  const miss = await workspace.openCache().lookup('app#build', testKey(), workspace);
  assert.deepEqual(miss, { kind: 'miss', reason: { kind: 'modified', path: 'src/a' } });
  assert.deepEqual(counts, { stats: 55, opened: 2, listed: 1 });
});
