import { dirname, join } from 'node:path';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';
import type { Digest } from './brands.js';
import { toDisk } from './path-on-disk.js';
import type { DiskPath } from './path-on-disk.js';
import { isWholeObject } from './whole-object.js';

/** A file to copy to where nothing is. */
export interface FileCopy {
  readonly from: DiskPath;
  readonly to: DiskPath;
  readonly size: bigint;
  /** Permission bits. */
  readonly mode: number;
  readonly digest: Digest;
  /** Of the same bytes: compared in place of the digest, at a tenth of its cost. */
  readonly sum?: bigint | undefined;
}

/** Why a file could not be copied or digested. */
export type FileFailure =
  /** An errno name. */
  | { readonly of: 'source' | 'target'; readonly code: string }
  /** The source is no regular file. */
  | { readonly of: 'kind' }
  /** Copied: it has other bytes than it should have. Digested: it changed meanwhile. */
  | { readonly of: 'content' };

/** A file that was read whole and did not change meanwhile. */
export interface DigestedFile {
  readonly digest: Digest;
  readonly sum: bigint;
  /** Whether the text is in it and not the beginning of a longer name, as holdsPath has it. */
  readonly holdsText: boolean;
  /** As fileIdentity gives it. */
  readonly identity: string;
  /** Nanoseconds. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

interface NativeFiles {
  work(
    kind: 0 | 1,
    paths: Uint8Array,
    jobs: Uint8Array,
    text: Uint8Array,
    threads: number,
  ): Promise<void>;
}

/** struct vt_file_job (native/file-job.h): its size, and the offsets of its fields. */
const JOB = 104;
const [SIZE, SUM, DIGEST, MODE, CHECK, FAILURE, ERROR] = [0, 8, 16, 48, 52, 56, 60];
const [DEVICE, INODE, MODIFIED, CHANGED, HOLDS] = [64, 72, 80, 88, 96];
const DIGEST_LENGTH = 32;
const CHECK_SUM = 1;
/** enum vt_failure. */
const failures = [undefined, 'source', 'target', 'kind', 'content'] as const;

/** More would wait for the disk or for the file system's locks. */
const MOST_THREADS = 4;
const END = Buffer.from('\0');
const NO_TEXT = Buffer.alloc(0);

/**
 * Works on many files at once, in threads of a native module (cache/native): copies and compares in
 * one go. What it does is what BlobStore and digestFile do one by one, in JavaScript.
 */
export class FileCrew {
  readonly #native: NativeFiles;
  readonly #threads = Math.min(MOST_THREADS, availableParallelism());

  constructor(native: NativeFiles) {
    this.#native = native;
  }

  /**
   * Copies all of them. A reflink where the file system has them. What could not be copied, or has other
   * bytes, is told in the same order, and may be there.
   */
  async copy(copies: readonly FileCopy[]): Promise<readonly (FileFailure | undefined)[]> {
    const jobs = Buffer.alloc(copies.length * JOB);
    const fields = new DataView(jobs.buffer, jobs.byteOffset, jobs.length);
    const paths: DiskPath[] = [];
    copies.forEach(({ from, to, size, mode, digest, sum }, index) => {
      const at = index * JOB;
      fields.setBigUint64(at + SIZE, size, true);
      fields.setUint32(at + MODE, mode, true);
      if (sum === undefined) jobs.write(digest, at + DIGEST, 'hex');
      else {
        fields.setBigUint64(at + SUM, sum, true);
        fields.setUint32(at + CHECK, CHECK_SUM, true);
      }
      paths.push(from, to);
    });
    await this.#native.work(0, packed(paths), jobs, NO_TEXT, this.#threads);
    return copies.map((_, index) => failureOf(jobs, index * JOB));
  }

  /**
   * Digests all of them, in the same order. A symlink is not followed. `text`, of at most 64 KiB, is
   * looked for in them.
   */
  async digest(
    paths: readonly string[],
    text: Uint8Array = NO_TEXT,
  ): Promise<readonly (DigestedFile | FileFailure)[]> {
    const jobs = Buffer.alloc(paths.length * JOB);
    await this.#native.work(1, packed(paths.map(toDisk)), jobs, text, this.#threads);
    return paths.map((_, index) => {
      const at = index * JOB;
      const failure = failureOf(jobs, at);
      if (failure !== undefined) return failure;
      const number = (field: number) => jobs.readBigUInt64LE(at + field).toString();
      const mtimeNs = jobs.readBigInt64LE(at + MODIFIED);
      const ctimeNs = jobs.readBigInt64LE(at + CHANGED);
      return {
        digest: jobs.toString('hex', at + DIGEST, at + DIGEST + DIGEST_LENGTH) as Digest,
        sum: jobs.readBigUInt64LE(at + SUM),
        holdsText: jobs.readUInt32LE(at + HOLDS) !== 0,
        identity: [number(DEVICE), number(INODE), number(SIZE), mtimeNs, ctimeNs].join(':'),
        mtimeNs,
        ctimeNs,
      };
    });
  }
}

function failureOf(jobs: Buffer, at: number): FileFailure | undefined {
  const of = failures[jobs.readUInt32LE(at + FAILURE)];
  if (of !== 'source' && of !== 'target') return of && { of };
  return { of, code: getSystemErrorName(-jobs.readUInt32LE(at + ERROR)) };
}

/** Each followed by NUL. */
function packed(paths: readonly DiskPath[]): Uint8Array {
  if (paths.every((path) => typeof path === 'string')) {
    return Buffer.from([...paths, ''].join('\0'));
  }
  return Buffer.concat(
    paths.flatMap((path) => [typeof path === 'string' ? Buffer.from(path) : path, END]),
  );
}

let loaded: FileCrew | 'none' | undefined;

/** Undefined where the native module was not built, or cannot be loaded. */
export function fileCrew(): FileCrew | undefined {
  loaded ??= load() ?? 'none';
  return loaded === 'none' ? undefined : loaded;
}

/** Beside the bundle (dist/) or, from the unit-test build, in the project. */
function load(): FileCrew | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const directory of [join(here, 'native'), join(here, '../../dist/native')]) {
    const path = join(directory, 'vt-files.node');
    if (!isWholeObject(path)) continue;
    const module = { exports: {} as NativeFiles };
    try {
      process.dlopen(module, path);
    } catch {
      return undefined; // Built for another C library, say.
    }
    return new FileCrew(module.exports);
  }
  return undefined;
}
