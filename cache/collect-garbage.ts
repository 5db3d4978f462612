import { walkBlobs } from './blob-walk.js';
import type { BlobFile } from './blob-walk.js';
import type { Digest } from './brands.js';
import type { CacheLimits } from './cache-limits.js';
import { removeConfirmations } from './confirmation.js';
import { contentDigest } from './content-digest.js';
import { DamagedRecord } from './damaged-record.js';
import { dropUnusedGroups } from './entry-table.js';
import { planEviction } from './eviction-plan.js';
import type { Candidate, Eviction } from './eviction-plan.js';
import { forgetDigests } from './file-memo.js';
import {
  claimCollection,
  endCollection,
  isCollectionDue,
  readHousekeeping,
} from './housekeeping.js';
import type { Transaction } from './index-database.js';
import { forgetLostWorkspaces } from './last-run-table.js';
import { removeOldStores } from './old-stores.js';
import type { OpenStore } from './restore-entry.js';
import { blobsOf, decodeEntry } from './stored-entry.js';

/** What a collection has removed, and what is left. */
export interface Collection {
  /** Results removed, by reason. */
  readonly evicted: Readonly<Record<Eviction['because'], number>>;
  /** Files of results that nothing needs any more. */
  readonly removedBlobs: number;
  /** Bytes of these. */
  readonly freedBytes: number;
  /** Stores of other versions of vt. */
  readonly removedStores: number;
  readonly remainingEntries: number;
  /** Bytes of the files of the results that are left. */
  readonly remainingBytes: number;
}

/** Milliseconds after which a result must have been stored that files were written for. */
const PENDING = 60 * 60 * 1000;

/** Rows handled in one transaction: a few milliseconds, so that nobody waits long. */
const LOT = 200;
/** Files removed in one transaction: up to 2 ms each on a busy disk. */
const FILE_LOT = 50;

/** Milliseconds that removing files may take after a run; the rest goes with later collections. */
const AUTOMATIC_BUDGET = 2000;

/**
 * Removes what exceeds the limits and what nothing refers to. Other processes go on meanwhile:
 *
 * - A result that was used since this began is not removed. One that another process has found and
 *   is about to restore may be: its files are verified when they are copied, and it becomes a miss.
 * - A file is removed while the index is locked for writing, and only if no result refers to it
 *   then. A process that is about to refer to one checks under the same lock that it is still
 *   there (storeRun). Files nothing refers to yet are left alone for an hour.
 *
 * What cannot be removed stays. Throws errors of the index.
 *
 * @param now milliseconds since the epoch
 * @param budget milliseconds for removing files
 */
export async function collectGarbage(
  store: OpenStore,
  limits: CacheLimits,
  now: number,
  budget = Infinity,
): Promise<Collection> {
  const { index, layout } = store;
  const known = await index.read(readHousekeeping);
  const candidates = await listCandidates(store);
  const blobs = walkBlobs(layout.blobs);
  const sizes = new Map([...blobs].map(([digest, { size }]) => [digest, size]));

  const planned = planEviction(candidates, sizes, limits, now);
  const evicted = await evict(planned, store);
  const isGarbage = (digest: Digest, { written }: BlobFile) =>
    evicted.blobs.has(digest) || now - written > PENDING;
  const garbage = [...blobs].flatMap(([digest, blob]) => (isGarbage(digest, blob) ? digest : []));
  const references = new References(candidates.filter(({ id }) => !evicted.ids.has(id)));
  const removed = await removeUnreferenced(garbage, references, store, budget);
  const removedStores = removeOldStores(layout, limits.maxAge, now);

  const freedBytes = sum(removed.map((digest) => sizes.get(digest)!));
  const remainingBytes = sum([...sizes.values()]) - freedBytes;
  const remainingEntries = await index.write(async (transaction) => {
    if (evicted.ids.size > 0) await dropUnusedGroups(transaction);
    await forgetDigests(transaction, now - limits.maxAge);
    await forgetLostWorkspaces(transaction, layout.root);
    await endCollection(transaction, known, remainingBytes, now);
    await transaction.all('PRAGMA incremental_vacuum');
    const [row] = await transaction.all<{ count: number }>('SELECT count(*) AS count FROM entry');
    return row!.count;
  });
  const count = (because: Eviction['because']) =>
    planned.filter(
      (eviction) => eviction.because === because && evicted.ids.has(eviction.candidate.id),
    ).length;
  return {
    evicted: { age: count('age'), size: count('size'), damage: count('damage') },
    removedBlobs: removed.length,
    freedBytes,
    removedStores,
    remainingEntries,
    remainingBytes,
  };
}

