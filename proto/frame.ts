import { Frame, Request } from './generated/vt/ipc/v1/ipc.js';

/** First field of every frame; on the wire `0D F6 76 74 F7`. */
export const FRAME_MAGIC = 0xf77476f6;

/** What every frame starts with after its length: the tag of the first field and the magic. */
export const FRAME_MARK: Uint8Array = Uint8Array.of(0x0d, 0xf6, 0x76, 0x74, 0xf7);

/**
 * Most bytes of a frame with its length prefix. POSIX promises that a pipe takes this many (its
 * floor for PIPE_BUF) in one piece, whoever else is writing.
 */
export const MAX_FRAME_BYTES = 512;

/** Most bytes of a chunked request, all chunks joined. */
export const MAX_REQUEST_BYTES = 1 << 20;

/** Most bytes of a reply without its length prefix. */
export const MAX_REPLY_BYTES = 16 << 20;

/** The protocol version this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Who is speaking: one thread of one process. */
export interface Sender {
  readonly pid: number;
  readonly nonce: number;
}

/**
 * Chunk bytes per frame: what is left when every header field has its greatest length (magic 5,
 * pid 6, nonce 5, sequence 6, reply channel 6, more 2, chunk tag and length 3, prefix 2).
 */
const CHUNK_BYTES = MAX_FRAME_BYTES - 35;

/**
 * The frames that carry `request`, each to be written by one write(2), in order and with no other
 * frame of the same sender between them.
 *
 * @param sequence number of the first frame; the others count on from it
 * @param replyChannel 0 when no reply is wanted
 */
export function encodeRequest(
  sender: Sender,
  sequence: number,
  replyChannel: number,
  request: Request,
): Uint8Array[] {
  const header = { magic: FRAME_MAGIC, ...sender, replyChannel, more: false };
  const single = Frame.encode({
    ...header,
    sequence,
    body: { $case: 'request', value: request },
  }).finish();
  if (
    single.length <= MAX_FRAME_BYTES - lengthOfPrefix(single.length) &&
    indexOfMark(single, FRAME_MARK.length) === -1
  ) {
    return [withLength(single)];
  }

  const message = Request.encode(request).finish();
  const frames: Uint8Array[] = [];
  for (let start = 0, end; start < message.length; start = end) {
    end = start + CHUNK_BYTES;
    // The mark of a second frame inside this one would make the reader distrust it.
    const mark = indexOfMark(message, start);
    if (mark !== -1) end = Math.min(end, mark + 2);
    const frame = Frame.encode({
      ...header,
      sequence: sequence + frames.length,
      more: end < message.length,
      body: { $case: 'chunk', value: message.subarray(start, end) },
    });
    frames.push(withLength(frame.finish()));
  }
  return frames;
}

function indexOfMark(bytes: Uint8Array, from: number): number {
  const [first] = FRAME_MARK;
  for (
    let at = bytes.indexOf(first ?? 0, from);
    at !== -1;
    at = bytes.indexOf(first ?? 0, at + 1)
  ) {
    if (FRAME_MARK.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/** `message` preceded by its length as a varint. */
export function withLength(message: Uint8Array): Uint8Array {
  const prefix = lengthOfPrefix(message.length);
  const bytes = new Uint8Array(prefix + message.length);
  let rest = message.length;
  for (let at = 0; at < prefix - 1; at += 1) {
    bytes[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[prefix - 1] = rest;
  bytes.set(message, prefix);
  return bytes;
}

/** Bytes of the varint `length`. */
function lengthOfPrefix(length: number): number {
  let bytes = 1;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
}
