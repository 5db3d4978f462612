import { existsSync, statSync } from 'node:fs';
import { BlobStore } from '../blob-store.js';
import { walkBlobs } from '../blob-walk.js';
import type { AbsolutePath } from '../brands.js';
import { cacheLayout } from '../cache-directory.js';
import type { CacheLimits } from '../cache-limits.js';
import { collectGarbage } from '../collect-garbage.js';
import type { Collection } from '../collect-garbage.js';
import { contentDigest } from '../content-digest.js';
import { DamagedRecord } from '../damaged-record.js';
import { loadResult } from '../explain/stored-result.js';
import type { StoredResult } from '../explain/stored-result.js';
import { FileMemo } from '../file-memo.js';
import { tellHits } from '../hit-notes.js';
import { readHousekeeping } from '../housekeeping.js';
import { IndexDatabase } from '../index-database.js';
import type { Transaction } from '../index-database.js';
import type { OpenStore } from '../restore-entry.js';
import { decodeEntry, decodeTranscript } from '../stored-entry.js';
import type { OutputChunk } from '../stored-run.js';

/** A stored result as a line of a list. Times are milliseconds since the epoch. */
export interface EntrySummary {
  /** 32 hexadecimal digits. */
  readonly name: string;
  /** Undefined when the record is damaged: it will be dropped when it is found. */
  readonly task: string | undefined;
  /** Of its output files, those it shares with others included. */
  readonly bytes: number;
  readonly stored: number;
  /** When it was stored or restored last. */
  readonly used: number;
  /** How often it was restored. */
  readonly hits: number;
  /** milliseconds the run took */
  readonly duration: number | undefined;
}

/** A stored result with everything that is known of it. */
export interface EntryDetails {
  readonly summary: EntrySummary;
  readonly result: StoredResult;
  /** Bytes of captured output by stream; undefined when it cannot be read. */
  readonly printed: Readonly<Record<OutputChunk['stream'], number>> | undefined;
}

/** What an entry's name or the beginning of one stands for. */
export type FoundEntry =
  | { readonly kind: 'found'; readonly entry: EntryDetails }
  | { readonly kind: 'damaged'; readonly name: string; readonly detail: string }
  /** Several begin with it. */
  | { readonly kind: 'ambiguous'; readonly entries: readonly EntrySummary[] }
  | { readonly kind: 'unknown'; readonly entries: readonly EntrySummary[] };

/** Figures of a whole cache. */
export interface Statistics {
  readonly entries: number;
  /** Of different names. */
  readonly tasks: number;
  readonly hits: number;
  readonly files: number;
  /** Bytes of these files. */
  readonly bytes: number;
  readonly indexBytes: number;
  /** Milliseconds since the epoch; undefined without entries. */
  readonly oldestUse: number | undefined;
  readonly lastCollection: number;
}

/**
 * Looks into a cache and looks after it. Methods reject with errors of sqlite or of the file system
 * when the cache cannot be read.
 */
export interface Manager {
  /** The most recently used first. */
  entries(): Promise<readonly EntrySummary[]>;
  find(prefix: string): Promise<FoundEntry>;
  statistics(): Promise<Statistics>;
  collect(limits: CacheLimits): Promise<Collection>;
  close(): Promise<void>;
}

/** Undefined when nothing was ever stored there. Rejects when the cache cannot be opened. */
export async function openManager(directory: AbsolutePath): Promise<Manager | undefined> {
  const layout = cacheLayout(directory);
  if (!existsSync(layout.index)) return undefined;
  const index = await IndexDatabase.open(layout.index, layout.temporary);
  // An index that cannot be written may still be read.
  await tellHits(layout, index).catch(() => undefined);
  const store: OpenStore = { layout, index, blobs: new BlobStore(layout), memo: new FileMemo() };
  return {
    entries: () => index.read(listEntries),
    find: (prefix) => index.read((transaction) => findEntry(transaction, store, prefix)),
    statistics: () => statistics(store),
    collect: (limits) => collectGarbage(store, limits, Date.now()),
    close: () => index.close(),
  };
}

async function listEntries(transaction: Transaction): Promise<EntrySummary[]> {
  const rows = await transaction.all<{
    name: string;
    bytes: number;
    stored: number;
    used: number;
    hits: number;
    body: Uint8Array;
    checksum: string;
  }>('SELECT name, bytes, stored, used, hits, body, checksum FROM entry ORDER BY used DESC');
  return rows.map(({ body, checksum, stored, used, ...row }) => {
    const entry = contentDigest(body) === checksum ? decoded(body) : undefined;
    return {
      ...row,
      task: entry?.task,
      duration: entry?.duration,
      stored: Math.floor(stored / 1000),
      used: Math.floor(used / 1000),
    };
  });
}

function decoded(body: Uint8Array) {
  try {
    return decodeEntry(body);
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}

async function findEntry(
  transaction: Transaction,
  { blobs }: OpenStore,
  prefix: string,
): Promise<FoundEntry> {
  const all = await listEntries(transaction);
  const entries = all.filter(({ name }) => name.startsWith(prefix));
  const [summary, other] = entries;
  if (summary === undefined || prefix === '') return { kind: 'unknown', entries: all };
  if (other !== undefined) return { kind: 'ambiguous', entries };
  try {
    const result = await loadResult(transaction, summary.name);
    return { kind: 'found', entry: { summary, result, printed: printedBy(result, blobs) } };
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    return { kind: 'damaged', name: summary.name, detail: error.detail };
  }
}

function printedBy({ transcript }: StoredResult, blobs: BlobStore): EntryDetails['printed'] {
  const printed = { stdout: 0, stderr: 0, terminal: 0 };
  try {
    for (const { stream, bytes } of decodeTranscript(blobs.read(transcript))) {
      printed[stream] += bytes.length;
    }
    return printed;
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}

async function statistics({ index, layout }: OpenStore): Promise<Statistics> {
  const entries = await index.read(listEntries);
  const { collected } = await index.read(readHousekeeping);
  const files = [...walkBlobs(layout.blobs).values()];
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    entries: entries.length,
    tasks: new Set(entries.map(({ task }) => task)).size,
    hits: sum(entries.map(({ hits }) => hits)),
    files: files.length,
    bytes: sum(files.map(({ size }) => size)),
    indexBytes: sum(['', '-wal', '-shm'].map((suffix) => sizeOf(layout.index + suffix))),
    oldestUse: entries.at(-1)?.used,
    lastCollection: collected,
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
