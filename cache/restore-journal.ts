import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as wire from '../proto/generated/vt/cache/v1/restore.js';
import { isWorkspacePath } from './brands.js';
import type { WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { DamagedRecord, decodeRecord } from './damaged-record.js';
import { isJournalName } from './journal-name.js';
import type { Placement } from './restore-plan.js';
import type { StagedFile } from './staging-folders.js';
import { outputFromMessage, outputToMessage } from './stored-entry.js';

/** One change in the workspace. Modes are permission bits. */
export type RestoreStep = { readonly path: WorkspacePath } & (
  | { readonly kind: 'remove-file'; readonly backup: StagedFile }
  | { readonly kind: 'remove-directory'; readonly mode: number }
  /** Without a mode: as the umask has it. */
  | { readonly kind: 'make-directory'; readonly mode?: number }
  | {
      readonly kind: 'place-output';
      readonly staged: StagedFile;
      /** Where what was there is kept; undefined when nothing was. */
      readonly backup?: StagedFile;
      readonly output: Placement;
    }
);

/** What a restore changes in a workspace, so that others can undo it. */
export interface RestoreJournal {
  /** Names the restore: `journal-<token>`, `restore-<token>`. */
  readonly token: string;
  /** See workspaceName. */
  readonly workspace: string;
  readonly root: { readonly device: bigint; readonly inode: bigint };
  readonly task: string;
  /** Staging folders outside the cache. */
  readonly places: readonly WorkspacePath[];
  readonly steps: readonly RestoreStep[];
}

function journalPath(layout: CacheLayout, token: string): string {
  return join(layout.temporary, `journal-${token}`);
}

export function hasJournal(layout: CacheLayout, token: string): boolean {
  return existsSync(journalPath(layout, token));
}

/** Writes or replaces a journal: it is there whole or not at all. Throws file system errors. */
export function writeJournal(layout: CacheLayout, journal: RestoreJournal): void {
  const temporary = join(layout.temporary, `unfinished-${journal.token}`);
  try {
    writeFileSync(temporary, encodeJournal(journal), { mode: 0o600 });
    renameSync(temporary, journalPath(layout, journal.token));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Undefined when it is gone. Throws DamagedRecord and other file system errors. */
export function readJournal(layout: CacheLayout, name: string): RestoreJournal | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(layout.temporary, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return decodeRecord(name, () => journalFromMessage(wire.RestoreJournal.decode(bytes)));
}

export function removeJournal(layout: CacheLayout, token: string): void {
  rmSync(journalPath(layout, token), { force: true });
}

function encodeJournal({ root, places, steps, ...journal }: RestoreJournal): Uint8Array {
  return wire.RestoreJournal.encode({
    ...journal,
    rootDevice: root.device,
    rootInode: root.inode,
    places: [...places],
    steps: steps.map((step) => ({ path: step.path, change: changeToMessage(step) })),
  }).finish();
}

function journalFromMessage(message: wire.RestoreJournal): RestoreJournal {
  const { token, workspace, rootDevice, rootInode, task, places, steps } = message;
  if (!isJournalName(`journal-${token}`)) throw new DamagedRecord('journal: token');
  return {
    token,
    workspace,
    root: { device: rootDevice, inode: rootInode },
    task,
    places: places.map(checkedPath),
    steps: steps.map(({ path, change }) => stepFromMessage(checkedPath(path), change)),
  };
}

function changeToMessage(step: RestoreStep): NonNullable<wire.RestoreStep['change']> {
  switch (step.kind) {
    case 'remove-file':
      return { $case: 'removeFile', value: { backup: step.backup } };
    case 'remove-directory':
      return { $case: 'removeDirectory', value: { mode: step.mode } };
    case 'make-directory':
      return { $case: 'makeDirectory', value: { mode: step.mode } };
    case 'place-output': {
      const { staged, backup } = step;
      const output = outputToMessage(step.output, false);
      return { $case: 'placeOutput', value: { staged, backup, output } };
    }
  }
}

function stepFromMessage(path: WorkspacePath, change: wire.RestoreStep['change']): RestoreStep {
  switch (change?.$case) {
    case 'removeFile':
      return { path, kind: 'remove-file', backup: present(change.value.backup) };
    case 'removeDirectory':
      return { path, kind: 'remove-directory', mode: change.value.mode };
    case 'makeDirectory': {
      const { mode } = change.value;
      return { path, kind: 'make-directory', ...(mode === undefined ? {} : { mode }) };
    }
    case 'placeOutput': {
      const { staged, backup } = change.value;
      const output = outputFromMessage(present(change.value.output));
      if (output.kind !== 'file' && output.kind !== 'symlink') {
        throw new DamagedRecord('journal: output');
      }
      return {
        path,
        kind: 'place-output',
        staged: present(staged),
        ...(backup === undefined ? {} : { backup }),
        output,
      };
    }
    case undefined:
      throw new DamagedRecord('journal: change');
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new DamagedRecord('journal: field');
  return value;
}

function checkedPath(path: string): WorkspacePath {
  if (path === '' || !isWorkspacePath(path)) throw new DamagedRecord('journal: path');
  return path;
}
