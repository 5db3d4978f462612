import { createHash } from 'node:crypto';
import type { Digest } from '../../../cache/brands.js';

/** SHA-256 of a variable's value, as UTF-8: all of it that is ever stored. */
export function digestValue(value: string): Digest {
  return createHash('sha256').update(value).digest('hex') as Digest;
}
