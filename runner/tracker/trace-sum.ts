import { CHUNK_MAGIC } from './trace-format.js';

/**
 * vt_trace_sum of native/trace.h over `bytes` from `start` to `end`, a multiple of 4 apart: what a
 * chunk's header says of its records. In the machine's own byte order, as the writer takes it.
 */
export function traceSum(bytes: Buffer, start: number, end: number): number {
  const place = bytes.byteOffset + start;
  if (place % 4 === 0) return sumOfWords(new Int32Array(bytes.buffer, place, (end - start) / 4));
  return traceSum(Buffer.from(Uint8Array.from(bytes.subarray(start, end)).buffer), 0, end - start);
}

function sumOfWords(words: Int32Array): number {
  let sum = CHUNK_MAGIC;
  // By index: a million paths are 25 million words.
  for (let at = 0; at < words.length; at++) {
    sum = Math.imul(sum ^ words[at]!, 0x9e3779b1);
    sum ^= sum >>> 15;
  }
  return sum >>> 0;
}
