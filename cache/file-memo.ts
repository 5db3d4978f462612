import type { BigIntStats } from 'node:fs';
import type { Digest } from './brands.js';
import type { DigestedFile, FileCrew } from './file-crew.js';
import { digestFile } from './file-digest.js';
import type { FileDigest } from './file-digest.js';
import { fileIdentity } from './file-identity.js';
import { takeFileStamp } from './file-stamp.js';
import { grainOf } from './late-change.js';
import type { DiskPath } from './path-on-disk.js';
import type { Transaction } from './index-database.js';

/** sqlite takes at most 32,766 placeholders a statement. */
const ROWS_PER_STATEMENT = 1000;

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** A regular file and its state, as lstat gives it. */
export interface PresentFile {
  readonly path: string;
  readonly stat: BigIntStats;
}

/**
 * Digests of files by their identity (device, inode, size, mtime, ctime), so that unchanged files
 * are not read again.
 *
 * A file changed twice within one tick of the file clock has the same timestamps both times. As
 * git does for its index, a digest is therefore remembered only when both timestamps are older
 * than a moment, by the file clock, before the file was opened for digesting: any later change
 * then gives a later ctime. Where the clock is coarser, they must be older by its grain.
 */
export class FileMemo {
  readonly #stampDirectory: string | undefined;
  readonly #known = new Map<string, Digest>();
  readonly #unsaved = new Map<string, Digest>();
  /** Of files that were digested by the crew. */
  readonly #read = new Map<string, DigestedFile>();
  readonly #crew: () => FileCrew | undefined;
  #clock: bigint | undefined;

  /**
   * `stampDirectory` is writable: the file clock is read there. Without one, digests are recalled
   * and taken, and nothing is learnt. `crew`: see `digestAll`.
   */
  constructor(stampDirectory?: string, crew: () => FileCrew | undefined = () => undefined) {
    this.#stampDirectory = stampDirectory;
    this.#crew = crew;
  }

  /** Loads what the index knows of these files. */
  async load(transaction: Transaction, stats: Iterable<BigIntStats>): Promise<void> {
    const wanted = [...stats].map(fileIdentity).filter((identity) => !this.#known.has(identity));
    if (wanted.length === 0) return;
    const rows = await transaction.all<{ identity: string; digest: Digest }>(
      'SELECT identity, digest FROM file_memo WHERE identity IN (SELECT value FROM json_each(?))',
      [JSON.stringify(wanted)],
    );
    for (const row of rows) this.#known.set(row.identity, row.digest);
  }

  /** The digest of the file with this state, without reading it; undefined when not known. */
  recall(stat: BigIntStats): Digest | undefined {
    return this.#known.get(fileIdentity(stat));
  }

  /** The digest of a regular file: recalled if `stat`, its present state, is known; else read. */
  async digest(path: DiskPath, stat: BigIntStats): Promise<FileDigest> {
    const known = this.recall(stat);
    if (known !== undefined) return { digest: known, stat };
    if (this.#stampDirectory === undefined) return digestFile(path);
    this.#clock ??= takeFileStamp(this.#stampDirectory);
    const clock = this.#clock;
    const read = await digestFile(path);
    if ('digest' in read && isSettled(read.stat, clock)) {
      const identity = fileIdentity(read.stat);
      this.#known.set(identity, read.digest);
      this.#unsaved.set(identity, read.digest);
    }
    return read;
  }

  /**
   * Digests those of these regular files that are not known, all at once where there is a crew: they
   * are recalled then. The stats are their present states. What fails, or was changed just now, is left
   * to `digest`. Does nothing without a crew. `text` is looked for in them: see `holds`.
   */
  async digestAll(files: Iterable<PresentFile>, text?: Uint8Array): Promise<void> {
    if (this.#stampDirectory === undefined) return;
    const unknown = new Map<string, string>();
    for (const { path, stat } of files) {
      const identity = fileIdentity(stat);
      if (!this.#known.has(identity)) unknown.set(identity, path);
    }
    const crew = unknown.size > 0 ? this.#crew() : undefined;
    if (crew === undefined) return;
    // A reading of before: another task's `tick` may come while these are read.
    this.#clock ??= takeFileStamp(this.#stampDirectory);
    const clock = this.#clock;
    for (const read of await crew.digest([...unknown.values()], text)) {
      if (!('digest' in read) || !isSettled(read, clock)) continue;
      this.#known.set(read.identity, read.digest);
      this.#unsaved.set(read.identity, read.digest);
      this.#read.set(read.identity, read);
    }
  }

  /** The sum of the file with this state, if `digestAll` has read it: see StoredOutput. */
  sum(stat: BigIntStats): bigint | undefined {
    return this.#read.get(fileIdentity(stat))?.sum;
  }

  /** Whether the text is in the file with this state, if `digestAll` has looked: see DigestedFile. */
  holds(stat: BigIntStats): boolean | undefined {
    return this.#read.get(fileIdentity(stat))?.holdsText;
  }

  /** Takes a new reading of the clock for what is digested from now on. */
  tick(): void {
    this.#clock = undefined;
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  /** Adds to the index what was learnt since the last call. */
  async save(transaction: Transaction): Promise<void> {
    const rows = [...this.#unsaved];
    const today = Math.floor(Date.now() / DAY);
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
      const part = rows.slice(start, start + ROWS_PER_STATEMENT);
      await transaction.run(
        `INSERT OR REPLACE INTO file_memo (identity, digest, noted)
         VALUES ${part.map(() => '(?, ?, ?)').join(', ')}`,
        part.flatMap(([identity, digest]) => [identity, digest, today]),
      );
    }
    for (const [identity] of rows) this.#unsaved.delete(identity);
  }
}

function isSettled(stat: Pick<BigIntStats, 'mtimeNs' | 'ctimeNs'>, clock: bigint): boolean {
  const latest = stat.ctimeNs > stat.mtimeNs ? stat.ctimeNs : stat.mtimeNs;
  return latest < clock - grainOf(stat.ctimeNs);
}

/** Forgets digests that were taken before this moment, in milliseconds: they are taken anew. */
export async function forgetDigests(transaction: Transaction, before: number): Promise<void> {
  await transaction.run('DELETE FROM file_memo WHERE noted < ?', [Math.floor(before / DAY)]);
}
