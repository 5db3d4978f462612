import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentDigest } from './content-digest.js';
import { keyDigest } from './key-digest.js';
import { keyDifference } from './key-difference.js';
import type { KeyParts } from './key.js';
import type { MissReason } from './miss-reason.js';
import { chooseReason } from './miss-choice.js';
import type { Difference } from './observation-check.js';
import { TestWorkspace, on, testKey, workspacePath } from './testing/test-workspace.js';

const variable = (name: string, value: string) => ({ name, valueDigest: contentDigest(value) });

/** One changed part each, in the order of precedence. */
const CHANGES: readonly (readonly [Partial<KeyParts>, MissReason])[] = [
  [{ program: 'tsc' }, { kind: 'program-changed' }],
  [{ args: ['build', ''] }, { kind: 'args-changed' }],
  [{ cwd: workspacePath('app') }, { kind: 'cwd-changed' }],
  [
    { env: [variable('C', '1'), variable('B', '2'), variable('D', '1')] },
    { kind: 'env-changed', names: ['A', 'B', 'D'] },
  ],
  [{ untrackedEnv: ['CI'] }, { kind: 'untracked-env-changed' }],
  [{ inputConfig: '[]' }, { kind: 'input-config-changed' }],
  [{ outputConfig: '[]' }, { kind: 'output-config-changed' }],
];

const before = testKey({ env: [variable('A', '1'), variable('B', '1'), variable('C', '1')] });

test('a lookup under a new key says which part of the key changed', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  assert.deepEqual(await cache.lookup('app#build', before, workspace), { kind: 'first-run' });
  await cache.store(
    workspace.run(() => ({ key: before })),
    workspace,
  );
  for (const [change, reason] of CHANGES) {
    const now = { ...before, ...change };
    const lookup = await cache.lookup('app#build', now, workspace);
    assert.deepEqual(lookup, { kind: 'miss', reason });
    assert.deepEqual(await cache.lookup('other', now, workspace), { kind: 'first-run' });
  }
  assert.equal((await cache.lookup('other', before, workspace)).kind, 'hit', 'keys have no task');
});

test('the first changed part of the key is the one told', () => {
  let now = before;
  for (const [change, reason] of [...CHANGES].reverse()) {
    now = { ...now, ...change };
    assert.deepEqual(keyDifference(before, now), reason);
  }
  assert.equal(keyDifference(before, { ...before, env: [...before.env].reverse() }), undefined);
});

test('the last key of a task is the last one that was stored or restored', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const [first, second] = [testKey({ args: ['1'] }), testKey({ args: ['1'], program: 'tsc' })];
  for (const key of [first, second]) {
    await cache.store(
      workspace.run(() => ({ key })),
      workspace,
    );
  }
  await workspace.replay(cache, first);
  const lookup = await cache.lookup('app#build', testKey({ args: ['2'] }), workspace);
  assert.deepEqual(lookup, { kind: 'miss', reason: { kind: 'args-changed' } });
});

test('different key parts have different digests, equal ones in another order the same', () => {
  const digests = new Set(CHANGES.map(([change]) => keyDigest({ ...before, ...change })));
  digests.add(keyDigest(before));
  digests.add(keyDigest({ ...before, program: 'vitebuild', args: [] }));
  digests.add(keyDigest({ ...before, args: ['build'], cwd: workspacePath('{"auto":true}') }));
  assert.equal(digests.size, CHANGES.length + 3);
  assert.equal(keyDigest({ ...before, env: [...before.env].reverse() }), keyDigest(before));
});

test('of several differences: variables, program, modified, removed, added, then by path', () => {
  const ordered: Difference[] = [
    { kind: 'env-changed', names: ['B'] },
    { kind: 'program-changed', path: '/bin/sh' },
    { kind: 'modified', path: workspacePath('a') },
    { kind: 'modified', path: workspacePath('b') },
    { kind: 'removed', name: 'a', dir: workspacePath('src') },
    { kind: 'removed', name: 'b', dir: workspacePath('src') },
    { kind: 'added', name: 'a', dir: workspacePath('src') },
  ];
  for (const [index, expected] of ordered.entries()) {
    assert.deepEqual(chooseReason(ordered.slice(index).reverse()), expected);
  }
  assert.equal(chooseReason([]), undefined);
  const variables: Difference[] = [
    { kind: 'env-changed', names: ['C', 'B'] },
    { kind: 'modified', path: workspacePath('a') },
    { kind: 'env-changed', names: ['A', 'B'] },
  ];
  assert.deepEqual(chooseReason(variables), { kind: 'env-changed', names: ['A', 'B', 'C'] });
});

test('the reason is told of the nearest variant', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const store = async (mode: string, text: string) => {
    workspace.write('src/a', text);
    workspace.variables.set('MODE', mode);
    const dependencies = [on.content('src/a'), on.env('MODE', mode)];
    await cache.store(
      workspace.run(() => ({ dependencies })),
      workspace,
    );
  };
  await store('one', 'a');
  await store('two', 'a');
  // "two" was stored last, but "one" has one difference and "two" has two.
  workspace.variables.set('MODE', 'one');
  workspace.write('src/a', 'b');
  const edited = { kind: 'miss', reason: { kind: 'modified', path: 'src/a' } };
  assert.deepEqual(await workspace.replay(cache), edited);
  workspace.variables.set('MODE', 'three');
  workspace.write('src/a', 'a');
  const mode = { kind: 'miss', reason: { kind: 'env-changed', names: ['MODE'] } };
  assert.deepEqual(await workspace.replay(cache), mode);
});

test('a hit gives the output in order and what the run took and wrote', async (t) => {
  const workspace = new TestWorkspace(t);
  const cache = workspace.openCache();
  const transcript = [
    { stream: 'stdout', bytes: Buffer.from('a\0\xff') },
    { stream: 'stderr', bytes: Buffer.from('') },
    { stream: 'terminal', bytes: Buffer.from('c\r\n') },
    { stream: 'stdout', bytes: Buffer.alloc(300_000, 'x') },
  ] as const;
  const run = workspace.run(() => {
    workspace.write('out', '');
    return { transcript, outputs: ['out'] };
  });
  const stored = await cache.store(run, workspace);
  const hit = await workspace.openCache().lookup('app#build', testKey(), workspace);
  assert.ok(hit.kind === 'hit' && stored.kind === 'stored');
  assert.equal(hit.entry, stored.entry);
  assert.equal(hit.duration, 245);
  assert.deepEqual(hit.outputs, ['out']);
  assert.deepEqual(
    hit.transcript.map(({ stream, bytes }) => [stream, Buffer.from(bytes).toString('latin1')]),
    transcript.map(({ stream, bytes }) => [stream, bytes.toString('latin1')]),
  );
});
