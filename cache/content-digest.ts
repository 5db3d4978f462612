import { createHash } from 'node:crypto';
import type { Digest } from './brands.js';

/** SHA-256 of the bytes, or of the UTF-8 form of a string. */
export function contentDigest(content: Uint8Array | string): Digest {
  return createHash('sha256').update(content).digest('hex') as Digest;
}
