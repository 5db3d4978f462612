import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeRequest, MAX_FRAME_BYTES, MAX_REQUEST_BYTES } from './frame.js';
import { FrameSplitter } from './frame-splitter.js';
import { Frame, Request } from './generated/vt/ipc/v1/ipc.js';
import { RequestAssembler, type Heard } from './request-assembler.js';

const a = { pid: 1, nonce: 0xaaaaaaaa };
const b = { pid: 1, nonce: 0xbbbbbbbb };

const pathOf = (length: number) =>
  Request.fromJSON({ ignoreInput: { path: Buffer.alloc(length, '/').toString('base64') } });

/** What an assembler makes of these bytes, one frame each. */
function hear(assembler: RequestAssembler, frames: readonly Uint8Array[]): Heard[] {
  const heard: Heard[] = [];
  const splitter = new FrameSplitter({
    frame: (frame) => heard.push(...assembler.accept(frame)),
    garbage: () => assert.fail('no garbage'),
  });
  // Chunks are lent for the call that brings them.
  const lent = new Uint8Array(MAX_FRAME_BYTES);
  for (const frame of frames) {
    lent.set(frame);
    splitter.push(frames.length > 1 ? lent.subarray(0, frame.length) : frame, true);
    lent.fill(0xaa);
  }
  return heard;
}

const kinds = (heard: Heard[]) => heard.map((item) => item.kind);

describe('long requests', () => {
  test('of every size around the frame’s come back whole', () => {
    for (const length of [0, 1, 120, 440, 450, 460, 470, 475, 480, 500, 950, 960, 4096, 100_000]) {
      const frames = encodeRequest(a, 1, 3, pathOf(length));
      assert.ok(frames.every((frame) => frame.length <= MAX_FRAME_BYTES));
      const heard = hear(new RequestAssembler(), frames);
      assert.deepEqual(heard, [
        {
          kind: 'request',
          sender: a,
          sequence: frames.length,
          replyChannel: 3,
          request: pathOf(length),
        },
      ]);
    }
  });

  test('fit their frames when every number is at its greatest', () => {
    const greatest = { pid: 0xffffffff, nonce: 0xffffffff };
    const frames = encodeRequest(greatest, 0xffffff00, 0xffffffff, pathOf(5000));
    assert.ok(frames.length > 1);
    for (const frame of frames) assert.ok(frame.length <= MAX_FRAME_BYTES);
  });

  test('that contain the mark of a frame are cut inside it', () => {
    const path = Buffer.from(`/${'\r\xf6vt\xf7'.repeat(3)}`, 'latin1').toString('base64');
    const request = Request.fromJSON({ ignoreInput: { path } });
    const frames = encodeRequest(a, 1, 0, request);
    assert.equal(frames.length, 4);
    const heard = hear(new RequestAssembler(), frames);
    assert.deepEqual(heard, [
      { kind: 'request', sender: a, sequence: 4, replyChannel: 0, request },
    ]);
  });

  test('of several senders do not mix', () => {
    const fromA = encodeRequest(a, 1, 0, pathOf(2000));
    const fromB = encodeRequest(b, 1, 0, pathOf(3000));
    const mixed = fromB.flatMap((frame, index) => [
      frame,
      ...(fromA.slice(index)[0] ? [fromA[index] as Uint8Array] : []),
    ]);
    const heard = hear(new RequestAssembler(), mixed);
    assert.deepEqual(
      heard.map((item) => item.kind === 'request' && [item.sender, item.request]),
      [
        [a, pathOf(2000)],
        [b, pathOf(3000)],
      ],
    );
  });

  test('longer than the limit are answered at their end, and what follows is heard', () => {
    const assembler = new RequestAssembler();
    const frames = encodeRequest(a, 1, 4, pathOf(MAX_REQUEST_BYTES));
    assert.deepEqual(hear(assembler, frames), [
      { kind: 'unusable', cause: 'too-long', sender: a, sequence: frames.length, replyChannel: 4 },
    ]);
    assert.deepEqual(kinds(hear(assembler, encodeRequest(a, frames.length + 1, 0, pathOf(1)))), [
      'request',
    ]);
  });

  test('of many senders share a limit', () => {
    const assembler = new RequestAssembler(10_000);
    const frames = (nonce: number) => encodeRequest({ pid: 2, nonce }, 1, 0, pathOf(1000));
    for (let nonce = 1; nonce <= 20; nonce += 1) hear(assembler, frames(nonce).slice(0, -1));
    const ends = Array.from({ length: 20 }, (_, index) => frames(index + 1).slice(-1));
    const heard = ends.flatMap((end) => kinds(hear(assembler, end)));
    assert.deepEqual(heard, [
      ...Array.from({ length: 10 }, () => 'request'),
      ...Array.from({ length: 10 }, () => 'unusable'),
    ]);
    assert.deepEqual(kinds(hear(assembler, encodeRequest(b, 1, 0, pathOf(1000)))), ['request']);
  });

  test('that do not decode are answered', () => {
    const chunk = (sequence: number, more: boolean, hex: string) =>
      Frame.fromJSON({
        ...a,
        sequence,
        more,
        replyChannel: 2,
        chunk: Buffer.from(hex, 'hex').toString('base64'),
      });
    const assembler = new RequestAssembler();
    assert.deepEqual(assembler.accept(chunk(1, true, '12ff')), []);
    assert.deepEqual(assembler.accept(chunk(2, false, '01')), [
      { kind: 'unusable', cause: 'malformed', sender: a, sequence: 2, replyChannel: 2 },
    ]);
  });
});

