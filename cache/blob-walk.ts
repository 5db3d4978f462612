import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from './brands.js';

/** A blob as it lies on the disk. */
export interface BlobFile {
  /** bytes */
  readonly size: number;
  /** When it was written, milliseconds since the epoch. */
  readonly written: number;
}

/**
 * All blobs, by reading the directories they are in. What is made or removed meanwhile may be in it
 * or not; what cannot be read is left out.
 */
export function walkBlobs(directory: string): Map<Digest, BlobFile> {
  const blobs = new Map<Digest, BlobFile>();
  for (const prefix of namesIn(directory)) {
    if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
    for (const rest of namesIn(join(directory, prefix))) {
      if (!/^[0-9a-f]{62}$/.test(rest)) continue;
      const stat = lstatSync(join(directory, prefix, rest), { throwIfNoEntry: false });
      if (stat?.isFile() !== true) continue;
      blobs.set(`${prefix}${rest}` as Digest, { size: stat.size, written: stat.mtimeMs });
    }
  }
  return blobs;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
