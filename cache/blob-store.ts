import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from './brands.js';
import { makePrivateDirectory } from './cache-directory.js';
import type { CacheLayout } from './cache-directory.js';
import { contentDigest } from './content-digest.js';
import { DamagedRecord } from './damaged-record.js';
import { digestFile } from './file-digest.js';
import type { DiskPath } from './path-on-disk.js';
import { temporaryName } from './temporary-names.js';

/**
 * Bytes named by their SHA-256. A blob appears under its name complete or not at all, and is never
 * changed. Nothing is flushed to the disk: what a power cut truncates is found by its digest.
 * Writing throws file system errors; reading throws DamagedRecord.
 */
export class BlobStore {
  readonly #layout: CacheLayout;
  #written = 0;

  constructor(layout: CacheLayout) {
    this.#layout = layout;
  }

  path(digest: Digest): string {
    return join(this.#layout.blobs, digest.slice(0, 2), digest.slice(2));
  }

  /** Bytes of new blobs since the last call: by how much the cache has grown. */
  takeWritten(): number {
    const written = this.#written;
    this.#written = 0;
    return written;
  }

  /** Whether it is there; its bytes are not looked at. */
  exists(digest: Digest): boolean {
    return lstatSync(this.path(digest), { throwIfNoEntry: false }) !== undefined;
  }

  /** For the collection only: nobody may refer to it. False when the file system does not let us. */
  remove(digest: Digest): boolean {
    try {
      rmSync(this.path(digest), { force: true });
      return true;
    } catch {
      return false;
    }
  }

  /** Keeps these bytes and returns their name. */
  put(bytes: Uint8Array): Digest {
    const digest = contentDigest(bytes);
    if (!this.#has(digest, bytes.length)) {
      this.#place(digest, bytes.length, (temporary) =>
        writeFileSync(temporary, bytes, { mode: 0o600, flag: 'wx' }),
      );
    }
    return digest;
  }

  /**
   * Keeps a copy of a file whose digest the caller has just taken; the caller must make sure that
   * the file has not changed between its digest and the end of this call.
   */
  putFile(path: DiskPath, digest: Digest, size: number): void {
    if (this.#has(digest, size)) return;
    this.#place(digest, size, (temporary) =>
      copyFileSync(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
    );
  }

  /** The bytes, verified. */
  read(digest: Digest): Uint8Array {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(this.path(digest));
    } catch (error) {
      throw unreadable(digest, error);
    }
    if (contentDigest(bytes) !== digest) throw this.#discardDamaged(digest);
    return bytes;
  }

  /**
   * Makes the file `target` (which must not exist) with these bytes and mode. It is a copy: what
   * is done to it never reaches the blob. Verified after copying, so the copy itself is right.
   * Errors about `target` are thrown as they are.
   */
  async copyTo(digest: Digest, target: DiskPath, mode: number): Promise<void> {
    const path = this.path(digest);
    try {
      statSync(path);
    } catch (error) {
      throw unreadable(digest, error);
    }
    try {
      copyFileSync(path, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    } catch (error) {
      // Another process may have collected it since.
      throw this.exists(digest) ? error : unreadable(digest, error);
    }
    const copied = await digestFile(target);
    if (!('digest' in copied) || copied.digest !== digest) throw this.#discardDamaged(digest);
    chmodSync(target, mode);
  }

  /** Left in place it would be taken for what the next run wants to keep. */
  #discardDamaged(digest: Digest): DamagedRecord {
    rmSync(this.path(digest), { force: true });
    return new DamagedRecord(`blob ${digest} has other bytes`);
  }

  /** A blob of another size was cut off by a power cut: writing it again mends it. */
  #has(digest: Digest, size: number): boolean {
    const stat = lstatSync(this.path(digest), { throwIfNoEntry: false });
    return stat !== undefined && stat.isFile() && stat.size === size;
  }

  /** Also when somebody has removed all blobs by hand. */
  #makeFolder(folder: string): void {
    try {
      makePrivateDirectory(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      makePrivateDirectory(this.#layout.blobs);
      makePrivateDirectory(folder);
    }
  }

  #place(digest: Digest, size: number, write: (temporary: string) => void): void {
    const temporary = join(this.#layout.temporary, temporaryName('blob'));
    const path = this.path(digest);
    try {
      write(temporary);
      chmodSync(temporary, 0o600);
      this.#makeFolder(dirname(path));
      renameSync(temporary, path);
      this.#written += size;
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}

/** Throws the error itself where it says nothing about the blob: no memory, no descriptors, no right. */
function unreadable(digest: Digest, error: unknown): DamagedRecord {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DamagedRecord(`blob ${digest} is missing`, { cause: error });
  if (!['EIO', 'EISDIR', 'ENOTDIR', 'ELOOP'].includes(code ?? '')) throw error;
  return new DamagedRecord(`blob ${digest} cannot be read: ${code}`, { cause: error });
}