describe('messages that are not finished', () => {
  test('are named', () => {
    const assembler = new RequestAssembler();
    const frames = encodeRequest(a, 1, 0, pathOf(2000));
    for (let length = 1; length < frames.length; length += 1) {
      hear(assembler, frames.slice(length - 1, length));
      assert.deepEqual(assembler.unfinished(), [a]);
    }
    hear(assembler, frames.slice(-1));
    assert.deepEqual(assembler.unfinished(), []);
  });

  test('are given up when the sender begins another', () => {
    const assembler = new RequestAssembler();
    hear(assembler, encodeRequest(a, 1, 0, pathOf(600)).slice(0, 1));
    assert.deepEqual(kinds(hear(assembler, encodeRequest(a, 2, 0, pathOf(1)))), [
      'unfinished',
      'request',
    ]);
    assert.deepEqual(assembler.unfinished(), []);
  });
});

describe('sequence numbers', () => {
  test('begin with 1 for every sender', () => {
    const assembler = new RequestAssembler();
    assert.deepEqual(hear(assembler, encodeRequest(a, 2, 0, pathOf(1)))[0], {
      kind: 'sequence-gap',
      sender: a,
      expected: 1,
      got: 2,
    });
    assert.deepEqual(kinds(hear(assembler, encodeRequest(b, 1, 0, pathOf(1)))), ['request']);
  });

  test('that skip or repeat are a gap, and the request is heard all the same', () => {
    for (const got of [2, 5]) {
      const assembler = new RequestAssembler();
      hear(
        assembler,
        [1, 2].flatMap((sequence) => encodeRequest(a, sequence, 0, pathOf(1))),
      );
      const heard = hear(assembler, encodeRequest(a, got, 0, pathOf(1)));
      assert.deepEqual(heard[0], { kind: 'sequence-gap', sender: a, expected: 3, got });
      assert.equal(heard[1]?.kind, 'request');
      assert.deepEqual(kinds(hear(assembler, encodeRequest(a, got + 1, 0, pathOf(1)))), [
        'request',
      ]);
    }
  });

  test('missing inside a long message make it unusable, whichever frame is lost', () => {
    const frames = encodeRequest(a, 1, 6, pathOf(1500));
    assert.equal(frames.length, 4);
    for (let lost = 0; lost < frames.length - 1; lost += 1) {
      const heard = hear(new RequestAssembler(), frames.toSpliced(lost, 1));
      assert.deepEqual(kinds(heard), ['sequence-gap', 'unusable'], `frame ${lost}`);
      assert.deepEqual(heard[1], {
        kind: 'unusable',
        cause: 'malformed',
        sender: a,
        sequence: 4,
        replyChannel: 6,
      });
    }
  });
});

test('a frame without a body is a request of no known kind', () => {
  const frame = Frame.fromJSON({ ...a, sequence: 1, replyChannel: 1 });
  assert.deepEqual(new RequestAssembler().accept(frame), [
    {
      kind: 'request',
      sender: a,
      sequence: 1,
      replyChannel: 1,
      request: { kind: undefined, label: '' },
    },
  ]);
});
