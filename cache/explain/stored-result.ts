import type { Digest } from '../brands.js';
import { DamagedRecord } from '../damaged-record.js';
import { entryName, loadEntry, loadGroups, unpackIds } from '../entry-table.js';
import type { Transaction } from '../index-database.js';
import { decodeGroup } from '../observation-group.js';
import type { Observation } from '../observation.js';
import type { StoredEntry } from '../stored-entry.js';

/** A stored result with all it depends on, for listings and explanations. */
export interface StoredResult extends Omit<StoredEntry, 'observers'> {
  /** Opaque id: 32 hexadecimal digits. */
  readonly name: string;
  /** When it was stored, in milliseconds since the epoch. */
  readonly stored: number;
  readonly observations: readonly Observation[];
}

/** Throws DamagedRecord when the entry is gone or is not as it was stored. */
export async function loadResult(transaction: Transaction, name: string): Promise<StoredResult> {
  const { observers, ...entry } = await loadEntry(transaction, name);
  const [row] = await transaction.all<{ key: Digest; groups: Uint8Array; stored: number }>(
    'SELECT key, groups, stored FROM entry WHERE name = ?',
    [name],
  );
  if (row === undefined) throw new DamagedRecord(`entry ${name} is missing`);
  const ids = unpackIds(row.groups);
  const loaded = await loadGroups(transaction, ids);
  const groups = ids.map((id) => {
    const group = loaded.get(id);
    if (group === undefined) throw new DamagedRecord(`observation group ${id} is missing`);
    return group;
  });
  const digests = groups.map((group) => group.digest);
  if (entryName(row.key, digests) !== name) {
    throw new DamagedRecord(`entry ${name} has other groups`);
  }
  const facts = groups.flatMap(decodeGroup);
  if (facts.length !== observers.length) throw new DamagedRecord(`entry ${name}: observers`);
  const observations = facts.map((fact, index): Observation => ({
    ...fact,
    observer: observers[index] ?? -1,
  }));
  return { ...entry, name, stored: Math.floor(row.stored / 1000), observations };
}
