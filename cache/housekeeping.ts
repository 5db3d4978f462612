import { COLLECTION_INTERVAL } from './cache-limits.js';
import type { CacheLimits } from './cache-limits.js';
import type { Transaction } from './index-database.js';

/** Milliseconds after which a process that claimed to be collecting must have died. */
const CLAIM_LASTS = 10 * 60 * 1000;

/** What the index knows of the size of the cache. */
export interface Housekeeping {
  /** Bytes of all blobs when they were last measured, and of those written since. */
  readonly blobBytes: number;
  /** When they were measured, milliseconds since the epoch. */
  readonly collected: number;
}

export async function readHousekeeping(transaction: Transaction): Promise<Housekeeping> {
  const [row] = await transaction.all<{ blob_bytes: number; collected: number }>(
    'SELECT blob_bytes, collected FROM housekeeping',
  );
  return { blobBytes: row?.blob_bytes ?? 0, collected: row?.collected ?? 0 };
}

/** Adds what was written to what is known of the size. */
export async function noteWritten(transaction: Transaction, bytes: number): Promise<void> {
  if (bytes === 0) return;
  await transaction.run('UPDATE housekeeping SET blob_bytes = blob_bytes + ?', [bytes]);
}

/** Whether the limits ask for a collection, at this moment in milliseconds since the epoch. */
export function isCollectionDue(known: Housekeeping, limits: CacheLimits, now: number): boolean {
  if (known.blobBytes > limits.maxBytes) return true;
  // A clock that was set back must not put it off for ever.
  return Math.abs(now - known.collected) > COLLECTION_INTERVAL;
}

/** Claims the work for this process; false when another one is at it. */
export async function claimCollection(transaction: Transaction, now: number): Promise<boolean> {
  const claimed = await transaction.all(
    'UPDATE housekeeping SET claimed = ? WHERE abs(? - claimed) > ? RETURNING claimed',
    [now, now, CLAIM_LASTS],
  );
  return claimed.length > 0;
}

/**
 * Ends a collection: what was measured, with what was written since the size was `known`, is the
 * size from now on.
 */
export async function endCollection(
  transaction: Transaction,
  known: Housekeeping,
  measured: number,
  now: number,
): Promise<void> {
  await transaction.run(
    'UPDATE housekeeping SET blob_bytes = max(0, blob_bytes - ? + ?), collected = ?, claimed = 0',
    [known.blobBytes, measured, now],
  );
}
