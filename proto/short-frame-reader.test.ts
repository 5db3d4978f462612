import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { encodeRequest, FRAME_MARK } from './frame.js';
import { Frame, type Request } from './generated/vt/ipc/v1/ipc.js';
import { ShortFrameReader } from './short-frame-reader.js';

const vectors = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../proto/vectors/frames.json'), 'utf8'),
) as readonly { readonly hex: string }[];

const sender = { pid: 4711, nonce: 0xdeadbeef };
const encode = (kind: Request['kind'], label = '') => {
  const frames = encodeRequest(sender, 0x12345678, 300, { kind, label });
  return (frames[0] as Uint8Array).subarray((frames[0] as Uint8Array).length < 130 ? 1 : 2);
};
const pathOf = (text: string | Uint8Array) => ({ path: Buffer.from(text as string) });
const short: readonly Uint8Array[] = [
  encode({ $case: 'ignoreInput', value: pathOf('/a') }),
  encode({ $case: 'ignoreInput', value: pathOf(Buffer.from([0x2f, 0xff, 0x80])) }),
  encode({ $case: 'ignoreOutput', value: pathOf(`/${'x'.repeat(300)}`) }, 'plugin x'),
  encode({ $case: 'getEnv', value: { name: 'A', tracked: true } }, 'plugin x'),
  encode({ $case: 'getEnv', value: { name: 'NODE_ENV', tracked: false } }),
];
const others: readonly Uint8Array[] = [
  ...vectors.map(({ hex }) => Buffer.from(hex, 'hex').subarray(1)),
  encode({ $case: 'getEnv', value: { name: 'Ä', tracked: true } }),
  encode({ $case: 'ignoreInput', value: pathOf('/a') }, 'ä'),
  encode({ $case: 'openReplies', value: {} }),
];

/** What the generated decoder makes of it, as the splitter asks it; undefined if it is no frame. */
function generated(bytes: Uint8Array): Frame | undefined {
  try {
    return Frame.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The frame between bytes that are not its own. */
function read(frame: Uint8Array): Frame | undefined {
  const data = Buffer.concat([Buffer.from([0xff, 0x7a]), frame, Buffer.from([0x10, 1, 0x7a, 0])]);
  return new ShortFrameReader(data).read(2, 2 + frame.length);
}

const plain = (frame: Frame | undefined) => frame && Frame.toJSON(frame);

test('short requests are read, and as the generated decoder reads them', () => {
  for (const frame of short) {
    assert.ok(read(frame) !== undefined);
    assert.deepEqual(plain(read(frame)), plain(generated(frame)));
  }
});

test('whatever is read of changed frames, the generated decoder reads the same', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const corpus = [...short, ...others];
  let same = 0;
  for (let round = 0; round < 100_000; round += 1) {
    let bytes = Buffer.from(corpus[random(corpus.length)] ?? []);
    for (let times = random(4); times > 0; times -= 1) {
      // The splitter has found the mark.
      const at = FRAME_MARK.length + random(bytes.length - FRAME_MARK.length + 1);
      const byte = random(3) === 0 ? random(256) : (bytes[random(bytes.length)] ?? 0);
      const kept = bytes.subarray(at + random(2));
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), kept]);
    }
    const found = read(bytes);
    if (found === undefined) continue;
    same += 1;
    assert.deepEqual(plain(found), plain(generated(bytes)), bytes.toString('hex'));
  }
  assert.ok(same > 10_000, `${same} were read`);
});
