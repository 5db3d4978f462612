import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { contentDigest } from './content-digest.js';
import { inodeOf, lstatOrAbsent, permissionBits } from './file-identity.js';
import { fromBytes, onDisk } from './path-on-disk.js';
import type { DiskPath } from './path-on-disk.js';
import { ancestorsOf } from './path-parts.js';
import type { RestoreStep } from './restore-journal.js';
import { stagedPath } from './staging-folders.js';
import type { StagingFolders } from './staging-folders.js';

/** A change that could not be undone. */
export interface Leftover {
  readonly path: WorkspacePath;
  /** An errno name. */
  readonly code: string;
}

/**
 * Undoes the changes of a restore that was broken off anywhere: killed between two system calls, or
 * in the middle of an earlier roll-back. How far it came is told by what is there: a backup exists
 * only once a file was about to be replaced, a staged file only until it is in place. What somebody
 * else put in the place of what the restore had made since then stays.
 *
 * Must be called with the lock of the index, and with staging folders as the restore left them.
 * Gives what could not be undone; it may be tried again.
 */
export function rollBack(folders: StagingFolders, steps: readonly RestoreStep[]): Leftover[] {
  const leftovers: Leftover[] = [];
  const { root } = folders;
  const attempt = (path: WorkspacePath, undo: () => void) => {
    try {
      // Somebody may have put a symlink there meanwhile: what is behind it is not ours.
      if (isReached(root, path)) undo();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      leftovers.push({ path, code });
    }
  };
  for (const step of steps) {
    if (step.kind !== 'make-directory' || step.mode === undefined) continue;
    attempt(step.path, () => makeWritable(onDisk(root, step.path)));
  }
  for (const step of [...steps].reverse()) {
    attempt(step.path, () => undoStep(onDisk(root, step.path), step, folders));
  }
  return leftovers;
}

function undoStep(target: DiskPath, step: RestoreStep, folders: StagingFolders): void {
  switch (step.kind) {
    case 'remove-file': {
      const backup = stagedPath(folders, step.backup);
      if (exists(backup) && !exists(target)) renameSync(backup, target);
      break;
    }
    case 'remove-directory': {
      if (!exists(target)) mkdirSync(target);
      const stat = lstatSync(target, { bigint: true });
      if (stat.isDirectory() && permissionBits(stat) !== step.mode) chmodSync(target, step.mode);
      break;
    }
    case 'make-directory':
      removeIfEmpty(target, step.mode);
      break;
    case 'place-output': {
      const now = lstatOrAbsent(target);
      const backup = step.backup && stagedPath(folders, step.backup);
      const kept = backup === undefined ? undefined : lstatOrAbsent(backup);
      if (backup === undefined) {
        const wasPlaced = !exists(stagedPath(folders, step.staged));
        if (wasPlaced && now !== undefined && isPlaced(target, step)) unlinkSync(target);
      } else if (kept !== undefined) {
        const isFree = now === undefined;
        if (isFree || (inodeOf(kept) !== inodeOf(now) && isPlaced(target, step))) {
          renameSync(backup, target);
        }
      }
      break;
    }
  }
}

/** Whether what is there is what the restore had put there. */
function isPlaced(
  target: DiskPath,
  { output }: Extract<RestoreStep, { kind: 'place-output' }>,
): boolean {
  const stat = lstatSync(target, { bigint: true });
  if (output.kind === 'symlink') {
    return (
      stat.isSymbolicLink() &&
      fromBytes(readlinkSync(target, { encoding: 'buffer' })) === output.target
    );
  }
  if (!stat.isFile() || stat.size !== output.size || permissionBits(stat) !== output.mode) {
    return false;
  }
  return contentDigest(readFileSync(target)) === output.digest;
}

function makeWritable(directory: DiskPath): void {
  const stat = lstatOrAbsent(directory);
  if (stat?.isDirectory() !== true || (stat.mode & 0o300n) === 0o300n) return;
  chmodSync(directory, permissionBits(stat) | 0o700);
}

function removeIfEmpty(directory: DiskPath, mode: number | undefined): void {
  if (lstatOrAbsent(directory)?.isDirectory() !== true) return;
  try {
    rmdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    // Somebody has put something there: it becomes theirs.
    if (mode !== undefined) chmodSync(directory, mode);
  }
}

function exists(path: DiskPath): boolean {
  return lstatOrAbsent(path) !== undefined;
}

/** Whether all that is above the path are directories. */
function isReached(root: AbsolutePath, path: WorkspacePath): boolean {
  for (const above of ancestorsOf(path)) {
    if (lstatOrAbsent(onDisk(root, above))?.isDirectory() !== true) return false;
  }
  return true;
}
