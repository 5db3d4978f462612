import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import type { Digest } from './brands.js';
import { fileIdentity } from './file-identity.js';
import type { DiskPath } from './path-on-disk.js';

/** Digest and state of a file at one moment; or why there is none: an errno name or what it is instead. */
export type FileDigest =
  { readonly digest: Digest; readonly stat: BigIntStats } | { readonly failure: string };

const CHUNK = 1 << 18;
/** Files up to this size are read at once: a round trip to the thread pool costs more. */
const SMALL = 1 << 20;
const readChunk = promisify(read);

/**
 * Reads a regular file (a symlink is not followed, a FIFO does not block) and digests it. A file
 * that changes meanwhile gives the failure `changed`, another kind of file `not-a-file`.
 */
export async function digestFile(path: DiskPath): Promise<FileDigest> {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return { failure: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) return { failure: 'not-a-file' };
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(before.size < CHUNK ? Number(before.size) + 1 : CHUNK);
    const small = before.size <= SMALL;
    for (;;) {
      const length = small
        ? readSync(file, buffer, 0, buffer.length, null)
        : (await readChunk(file, buffer, 0, buffer.length, null)).bytesRead;
      if (length === 0) break;
      hash.update(buffer.subarray(0, length));
    }
    const after = fstatSync(file, { bigint: true });
    if (fileIdentity(before) !== fileIdentity(after)) return { failure: 'changed' };
    return { digest: hash.digest('hex') as Digest, stat: after };
  } catch (error) {
    return { failure: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  } finally {
    closeSync(file);
  }
}
