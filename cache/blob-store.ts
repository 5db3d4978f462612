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
import type { FileCrew, FileFailure } from './file-crew.js';
import { digestFile } from './file-digest.js';
import { toDisk } from './path-on-disk.js';
import type { DiskPath } from './path-on-disk.js';
import { temporaryName } from './temporary-names.js';

/** A file to keep. */
export interface BlobSource {
  readonly path: string;
  readonly digest: Digest;
  readonly sum?: bigint | undefined;
  readonly size: bigint;
}

/** A blob to copy to a path where nothing is. */
export interface BlobCopy {
  readonly digest: Digest;
  /** Of its bytes, where it was taken when they were stored. */
  readonly sum?: bigint | undefined;
  readonly size: bigint;
  readonly target: DiskPath;
  /** Permission bits. */
  readonly mode: number;
}

/** A blob could not be copied, and it is not the blob's fault: `cause` is a file system error. */
export class CopyFailure extends Error {
  constructor(
    readonly copy: BlobCopy,
    override readonly cause: NodeJS.ErrnoException,
  ) {
    super(cause.message, { cause });
  }
}

/**
 * Bytes named by their SHA-256. A blob appears under its name complete or not at all, and is never
 * changed. Nothing is flushed to the disk: what a power cut truncates is found by its digest.
 * Writing throws file system errors; reading throws DamagedRecord.
 */
export class BlobStore {
  readonly #layout: CacheLayout;
  readonly #crew: () => FileCrew | undefined;
  #written = 0;

  /** `crew`: asked for when there are files to copy; without one they are copied one by one. */
  constructor(layout: CacheLayout, crew: () => FileCrew | undefined = () => undefined) {
    this.#layout = layout;
    this.#crew = crew;
  }

  path(digest: Digest): string {
    return `${this.#layout.blobs}/${digest.slice(0, 2)}/${digest.slice(2)}`;
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
   * Keeps copies of files whose digests the caller has just taken; the caller must make sure that they
   * have not changed between their digests and the end of this call. Of one that has, there may be none.
   */
  async putFiles(files: readonly BlobSource[]): Promise<void> {
    const missing = new Map<Digest, BlobSource>();
    for (const file of files) {
      if (!missing.has(file.digest) && !this.#has(file.digest, Number(file.size))) {
        missing.set(file.digest, file);
      }
    }
    const crew = missing.size > 0 ? this.#crew() : undefined;
    if (crew === undefined) {
      for (const { path, digest, size } of missing.values()) {
        this.#place(digest, Number(size), (temporary) =>
          copyFileSync(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
        );
      }
      return;
    }
    const copies = [...missing.values()].map(({ path, ...file }) => ({
      ...file,
      from: toDisk(path),
      to: this.#temporary(),
      mode: 0o600,
    }));
    const left = new Set(copies.map(({ to }) => to));
    try {
      const failures = await crew.copy(copies);
      copies.forEach(({ digest, size, from, to }, index) => {
        const failure = failures[index];
        if (failure === undefined) {
          this.#name(to, digest, Number(size));
          left.delete(to);
        } else if (
          failure.of === 'target' ||
          (failure.of === 'source' && failure.code !== 'ENOENT')
        ) {
          throw systemError(failure.code, from, to);
        }
      });
    } finally {
      for (const temporary of left) rmSync(temporary, { force: true });
    }
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
   * Makes these files. They are copies: what is done to them never reaches the blobs. What has been copied
   * is compared with what was stored: with the sum where there is one, else with the digest. Throws
   * DamagedRecord for the first bad blob, CopyFailure for what is not about a blob.
   */
  async copyAll(copies: readonly BlobCopy[]): Promise<void> {
    const crew = copies.length > 0 ? this.#crew() : undefined;
    if (crew === undefined) {
      for (const copy of copies) {
        await this.#copy(copy).catch((error: unknown) => {
          throw error instanceof DamagedRecord ? error : failed(copy, error);
        });
      }
      return;
    }
    const failures = await crew.copy(
      copies.map(({ digest, sum, size, target, mode }) => ({
        from: this.path(digest),
        to: target,
        digest,
        sum,
        size,
        mode,
      })),
    );
    copies.forEach((copy, index) => {
      const failure = failures[index];
      if (failure !== undefined) throw this.#failed(copy, failure);
    });
  }

  #failed(copy: BlobCopy, failure: FileFailure): Error {
    const { digest, target } = copy;
    if (failure.of === 'content') return this.#discardDamaged(digest);
    const code = failure.of === 'kind' ? 'EISDIR' : failure.code;
    const error = systemError(code, this.path(digest), target);
    if (failure.of === 'target') return failed(copy, error);
    try {
      return unreadable(digest, error);
    } catch {
      return failed(copy, error); // No right, no descriptors: it says nothing about the blob.
    }
  }

  async #copy({ digest, target, mode }: BlobCopy): Promise<void> {
    const path = this.path(digest);
    try {
      if (!statSync(path).isFile()) throw systemError('EISDIR', path, target);
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

  #temporary(): string {
    return join(this.#layout.temporary, temporaryName('blob'));
  }

  #place(digest: Digest, size: number, write: (temporary: string) => void): void {
    const temporary = this.#temporary();
    try {
      write(temporary);
      chmodSync(temporary, 0o600);
      this.#name(temporary, digest, size);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #name(temporary: string, digest: Digest, size: number): void {
    const path = this.path(digest);
    this.#makeFolder(dirname(path));
    renameSync(temporary, path);
    this.#written += size;
  }
}

/** A bug of ours stays as it is. */
function failed(copy: BlobCopy, error: unknown): Error {
  const cause = error as NodeJS.ErrnoException;
  return cause.code === undefined ? cause : new CopyFailure(copy, cause);
}

function systemError(code: string, source: DiskPath, target: DiskPath): NodeJS.ErrnoException {
  const [path, dest] = [source.toString(), target.toString()];
  const message = `${code}: copyfile '${path}' -> '${dest}'`;
  return Object.assign(new Error(message), { code, syscall: 'copyfile', path, dest });
}

/** Throws the error itself where it says nothing about the blob: no memory, no descriptors, no right. */
function unreadable(digest: Digest, error: unknown): DamagedRecord {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DamagedRecord(`blob ${digest} is missing`, { cause: error });
  if (!['EIO', 'EISDIR', 'ENOTDIR', 'ELOOP'].includes(code ?? '')) throw error;
  return new DamagedRecord(`blob ${digest} cannot be read: ${code}`, { cause: error });
}
