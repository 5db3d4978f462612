import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as wire from '../proto/generated/vt/cache/v1/key.js';
import type { AbsolutePath } from './brands.js';
import { decodeAttempt, encodeAttempt } from './attempt-codec.js';
import type { EncodableAttempt } from './attempt-codec.js';
import type { Attempt } from './attempt.js';
import { contentDigest } from './content-digest.js';
import { DamagedRecord, decodeRecord } from './damaged-record.js';
import type { Transaction } from './index-database.js';
import { keyFromMessage, keyToMessage } from './key-codec.js';
import type { KeyParts } from './key.js';
import { decodeManifest, decodeRestoration, encodeManifest } from './stored-entry.js';
import type { ManifestItem } from './stored-entry.js';

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
    `SELECT key FROM last_run WHERE task = ? AND key IS NOT NULL
     ORDER BY workspace = ? DESC, used DESC LIMIT 1`,
    [task, workspace],
  );
  if (row === undefined) return undefined;
  return whole(() => keyOf(row.key));
}

/** What the task wrote in this workspace last; empty when that is not known. */
export async function lastManifest(
  transaction: Transaction,
  workspace: string,
  task: string,
): Promise<ManifestItem[]> {
  return [...(await new LastManifest(workspace, task).read(transaction))];
}

/** `lastManifest` for who asks again and again: what has not changed is not decoded again. */
export class LastManifest {
  readonly #workspace: string;
  readonly #task: string;
  #bytes: Uint8Array | undefined;
  #items: readonly ManifestItem[] = [];

  constructor(workspace: string, task: string) {
    this.#workspace = workspace;
    this.#task = task;
  }

  async read(transaction: Transaction): Promise<readonly ManifestItem[]> {
    const bytes = await manifestBytes(transaction, this.#workspace, this.#task);
    if (bytes === undefined) return [];
    if (this.#bytes === undefined || Buffer.compare(bytes, this.#bytes) !== 0) {
      this.#items = whole(() => decodeManifest(bytes)) ?? [];
      this.#bytes = bytes;
    }
    return this.#items;
  }
}

async function manifestBytes(
  transaction: Transaction,
  workspace: string,
  task: string,
): Promise<Uint8Array | undefined> {
  const [row] = await transaction.all<{ manifest: Uint8Array }>(
    'SELECT manifest FROM last_run WHERE workspace = ? AND task = ?',
    [workspace, task],
  );
  return row?.manifest;
}

/** Token of the restore that the last run was; undefined for an execution or a task never seen. */
export async function lastRestoration(
  transaction: Transaction,
  workspace: string,
  task: string,
): Promise<string | undefined> {
  const bytes = await manifestBytes(transaction, workspace, task);
  return bytes && whole(() => decodeRestoration(bytes));
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

/** What is kept of the last result that a task stored or restored in a workspace. */
export interface LastRun {
  readonly key: KeyParts;
  readonly manifest: readonly ManifestItem[];
  /** Token of the restore that it was; none for an execution. */
  readonly restoration?: string;
  readonly attempt: EncodableAttempt;
}

export async function recordLastRun(
  transaction: Transaction,
  workspace: string,
  task: string,
  { key, manifest, restoration, attempt }: LastRun,
): Promise<void> {
  const body = encodeAttempt(attempt);
  await transaction.run(
    `INSERT OR REPLACE INTO last_run
       (workspace, task, key, manifest, used, attempt, attempt_checksum)
     VALUES (?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM last_run), ?, ?)`,
    [
      workspace,
      task,
      wire.KeyParts.encode(keyToMessage(key)).finish(),
      encodeManifest(manifest, restoration),
      body,
      contentDigest(body),
    ],
  );
}

/** Notes how a run went that left no result: what the task wrote last stays as it was. */
export async function recordAttempt(
  transaction: Transaction,
  workspace: string,
  task: string,
  attempt: Attempt,
): Promise<void> {
  const body = encodeAttempt(attempt);
  await transaction.run(
    `INSERT INTO last_run (workspace, task, key, manifest, used, attempt, attempt_checksum)
     VALUES (?, ?, NULL, x'', 0, ?, ?)
     ON CONFLICT (workspace, task) DO UPDATE
       SET attempt = excluded.attempt, attempt_checksum = excluded.attempt_checksum`,
    [workspace, task, body, contentDigest(body)],
  );
}

/** How the last runs went in a workspace: of all tasks, or of one. */
export async function lastAttempts(
  transaction: Transaction,
  workspace: string,
  task?: string,
): Promise<ReadonlyMap<string, Attempt>> {
  const rows = await transaction.all<AttemptRow>(
    `SELECT task, key, attempt, attempt_checksum AS checksum FROM last_run
     WHERE workspace = ?1 AND (?2 IS NULL OR task = ?2) ORDER BY task`,
    [workspace, task ?? null],
  );
  return new Map(
    rows.flatMap((row) => {
      const attempt = whole(() => attemptOf(row));
      return attempt === undefined ? [] : [[row.task, attempt] as const];
    }),
  );
}

/** When the last runs of tasks were over that are known, by `[workspace, task]` in JSON. */
export async function attemptsEnded(
  transaction: Transaction,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await transaction.all<{ name: string; attempt: Uint8Array }>(
    `SELECT name.value AS name, attempt FROM json_each(?) AS name
     JOIN last_run ON workspace = name.value ->> 0 AND task = name.value ->> 1`,
    [JSON.stringify(names)],
  );
  return new Map(
    rows.flatMap(({ name, attempt }) => {
      const ended = whole(() => decodeAttempt(attempt))?.ended;
      return ended === undefined ? [] : [[name, ended] as const];
    }),
  );
}

interface AttemptRow {
  readonly task: string;
  readonly key: Uint8Array | null;
  readonly attempt: Uint8Array;
  readonly checksum: string;
}

function attemptOf(row: AttemptRow): Attempt {
  if (contentDigest(row.attempt) !== row.checksum) throw new DamagedRecord('attempt: other bytes');
  const attempt = decodeAttempt(row.attempt);
  const { key = row.key && keyOf(row.key) } = attempt;
  if (!key) throw new DamagedRecord('attempt: key');
  return { ...attempt, key };
}

function keyOf(bytes: Uint8Array): KeyParts {
  return decodeRecord('key', () => keyFromMessage(wire.KeyParts.decode(bytes)));
}

/** Forgets workspaces that are no longer where they were: git worktrees that were removed or moved. */
export async function forgetLostWorkspaces(
  transaction: Transaction,
  cache: AbsolutePath,
): Promise<void> {
  const rows = await transaction.all<{ workspace: string }>('SELECT workspace FROM last_run');
  const lost = [...new Set(rows.map((row) => row.workspace))].filter(
    (workspace) => !existsSync(join(cache, workspace)),
  );
  await transaction.run(
    'DELETE FROM last_run WHERE workspace IN (SELECT value FROM json_each(?))',
    [JSON.stringify(lost)],
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
