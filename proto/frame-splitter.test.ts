import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeRequest, MAX_FRAME_BYTES, withLength } from './frame.js';
import { FrameSplitter } from './frame-splitter.js';
import { Frame, Request } from './generated/vt/ipc/v1/ipc.js';

const sender = { pid: 77, nonce: 0x01020304 };

function named(sequence: number, name: string): Uint8Array {
  const request = Request.fromJSON({ getEnv: { name, tracked: true } });
  const [frame, ...more] = encodeRequest(sender, sequence, 5, request);
  assert.equal(more.length, 0);
  return frame as Uint8Array;
}

/** A splitter and what it found: sequence numbers of frames, and the sum of garbage in between. */
function listen() {
  const found: (number | { garbage: number })[] = [];
  const splitter = new FrameSplitter({
    frame: ({ sequence }) => found.push(sequence),
    garbage(bytes) {
      const last = found.at(-1);
      if (typeof last === 'object') last.garbage += bytes;
      else found.push({ garbage: bytes });
    },
  });
  return { found, splitter };
}

const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const text = (string: string) => new TextEncoder().encode(string);

/** Where a length inside, or the prefix, grows by a byte. */
const SIZES_WITHOUT_FRAME = new Set([129, 139]);

/** A frame of exactly `bytes` bytes with its prefix. */
function frameOf(bytes: number, sequence: number): Uint8Array {
  for (let length = Math.max(0, bytes - 20); length < bytes; length += 1) {
    const frame = Frame.encode(
      Frame.fromJSON({
        magic: 0xf77476f6,
        sequence,
        chunk: Buffer.alloc(length).toString('base64'),
      }),
    );
    const delimited = withLength(frame.finish());
    if (delimited.length === bytes) return delimited;
  }
  throw new Error(`no frame has ${bytes} bytes`);
}

describe('frames that arrive in pieces', () => {
  const stream = concat(named(1, 'A'), named(2, 'N'.repeat(300)), named(3, 'B'));

  test('are found for every place of the cut', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const { found, splitter } = listen();
      splitter.push(stream.subarray(0, cut), false);
      splitter.push(stream.subarray(cut), true);
      assert.deepEqual(found, [1, 2, 3], `cut at ${cut}`);
      assert.equal(splitter.pending, 0);
    }
  });

  test('are found byte by byte, and little more than a frame is held back', () => {
    const { found, splitter } = listen();
    for (const byte of stream) {
      splitter.push(Uint8Array.of(byte), false);
      assert.ok(splitter.pending < MAX_FRAME_BYTES + 7);
    }
    splitter.push(new Uint8Array(0), true);
    assert.deepEqual(found, [1, 2, 3]);
  });

  test('are whole though the reader’s buffer is used again between its reads', () => {
    let frames = 0;
    const splitter = new FrameSplitter({
      frame: ({ body }) => {
        frames += 1;
        assert.ok(body?.$case === 'chunk' && body.value.every((byte) => byte === 0));
      },
      garbage: () => assert.fail('no garbage'),
    });
    const frame = frameOf(60, 1);
    for (const buffer of [Buffer.alloc(100), new Uint8Array(100)]) {
      // The first frame whole, the second in two reads.
      buffer.set(frame);
      buffer.set(frame.subarray(0, 40), 60);
      splitter.push(buffer, false);
      buffer.fill(0xaa);
      buffer.set(frame.subarray(40));
      splitter.push(buffer.subarray(0, 20), true);
      buffer.fill(0xaa);
    }
    assert.equal(frames, 4);
  });
});

describe('truncated frames', () => {
  test('are garbage as soon as the pipe is empty, at every length', () => {
    const whole = named(1, 'NODE_ENV');
    for (let length = 1; length < whole.length; length += 1) {
      const { found, splitter } = listen();
      splitter.push(whole.subarray(0, length), true);
      assert.deepEqual(found, [{ garbage: length }]);
      assert.equal(splitter.pending, 0);
    }
  });

  test('do not swallow a whole frame behind them', () => {
    const whole = named(1, 'NODE_ENV');
    for (let length = 1; length < whole.length; length += 1) {
      const { found, splitter } = listen();
      splitter.push(concat(whole.subarray(0, length), named(9, 'X')), true);
      assert.deepEqual(found, [{ garbage: length }, 9], `${length} bytes`);
    }
  });
});

