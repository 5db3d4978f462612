import type { Digest } from './brands.js';
import { contentDigest } from './content-digest.js';
import { DamagedRecord } from './damaged-record.js';
import type { Transaction } from './index-database.js';
import type { EncodedGroup, GroupedObservations } from './observation-group.js';
import { decodeEntry, encodeEntry } from './stored-entry.js';
import type { StoredEntry } from './stored-entry.js';

/** How many results of one key are kept. */
export const VARIANT_LIMIT = 1000;
/** What is left when there are more: dropping in lots saves looking for unused groups each time. */
const VARIANTS_KEPT = 900;
const GROUPS_PER_STATEMENT = 1000;

/** A stored result before anything of it is read but what it is. */
export interface Variant {
  readonly id: number;
  /** Opaque id: the digest of the key and of all observations. */
  readonly name: string;
  readonly groups: readonly number[];
}

/** All results of a key, the most recently used first. */
export async function listVariants(transaction: Transaction, key: Digest): Promise<Variant[]> {
  const rows = await transaction.all<{ id: number; name: string; groups: Uint8Array }>(
    'SELECT id, name, groups FROM entry WHERE key = ? ORDER BY used DESC',
    [key],
  );
  return rows.map((row) => ({ ...row, groups: unpackIds(row.groups) }));
}

/** The groups with these ids; those that are gone are left out. */
export async function loadGroups(
  transaction: Transaction,
  ids: readonly number[],
): Promise<Map<number, EncodedGroup>> {
  const rows = await transaction.all<{ id: number; digest: Digest; body: Uint8Array }>(
    `SELECT id, digest, body FROM observation_group
     WHERE id IN (SELECT value FROM json_each(?))`,
    [JSON.stringify(ids)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Throws DamagedRecord when the entry is gone or has other bytes than it was stored with. */
export async function loadEntry(transaction: Transaction, name: string): Promise<StoredEntry> {
  const [row] = await transaction.all<{ body: Uint8Array; checksum: string }>(
    'SELECT body, checksum FROM entry WHERE name = ?',
    [name],
  );
  if (row === undefined) throw new DamagedRecord(`entry ${name} is missing`);
  if (contentDigest(row.body) !== row.checksum) {
    throw new DamagedRecord(`entry ${name} has other bytes`);
  }
  return decodeEntry(row.body);
}

/** The name under which a result with these observations is stored. */
export function entryName(key: Digest, groups: readonly Digest[]): string {
  return contentDigest([key, ...groups].join('\n')).slice(0, 32);
}

/**
 * Stores a result, in the place of one with the same observations. Returns its name. Results of
 * the same key that were not used for the longest time go when there are too many: `hasDropped`.
 */
export async function insertEntry(
  transaction: Transaction,
  key: Digest,
  entry: StoredEntry,
  observations: GroupedObservations,
): Promise<{ readonly name: string; readonly hasDropped: boolean }> {
  const groups = observations.groups;
  const ids = await insertGroups(transaction, groups);
  const name = entryName(
    key,
    groups.map((group) => group.digest),
  );
  const body = encodeEntry(entry);
  const now = await nextUse(transaction);
  await transaction.run(
    `INSERT OR REPLACE INTO entry (name, key, groups, body, checksum, bytes, stored, used)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [name, key, packIds(ids), body, contentDigest(body), outputBytes(entry), now, now],
  );
  return { name, hasDropped: await dropUnusedVariants(transaction, key) };
}

/** Counts a hit, and makes the result the most recently used one of all. */
export async function touchEntry(transaction: Transaction, name: string): Promise<void> {
  await transaction.run('UPDATE entry SET used = ?, hits = hits + 1 WHERE name = ?', [
    await nextUse(transaction),
    name,
  ]);
}

/** Returns how many of them were still there. */
export async function dropEntries(
  transaction: Transaction,
  names: readonly string[],
): Promise<number> {
  const rows = await transaction.all(
    'DELETE FROM entry WHERE name IN (SELECT value FROM json_each(?)) RETURNING id',
    [JSON.stringify(names)],
  );
  return rows.length;
}

/** The time in microseconds, made unique: later than every use before. */
async function nextUse(transaction: Transaction): Promise<number> {
  const [row] = await transaction.all<{ used: number | null }>(
    'SELECT max(used) AS used FROM entry',
  );
  return Math.max(Date.now() * 1000, (row?.used ?? 0) + 1);
}

async function insertGroups(
  transaction: Transaction,
  groups: readonly EncodedGroup[],
): Promise<number[]> {
  const ids = new Map<Digest, number>();
  for (let start = 0; start < groups.length; start += GROUPS_PER_STATEMENT) {
    const part = groups.slice(start, start + GROUPS_PER_STATEMENT);
    await transaction.run(
      `INSERT INTO observation_group (digest, body)
       VALUES ${part.map(() => '(?, ?)').join(', ')}
       ON CONFLICT (digest) DO UPDATE SET body = excluded.body -- mends a damaged one
         WHERE body <> excluded.body`,
      part.flatMap((group) => [group.digest, group.body]),
    );
    const rows = await transaction.all<{ id: number; digest: Digest }>(
      `SELECT id, digest FROM observation_group
       WHERE digest IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(part.map((group) => group.digest))],
    );
    for (const row of rows) ids.set(row.digest, row.id);
  }
  return groups.map((group) => {
    const id = ids.get(group.digest);
    if (id === undefined) throw new DamagedRecord(`observation group ${group.digest} is missing`);
    return id;
  });
}

async function dropUnusedVariants(transaction: Transaction, key: Digest): Promise<boolean> {
  const [row] = await transaction.all<{ count: number }>(
    'SELECT count(*) AS count FROM entry WHERE key = ?',
    [key],
  );
  if ((row?.count ?? 0) <= VARIANT_LIMIT) return false;
  await transaction.run(
    `DELETE FROM entry WHERE key = ? AND id NOT IN
       (SELECT id FROM entry WHERE key = ? ORDER BY used DESC LIMIT ?)`,
    [key, key, VARIANTS_KEPT],
  );
  await dropUnusedGroups(transaction);
  return true;
}

/** Removes groups that no entry has. Reads the group lists of all entries. */
export async function dropUnusedGroups(transaction: Transaction): Promise<void> {
  const used = new Set<number>();
  for (const row of await transaction.all<{ groups: Uint8Array }>('SELECT groups FROM entry')) {
    for (const id of unpackIds(row.groups)) used.add(id);
  }
  await transaction.run(
    'DELETE FROM observation_group WHERE id NOT IN (SELECT value FROM json_each(?))',
    [JSON.stringify([...used])],
  );
}

function outputBytes(entry: StoredEntry): number {
  return entry.outputs.reduce(
    (sum, output) => sum + (output.kind === 'file' ? Number(output.size) : 0),
    0,
  );
}

function packIds(ids: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(ids.length * 4);
  ids.forEach((id, index) => bytes.writeUInt32LE(id, index * 4));
  return bytes;
}

export function unpackIds(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids: number[] = [];
  for (let at = 0; at + 4 <= bytes.byteLength; at += 4) ids.push(view.getUint32(at, true));
  return ids;
}
