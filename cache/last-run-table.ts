import { relative } from 'node:path';
import * as wire from '../proto/generated/vt/cache/v1/key.js';
import type { AbsolutePath } from './brands.js';
import { DamagedRecord, decodeRecord } from './damaged-record.js';
import type { Transaction } from './index-database.js';
import { keyFromMessage, keyToMessage } from './key-codec.js';
import type { KeyParts } from './key.js';
import { decodeManifest, encodeManifest } from './stored-entry.js';
import type { ManifestItem } from './stored-entry.js';

/**
 * Which workspace a row is about. Relative to the cache, so that it still is the same one in a
 * copy that has the cache inside; workspaces that share a cache have different ones.
 */
export function workspaceName(cache: AbsolutePath, workspace: AbsolutePath): string {
  return relative(cache, workspace);
}

/**
 * The key the task had last: in this workspace, else in the one where it was stored or restored
 * most recently. Undefined for a task never seen.
 */
export async function lastKey(
  transaction: Transaction,
  workspace: string,
  task: string,
): Promise<KeyParts | undefined> {
  const [row] = await transaction.all<{ key: Uint8Array }>(
    'SELECT key FROM last_run WHERE task = ? ORDER BY workspace = ? DESC, used DESC LIMIT 1',
    [task, workspace],
  );
  if (row === undefined) return undefined;
  return whole(() => decodeRecord('key', () => keyFromMessage(wire.KeyParts.decode(row.key))));
}

/** What the task wrote in this workspace last; empty when that is not known. */
export async function lastManifest(
  transaction: Transaction,
  workspace: string,
  task: string,
): Promise<ManifestItem[]> {
  const [row] = await transaction.all<{ manifest: Uint8Array }>(
    'SELECT manifest FROM last_run WHERE workspace = ? AND task = ?',
    [workspace, task],
  );
  return (row && whole(() => decodeManifest(row.manifest))) ?? [];
}

/** What other tasks wrote in this workspace last. */
export async function otherManifests(
  transaction: Transaction,
  workspace: string,
  task: string,
): Promise<ManifestItem[]> {
  const rows = await transaction.all<{ manifest: Uint8Array }>(
    'SELECT manifest FROM last_run WHERE workspace = ? AND task <> ?',
    [workspace, task],
  );
  return rows.flatMap((row) => whole(() => decodeManifest(row.manifest)) ?? []);
}

export async function recordLastRun(
  transaction: Transaction,
  workspace: string,
  task: string,
  key: KeyParts,
  manifest: readonly ManifestItem[],
): Promise<void> {
  await transaction.run(
    `INSERT OR REPLACE INTO last_run (workspace, task, key, manifest, used)
     VALUES (?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM last_run))`,
    [workspace, task, wire.KeyParts.encode(keyToMessage(key)).finish(), encodeManifest(manifest)],
  );
}

/** A damaged row is as good as none: it only explains, or keeps files from being tidied away. */
function whole<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}