describe('garbage', () => {
  const cases: Record<string, Uint8Array> = {
    text: text('error: something a tool printed to fd 3\n'),
    'a length that would reach into the next frame': Uint8Array.of(0x30),
    'a two-byte length': Uint8Array.of(0xff, 0x03),
    'half a length': Uint8Array.of(0xff),
    'the mark without a length': Uint8Array.of(0x0d, 0xf6, 0x76, 0x74, 0xf7),
    'a length and the mark, then text': concat(
      Uint8Array.of(0x20, 0x0d, 0xf6, 0x76, 0x74, 0xf7),
      text('no fields'),
    ),
    'a length too small for the mark': Uint8Array.of(4, 0x0d, 0xf6, 0x76, 0x74),
    'a long varint': Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
    'a padded length': Uint8Array.of(0x85, 0x00, 0x0d, 0xf6, 0x76, 0x74, 0xf7),
    zeros: new Uint8Array(1000),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    test(`${name}: counted, and the frames around it found`, () => {
      const { found, splitter } = listen();
      splitter.push(concat(named(1, 'A'), bytes, named(2, 'B'), bytes), true);
      assert.deepEqual(found, [1, { garbage: bytes.length }, 2, { garbage: bytes.length }]);
    });
  }

  test('at the very end of a full read is settled once the pipe is known to be empty', () => {
    const { found, splitter } = listen();
    splitter.push(concat(Uint8Array.of(0x40), named(1, 'A')), false);
    splitter.push(new Uint8Array(0), true);
    assert.deepEqual(found, [{ garbage: 1 }, 1]);
  });
});

describe('sizes', () => {
  test(`a frame may have ${MAX_FRAME_BYTES} bytes and not one more`, () => {
    const { found, splitter } = listen();
    splitter.push(concat(frameOf(MAX_FRAME_BYTES, 1), frameOf(MAX_FRAME_BYTES + 1, 2)), true);
    splitter.push(frameOf(MAX_FRAME_BYTES, 3), true);
    assert.deepEqual(found, [1, { garbage: MAX_FRAME_BYTES + 1 }, 3]);
  });

  test('every size has its frame found', () => {
    for (let bytes = 12; bytes <= MAX_FRAME_BYTES; bytes += 1) {
      if (SIZES_WITHOUT_FRAME.has(bytes)) continue;
      const { found, splitter } = listen();
      splitter.push(frameOf(bytes, 1), true);
      assert.deepEqual(found, [1], `${bytes} bytes`);
    }
  });
});

test('any mixture of frames and garbage, read in any pieces, yields every frame (seeded fuzz)', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = mulberry32(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const parts: Uint8Array[] = [];
    const sent: number[] = [];
    let garbageSent = 0;
    for (let part = 0; part < 40; part += 1) {
      const kind = below(4);
      if (kind === 0) {
        parts.push(Uint8Array.from({ length: below(90) }, () => below(256)));
        garbageSent += parts.at(-1)?.length ?? 0;
      } else if (kind === 1) {
        const whole = named(9999, 'T'.repeat(below(200)));
        parts.push(whole.slice(0, below(whole.length)));
        garbageSent += parts.at(-1)?.length ?? 0;
      } else {
        sent.push(sent.length + 1);
        parts.push(named(sent.length, 'V'.repeat(below(400))));
      }
    }
    const stream = concat(...parts);
    const { found, splitter } = listen();
    for (let at = 0; at < stream.length;) {
      const end = Math.min(stream.length, at + 1 + below(700));
      splitter.push(stream.subarray(at, end), end === stream.length);
      at = end;
    }
    // The beginning of a frame and the garbage behind it can make a frame; it is never one of the
    // whole ones that goes missing.
    const whole = new Set(sent);
    const frames = found.filter((item) => typeof item === 'number' && whole.has(item));
    const garbage = found.reduce<number>(
      (sum, item) => sum + (typeof item === 'object' ? item.garbage : 0),
      0,
    );
    assert.deepEqual(frames, sent, `seed ${seed}`);
    if (found.every((item) => typeof item === 'object' || whole.has(item)))
      assert.equal(garbage, garbageSent, `seed ${seed}`);
  }
});

/** A small seeded generator of numbers in [0, 1): a failing seed fails again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
