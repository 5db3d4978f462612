import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AbsolutePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { DamagedRecord } from './damaged-record.js';
import type { IndexDatabase, Transaction } from './index-database.js';
import { lastRestoration } from './last-run-table.js';
import { isJournalName, tokenOf } from './journal-name.js';
import { hasJournal, readJournal, removeJournal } from './restore-journal.js';
import type { RestoreJournal } from './restore-journal.js';
import { rollBack } from './restore-rollback.js';
import type { Leftover } from './restore-rollback.js';
import type { Staging } from './staging.js';
import { removeStaging } from './staging-folders.js';
import { isOfLiving, sweepTemporary } from './temporary-names.js';
import { workspaceName } from './workspace-name.js';

/** Milliseconds after which the workspace of a journal is taken to be gone for good. */
const FORGOTTEN_AGE = 30 * 24 * 60 * 60 * 1000;

/** A restore was broken off here and cannot be undone now: the workspace is in no valid state. */
export class UnsettledRestore extends Error {
  override readonly name = 'UnsettledRestore';

  constructor(readonly leftover: Leftover) {
    super(`an interrupted restore cannot be undone: ${leftover.code} ${leftover.path}`);
  }
}

/**
 * Whether a restore in this workspace is under way or was broken off: only with the lock of the
 * index can these be told apart. Costs one listing of a folder that is nearly always empty. Throws
 * file system errors.
 */
export function hasOpenRestore(root: AbsolutePath, layout: CacheLayout): boolean {
  return openRestores(root, layout).length > 0;
}

/**
 * Undoes the restores in this workspace that were broken off, or tidies up after those that were
 * complete. To be called within a write transaction: whoever has the lock knows that the writer of
 * any journal is dead, as one who lives holds the lock until its journal is settled.
 *
 * Throws UnsettledRestore and file system errors; to be tried again then.
 */
export async function settleRestores(
  transaction: Transaction,
  root: AbsolutePath,
  layout: CacheLayout,
): Promise<void> {
  for (const { token, places, steps, workspace, task } of openRestores(root, layout)) {
    const folders = { root, layout, token, places };
    if ((await lastRestoration(transaction, workspace, task)) !== token) {
      const [leftover] = rollBack(folders, steps);
      if (leftover !== undefined) throw new UnsettledRestore(leftover);
    }
    removeJournal(layout, token);
    removeStaging(folders);
  }
}

/** After a restore that was recorded, or changed nothing. What cannot be removed is left to others. */
export function tidyUp(staging: Staging, hasJournal: boolean): void {
  try {
    // In this order: a journal says that the folders are as the restore left them.
    if (hasJournal) removeJournal(staging.layout, staging.token);
    if (staging.isUsed) removeStaging(staging);
  } catch {
    // The index knows that it is complete.
  }
}

/**
 * After a restore of this process that failed: where its journal is still there, ends it by what
 * the index says of it. Throws errors of the index and the file system; the next process tries
 * again then.
 */
export async function settleOwn(
  staging: Staging,
  { index }: { readonly index: IndexDatabase },
): Promise<void> {
  const { root, layout, token } = staging;
  if (hasJournal(layout, token)) {
    await index.write((transaction) => settleRestores(transaction, root, layout));
  } else if (staging.isUsed) removeStaging(staging);
}

/** Milliseconds that a restore of a living process may take once it has begun to change files. */
const RESTORE_PATIENCE = 5_000;

/**
 * Before a store goes, and with it what would undo the restores that were broken off: undoes them in
 * all workspaces that are still there, and lets those of living processes end. Without the index:
 * one that was complete is undone as well, which is as good where nothing of it is remembered. What
 * cannot be undone is given up. Never throws.
 */
export function undoAllRestores(layout: CacheLayout): void {
  const end = performance.now() + RESTORE_PATIENCE;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const name of journalsIn(layout)) {
    while (isOfLiving(name) && existsSync(join(layout.temporary, name))) {
      if (performance.now() > end) return;
      Atomics.wait(pause, 0, 0, 5);
    }
    try {
      const journal = readJournal(layout, name);
      if (journal === undefined) continue;
      const { token, places, steps, workspace } = journal;
      const root = resolve(layout.root, workspace) as AbsolutePath;
      if (!isAbout(journal, root, layout)) continue;
      const folders = { root, layout, token, places };
      if (rollBack(folders, steps).length === 0) {
        removeJournal(layout, token);
        removeStaging(folders);
      }
    } catch {
      // Damaged, or the workspace is gone.
    }
  }
}

function journalsIn(layout: CacheLayout): string[] {
  try {
    return readdirSync(layout.temporary).filter(isJournalName);
  } catch {
    return [];
  }
}

/** Removes what dead processes left in the temporary folder, but for restores to be undone. */
export function sweepLeftovers(layout: CacheLayout): void {
  const names = readdirSync(layout.temporary);
  const open = new Set<string>();
  for (const name of names) {
    const token = tokenOf(name);
    if (token === undefined) continue;
    const stat = lstatSync(join(layout.temporary, name), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (Date.now() - stat.mtimeMs > FORGOTTEN_AGE) removeJournal(layout, token);
    else open.add(token);
  }
  sweepTemporary(
    layout.temporary,
    names.filter((name) => !isJournalName(name) && !open.has(name.replace(/^[a-z]+-/, ''))),
  );
}

function openRestores(root: AbsolutePath, layout: CacheLayout): RestoreJournal[] {
  return readdirSync(layout.temporary)
    .filter(isJournalName)
    .flatMap((name) => {
      try {
        const journal = readJournal(layout, name);
        return journal !== undefined && isAbout(journal, root, layout) ? [journal] : [];
      } catch (error) {
        if (!(error instanceof DamagedRecord)) throw error;
        // Written whole, so that only a power cut can have damaged it: nothing can be known.
        removeJournal(layout, tokenOf(name) ?? '');
        return [];
      }
    });
}

/**
 * A workspace with its cache inside may be moved or copied, with journal and all. One with its
 * cache elsewhere may be moved; another that came in its place has nothing to do with the journal.
 */
function isAbout(journal: RestoreJournal, root: AbsolutePath, layout: CacheLayout): boolean {
  const hasName = journal.workspace === workspaceName(layout.root, root);
  const isInside = journal.workspace.split('/').every((segment) => segment === '..');
  if (hasName && isInside) return true;
  // Devices are numbered anew at each start of the system.
  const { dev, ino } = lstatSync(root, { bigint: true });
  return ino === journal.root.inode && (hasName || dev === journal.root.device);
}
