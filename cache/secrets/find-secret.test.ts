import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { cacheLayout } from '../cache-directory.js';
import type { FinishedRun, OutputChunk, Secret } from '../stored-run.js';
import { TestWorkspace, on } from '../testing/test-workspace.js';
import { ByteSearch } from './byte-search.js';
import { secretForms } from './secret-forms.js';

const VALUE = 'pass/word+ with "marks" & ünïcode';
const secretName = '0123456789abcdef';
const secrets: readonly Secret[] = [
  { name: 'API_TOKEN', value: VALUE },
  { name: 'DIR_KEY', value: secretName },
];

test('a value is known in every form it may take', () => {
  const search = new ByteSearch(
    secretForms(VALUE).map((bytes) => ({ bytes, meaning: 'API_TOKEN' })),
  );
  const base64 = (before: string, encoding: 'base64' | 'base64url') =>
    Buffer.from(`${before}${VALUE} and more`).toString(encoding);
  const shown = [
    `token=${VALUE};`,
    JSON.stringify({ token: VALUE }),
    `https://host/?a=${encodeURIComponent(VALUE)}`,
    new URLSearchParams({ a: VALUE.replace(/[!'()~]/g, '') }).toString(),
    ...['', 'a', 'ab', 'abc', 'user:'].flatMap((before) => [
      base64(before, 'base64'),
      base64(before, 'base64url'),
    ]),
  ];
  for (const text of shown) assert.equal(search.find(Buffer.from(text)), 'API_TOKEN', text);
  for (const text of ['', VALUE.slice(1), VALUE.slice(0, -1), VALUE.toUpperCase()]) {
    assert.equal(search.find(Buffer.from(text)), undefined, text);
  }
  const lines = new ByteSearch(
    secretForms('first line\nsecond line\n').map((bytes) => ({ bytes, meaning: 1 })),
  );
  assert.equal(lines.find(Buffer.from('> first line\r\nsecond line')), 1, 'by a terminal');
  assert.deepEqual(secretForms('1234567'), [], 'too short');
  assert.deepEqual(secretForms('  1234567\n'), [], 'too short without its space');
});

test('a search finds what a naive one finds', () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let round = 0; round < 500; round++) {
    // Few letters, so that patterns repeat and overlap.
    const bytes = (length: number) => Buffer.from(Array.from({ length }, () => 97 + random(3)));
    const patterns = Array.from({ length: 1 + random(4) }, () => bytes(2 + random(7)));
    const data = bytes(random(120));
    const search = new ByteSearch(patterns.map((pattern) => ({ bytes: pattern, meaning: true })));
    const expected = patterns.some((pattern) => data.includes(pattern)) || undefined;
    assert.equal(search.find(data), expected, `${data.toString()} ${patterns.join()}`);
  }
});

/** What becomes of a run with these changes. */
async function storing(
  t: TestContext,
  make: (workspace: TestWorkspace) => Partial<FinishedRun> | undefined,
) {
  const workspace = new TestWorkspace(t);
  let changes: Partial<FinishedRun> | undefined;
  const run = workspace.run(() => {
    changes = make(workspace);
    return { outputs: ['out'] };
  });
  const cache = workspace.openCache();
  const outcome = await cache.store({ ...run, secrets, ...changes }, workspace);
  const layout = cacheLayout(workspace.cacheDirectory);
  return { outcome, blobs: outcome.kind === 'stored' ? [] : readdirSync(layout.blobs) };
}

test('a run is not stored when a value is in what it printed, wherever chunks are cut', async (t) => {
  const chunk = (stream: OutputChunk['stream'], text: string) => ({
    stream,
    bytes: Buffer.from(text),
  });
  const cases: readonly (readonly OutputChunk[])[] = [
    [chunk('stdout', `a ${VALUE} b`)],
    [chunk('stdout', VALUE.slice(0, 9)), chunk('stderr', 'x'), chunk('stdout', VALUE.slice(9))],
  ];
  for (const transcript of cases) {
    const { outcome, blobs } = await storing(t, (workspace) => {
      workspace.write('out', 'harmless');
      return { transcript };
    });
    const expected = { kind: 'secret-found', variable: 'API_TOKEN', in: { stream: 'stdout' } };
    assert.deepEqual([outcome, blobs], [expected, []]);
  }
  const { outcome } = await storing(t, () => ({
    transcript: [chunk('stdout', VALUE.slice(0, 9)), chunk('stderr', VALUE.slice(9))],
  }));
  assert.equal(outcome.kind, 'stored', 'halves in two streams are no value');
});

test('or in a file it wrote, also across the pieces that are read', async (t) => {
  for (const at of [0, 1, (1 << 20) - 5, (1 << 20) + 7, 3_000_000]) {
    const { outcome, blobs } = await storing(t, (workspace) => {
      workspace.write('out', `${'x'.repeat(at)}${VALUE}${'y'.repeat(at)}`);
      return undefined;
    });
    const expected = { kind: 'secret-found', variable: 'API_TOKEN', in: { path: 'out' } };
    assert.deepEqual([outcome, blobs], [expected, []], String(at));
  }
});

test('or in a link or a name', async (t) => {
  const link = await storing(t, (workspace) => {
    workspace.link('out', VALUE);
    return undefined;
  });
  assert.deepEqual(link.outcome, {
    kind: 'secret-found',
    variable: 'API_TOKEN',
    in: { path: 'out' },
  });
  const name = await storing(t, () => ({ dependencies: [on.absence(`cache/${secretName}`)] }));
  assert.deepEqual(name.outcome, { kind: 'secret-found', variable: 'DIR_KEY', in: 'names' });
});
