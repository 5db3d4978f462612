import { FRAME_MARK as MARK, MAX_FRAME_BYTES } from './frame.js';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Frame } from './generated/vt/ipc/v1/ipc.js';
import { ShortFrameReader } from './short-frame-reader.js';

/** What a splitter finds, in the order of the bytes. Must not throw. */
export interface FrameSink {
  /** @param frame its bytes are lent for the call */
  frame(frame: Frame): void;
  /** Bytes that belong to no frame; neighbouring ones may be told in several calls. */
  garbage(bytes: number): void;
}

type Candidate =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly end: number }
  | { readonly kind: 'garbage' }
  /** So far it could be a frame, but the bytes end before it does. */
  | { readonly kind: 'incomplete' };

/**
 * Finds the frames in what is read from the request FIFO. Keeps little more than one frame between
 * calls.
 *
 * What starts at a byte is a frame if its length is possible, the mark follows, it decodes, and no
 * other frame starts before its end: such a one shows that this is only the beginning of a frame
 * whose rest was never written. Otherwise that one byte is garbage and the search goes on at the
 * next, so that a whole frame behind garbage is always found.
 */
export class FrameSplitter {
  readonly #sink: FrameSink;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /**
   * @param bytes what was read; lent for the call, as what is in the frames is, which are views of it
   * @param emptied the pipe has nothing more. Frames are written in one piece, so what is
   *   incomplete now never becomes complete: waiting for it would let garbage that looks like a
   *   length swallow the next request, whose sender waits for the answer.
   */
  push(bytes: Uint8Array, emptied: boolean): void {
    const data = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    const reader = new BinaryReader(data);
    const short = new ShortFrameReader(data);
    let at = 0;
    let garbage = 0;
    while (at < data.length) {
      const candidate = frameAt(data, at, reader, short);
      const other =
        candidate.kind === 'frame' ? frameWithin(data, at, candidate.end, reader, short) : GARBAGE;
      if ((candidate.kind === 'incomplete' || other.kind === 'incomplete') && !emptied) break;
      if (candidate.kind === 'frame' && other.kind !== 'frame') {
        if (garbage > 0) this.#sink.garbage(garbage);
        garbage = 0;
        this.#sink.frame(candidate.frame);
        at = candidate.end;
      } else {
        garbage += 1;
        at += 1;
      }
    }
    if (garbage > 0) this.#sink.garbage(garbage);
    this.#rest = new Uint8Array(data.subarray(at));
  }

  /** Bytes held back because they may be the beginning of a frame. */
  get pending(): number {
    return this.#rest.length;
  }
}

function frameAt(
  data: Uint8Array,
  at: number,
  reader: BinaryReader,
  short: ShortFrameReader,
): Candidate {
  const first = data[at] ?? 0;
  let start = at + 1;
  let length = first;
  if (first >= 0x80) {
    if (start >= data.length) return INCOMPLETE;
    const second = data[start] ?? 0;
    // A frame of 128 bytes or more has a prefix of exactly two bytes, the second of them not 0.
    if (second === 0 || second >= 0x80) return GARBAGE;
    length = (first & 0x7f) | (second << 7);
    start += 1;
  }
  const end = start + length;
  if (length < MARK.length || end - at > MAX_FRAME_BYTES) return GARBAGE;
  for (let index = 0; index < MARK.length; index += 1) {
    if (start + index >= data.length) return INCOMPLETE;
    if (data[start + index] !== MARK[index]) return GARBAGE;
  }
  if (end > data.length) return INCOMPLETE;
  const usual = short.read(start, end);
  if (usual !== undefined) return { kind: 'frame', frame: usual, end };
  try {
    reader.pos = start;
    const frame = Frame.decode(reader, length);
    // What is said to be longer than the frame would be read from the next one.
    return reader.pos === end ? { kind: 'frame', frame, end } : GARBAGE;
  } catch {
    return GARBAGE;
  }
}

/** The frame that starts after `at` and before `end`, the end of the frame at `at`, if there is one. */
function frameWithin(
  data: Uint8Array,
  at: number,
  end: number,
  reader: BinaryReader,
  short: ShortFrameReader,
): Candidate {
  // Its prefix may be the last one or two bytes before `end`.
  for (let mark = at + 1 + MARK.length; mark <= end + 1; mark += 1) {
    if (mark >= data.length) return INCOMPLETE;
    if (data[mark] !== MARK[0]) continue;
    for (const start of [mark - 1, mark - 2]) {
      if (start >= end) continue;
      const other = frameAt(data, start, reader, short);
      if (other.kind !== 'garbage') return other;
    }
  }
  return GARBAGE;
}

const GARBAGE: Candidate = { kind: 'garbage' };
const INCOMPLETE: Candidate = { kind: 'incomplete' };

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
