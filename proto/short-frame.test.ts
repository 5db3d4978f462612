import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRequest, MAX_FRAME_BYTES } from './frame.js';
import type { Request } from './generated/vt/ipc/v1/ipc.js';
import { ShortFrame } from './short-frame.js';

type Kind = NonNullable<Request['kind']>;

const sender = { pid: 77, nonce: 0x01020304 };
const path = (text: string | Uint8Array): Kind => ({
  $case: 'ignoreInput',
  value: { path: Buffer.from(text as string) },
});
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const short = new ShortFrame();

/** What is made of the request; undefined if it is left to the generated codec. */
function encoded(kind: Kind, label = '', from = sender, sequence = 1, replyChannel = 0) {
  if (!short.encode(from, sequence, replyChannel, kind, label)) return undefined;
  return hexOf(short.bytes.subarray(short.start, short.end));
}

function assertSame(kind: Kind, label = '', from = sender, sequence = 1, replyChannel = 0): void {
  const frames = encodeRequest(from, sequence, replyChannel, { kind, label });
  assert.deepEqual([encoded(kind, label, from, sequence, replyChannel)], frames.map(hexOf));
}

test('every kind of short request is encoded as the generated codec does', () => {
  assertSame(path('/a'));
  assertSame({ $case: 'ignoreOutput', value: { path: Buffer.from('/ä/\u{10ffff}') } });
  assertSame({ $case: 'disableCache', value: { reason: 'why not' } }, 'plugin x');
  assertSame({ $case: 'getEnv', value: { name: 'A', tracked: true } }, '', sender, 2, 12);
  assertSame({ $case: 'getEnv', value: { name: 'A', tracked: false } }, 'plugin x', sender, 2, 12);
});

test('so are all numbers, at the limits of their lengths', () => {
  const numbers = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1fffff, 0x200000, 0xfffffff, 0x10000000];
  for (const number of [...numbers, 0x7fffffff, 0x80000000, 0xffffffff]) {
    assertSame(path('/a'), '', { pid: number, nonce: 1 });
    assertSame(path('/a'), '', { pid: 1, nonce: number });
    assertSame(path('/a'), '', sender, number);
    assertSame(path('/a'), '', sender, 1, number);
  }
  const greatest = { pid: 0xffffffff, nonce: 0xffffffff };
  assertSame(path('/'.repeat(400)), 'x'.repeat(20), greatest, 0xffffffff, 0xffffffff);
});

test('what does not fit into one frame is left to the codec that cuts, and nothing else', () => {
  for (const label of ['', 'plugin x', 'y'.repeat(0x7f)]) {
    for (let length = 1; length <= MAX_FRAME_BYTES + 1; length += 1) {
      const kind = path('x'.repeat(length));
      const frames = encodeRequest(sender, 1, 0, { kind, label });
      const expected = frames.length === 1 ? frames.map(hexOf)[0] : undefined;
      assert.equal(encoded(kind, label), expected, `${length} bytes for ${label}`);
    }
  }
});

test('what is not plain is left to the generated codec', () => {
  const kinds: Kind[] = [
    path(''),
    path(Buffer.from([0x2f, 0x0d, 0xf6, 0x76, 0x74, 0xf7])),
    { $case: 'getEnv', value: { name: 'Ä', tracked: true } },
    { $case: 'getEnv', value: { name: '\ud800', tracked: true } },
    { $case: 'openReplies', value: {} },
    { $case: 'getEnvs', value: { tracked: true, pattern: { $case: 'prefix', value: 'A' } } },
  ];
  for (const kind of kinds) assert.equal(encoded(kind), undefined, JSON.stringify(kind));
  assert.equal(encoded(path('/a'), 'ä'), undefined);
  assert.equal(encoded(path('/a'), 'x'.repeat(0x80)), undefined);
});