/** Below the limit, so that the next results do not ask for a collection at once. */
const AUTOMATIC_SHARE = 0.9;

/**
 * Collects when the limits or the time ask for it and no other process is at it. Otherwise it is one
 * look at the index.
 */
export async function collectWhenDue(store: OpenStore, limits: CacheLimits): Promise<void> {
  const now = Date.now();
  const known = await store.index.read(readHousekeeping);
  if (!isCollectionDue(known, limits, now)) return;
  if (!(await store.index.write((transaction) => claimCollection(transaction, now)))) return;
  const tooLarge = known.blobBytes > limits.maxBytes;
  const maxBytes = tooLarge ? limits.maxBytes * AUTOMATIC_SHARE : limits.maxBytes;
  await collectGarbage(store, { ...limits, maxBytes }, now, AUTOMATIC_BUDGET);
}

/** All results, the least recently used first. */
async function listCandidates({ index }: OpenStore): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (let after = 0; ;) {
    const rows = await index.read((transaction) => readRecords(transaction, after, LOT));
    for (const { id, used, body, checksum } of rows) {
      const blobs = contentDigest(body) === checksum ? blobsOfRecord(body) : undefined;
      candidates.push({ id, used, recordBytes: body.length, blobs });
    }
    if (rows.length < LOT) return candidates.sort((a, b) => a.used - b.used);
    after = rows.at(-1)!.id;
  }
}

interface EntryRecord {
  readonly id: number;
  readonly used: number;
  readonly body: Uint8Array;
  readonly checksum: string;
}

function readRecords(
  transaction: Transaction,
  after: number,
  limit: number,
): Promise<EntryRecord[]> {
  return transaction.all<EntryRecord>(
    'SELECT id, used, body, checksum FROM entry WHERE id > ? ORDER BY id LIMIT ?',
    [after, limit],
  );
}

function blobsOfRecord(body: Uint8Array): readonly Digest[] | undefined {
  try {
    return blobsOf(decodeEntry(body));
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}

/** Removes the planned results, but for those that were used since the plan was made. */
async function evict(planned: readonly Eviction[], { index, layout }: OpenStore) {
  const ids = new Set<number>();
  const blobs = new Set<Digest>();
  for (let start = 0; start < planned.length; start += LOT) {
    const lot = planned.slice(start, start + LOT).map(({ candidate }) => candidate);
    const rows = await index.write((transaction) =>
      transaction.all<{ id: number }>(
        `DELETE FROM entry
         WHERE (id, used) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)) RETURNING id`,
        [JSON.stringify(lot.map(({ id, used }) => [id, used]))],
      ),
    );
    for (const { id } of rows) ids.add(id);
    for (const { id, blobs: own = [] } of lot) if (ids.has(id)) own.forEach((it) => blobs.add(it));
  }
  if (ids.size > 0) removeConfirmations(layout);
  return { ids, blobs };
}

/** The blobs that results refer to, kept up to date with results stored since the list was made. */
class References {
  readonly #digests = new Set<Digest>();
  #newest = 0;

  constructor(entries: readonly Candidate[]) {
    for (const { id, blobs = [] } of entries) this.#add(id, blobs);
  }

  has(digest: Digest): boolean {
    return this.#digests.has(digest);
  }

  async update(transaction: Transaction): Promise<void> {
    for (const { id, body } of await readRecords(transaction, this.#newest, -1)) {
      this.#add(id, blobsOfRecord(body) ?? []);
    }
  }

  #add(id: number, blobs: readonly Digest[]): void {
    this.#newest = Math.max(this.#newest, id);
    for (const digest of blobs) this.#digests.add(digest);
  }
}

async function removeUnreferenced(
  digests: readonly Digest[],
  references: References,
  { index, blobs }: OpenStore,
  budget: number,
): Promise<Digest[]> {
  const deadline = performance.now() + budget;
  const removed: Digest[] = [];
  const unreferenced = digests.filter((digest) => !references.has(digest));
  for (let start = 0; start < unreferenced.length; start += FILE_LOT) {
    if (performance.now() > deadline) break;
    await index.write(async (transaction) => {
      await references.update(transaction);
      for (const digest of unreferenced.slice(start, start + FILE_LOT)) {
        if (references.has(digest)) continue;
        if (blobs.remove(digest)) removed.push(digest);
      }
    });
  }
  return removed;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
