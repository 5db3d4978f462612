import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { AbsolutePath } from './brands.js';
import { holdsPath, rootTeller } from './names-root.js';
import { TestWorkspace } from './testing/test-workspace.js';

test('a path in bytes, not the beginning of a longer one', () => {
  const holds = (text: string) => holdsPath(Buffer.from(text), Buffer.from('/srv/app'));
  for (const text of [
    '/srv/app',
    'in /srv/app.',
    'file:///srv/app/x.js:1',
    '"a\\n/srv/app\\n"',
    '\x1b[32m/srv/app\x1b[0m',
    '/srv/app2 /srv/app',
  ]) {
    assert.ok(holds(text), text);
  }
  for (const text of ['', '/srv/app2', '/srv/application', '/srv/ap', 'srv/app']) {
    assert.ok(!holds(text), text);
  }
});

const chunk = (stream: 'stdout' | 'stderr', text: string) => ({ stream, bytes: Buffer.from(text) });

test('told in what was printed, in a file, a link; by whom', (t) => {
  const workspace = new TestWorkspace(t);
  const { root } = workspace;
  const teller = (options: Parameters<TestWorkspace['run']>[0]) =>
    rootTeller(workspace.run(options), root);
  const half = root.length >> 1;
  const halves = [root.slice(0, half), root.slice(half)] as const;
  assert.equal(
    teller(() => ({ transcript: [chunk('stdout', halves[0]), chunk('stdout', halves[1])] })),
    0,
  );
  assert.equal(
    teller(() => ({ transcript: [chunk('stdout', halves[0]), chunk('stderr', halves[1])] })),
    undefined,
  );
  workspace.write('out', `at ${root}/x`);
  workspace.link('link', `${root}/x`);
  for (const path of ['out', 'link']) {
    const outputs = [{ path, existedBefore: false, writer: 3 }];
    assert.equal(
      teller(() => ({ outputs })),
      3,
    );
  }
  assert.equal(
    rootTeller({ ...workspace.run(() => ({ outputs: ['out'] })) }, '/' as AbsolutePath),
    undefined,
  );
});

test('wherever it is in a large file', (t) => {
  const workspace = new TestWorkspace(t);
  const { root } = workspace;
  const outputs = ['out'];
  for (const at of [0, 1, (1 << 20) - 5, 1 << 20, (1 << 20) + root.length, 3_000_000]) {
    for (const [after, expected] of [
      ['', 0],
      [' ', 0],
      [' '.repeat(3_000_000), 0],
      ['2', undefined],
      ['2'.repeat(3_000_000), undefined],
    ] as const) {
      workspace.write('out', ' '.repeat(at) + root + after);
      assert.equal(
        rootTeller(
          workspace.run(() => ({ outputs })),
          root,
        ),
        expected,
        `${at}`,
      );
    }
  }
});

/** A workspace whose result is looked up in a copy elsewhere, with the cache aside. */
async function moved(t: TestContext, text: (root: string) => string) {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const run = workspace.run(() => {
    workspace.write('out', text(workspace.root));
    return { outputs: ['out'] };
  });
  assert.equal((await cache.store(run, workspace)).kind, 'stored');
  assert.equal((await workspace.replay(cache)).kind, 'hit', 'where it was made');
  const other = new TestWorkspace(t);
  mkdirSync(dirname(other.cacheDirectory), { recursive: true });
  renameSync(workspace.cacheDirectory, other.cacheDirectory);
  return { lookup: await other.replay(other.openCache()), root: workspace.root };
}

test('a result that names the workspace is no result for another one', async (t) => {
  const { lookup, root } = await moved(t, (root) => `made in ${root}\n`);
  assert.deepEqual(lookup, { kind: 'miss', reason: { kind: 'root-changed', path: root } });
  assert.equal((await moved(t, () => 'made\n')).lookup.kind, 'hit');
});
