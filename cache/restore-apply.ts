import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import type { WorkspacePath } from './brands.js';
import { lstatOrAbsent, permissionBits } from './file-identity.js';
import { onDisk } from './path-on-disk.js';
import type { DiskPath } from './path-on-disk.js';
import type { RestoreStep } from './restore-journal.js';
import type { RestorePlan } from './restore-plan.js';
import type { Staging } from './staging.js';
import { stagedPath } from './staging-folders.js';
import type { StagingFolders } from './staging-folders.js';

/** Thrown when a plan could not be carried out. */
export class ApplyFailure extends Error {
  constructor(
    readonly path: WorkspacePath,
    /** An errno name. */
    readonly code: string,
    cause: unknown,
  ) {
    super(`${code}: ${path}`, { cause });
  }
}

/** The changes that carry out a plan whose placements are staged, in order. Makes staging folders. */
export function restoreSteps(plan: RestorePlan, staging: Staging): RestoreStep[] {
  const steps: RestoreStep[] = [];
  for (const path of plan.removals) {
    steps.push({ path, kind: 'remove-file', backup: staging.reserve(path) });
  }
  for (const path of plan.emptied) {
    const mode = permissionBits(lstatSync(onDisk(staging.root, path), { bigint: true }));
    steps.push({ path, kind: 'remove-directory', mode });
  }
  for (const directory of plan.directories) steps.push({ ...directory, kind: 'make-directory' });
  const removed = new Set([...plan.removals, ...plan.emptied]);
  for (const output of plan.placements) {
    const { path } = output;
    const staged = staging.staged(path);
    if (staged === undefined) throw new Error(`${path} was not staged`);
    const isFree =
      plan.made.has(path) ||
      removed.has(path) ||
      lstatOrAbsent(onDisk(staging.root, path)) === undefined;
    const backup = isFree ? {} : { backup: staging.reserve(path) };
    steps.push({ path, kind: 'place-output', staged, ...backup, output });
  }
  return steps;
}

/**
 * Makes the changes. What is replaced or removed is kept in the staging folders. A replaced file is
 * never missing: it is linked to its backup and then renamed over. Throws ApplyFailure; what was
 * done until then is to be undone by `rollBack`.
 */
export function applyRestore(folders: StagingFolders, steps: readonly RestoreStep[]): void {
  for (const step of steps) {
    attempt(step.path, () => applyStep(onDisk(folders.root, step.path), step, folders));
  }
  // Last, and the innermost first: a directory may have to be read-only.
  for (const step of [...steps].reverse()) {
    const mode = step.kind === 'make-directory' ? step.mode : undefined;
    if (mode === undefined) continue;
    attempt(step.path, () => chmodSync(onDisk(folders.root, step.path), mode));
  }
}

function applyStep(target: DiskPath, step: RestoreStep, folders: StagingFolders): void {
  switch (step.kind) {
    case 'remove-file':
      renameSync(target, stagedPath(folders, step.backup));
      break;
    case 'remove-directory':
      rmdirSync(target);
      break;
    case 'make-directory':
      mkdirSync(target);
      break;
    case 'place-output':
      if (step.backup !== undefined) keep(target, stagedPath(folders, step.backup));
      renameSync(stagedPath(folders, step.staged), target);
      break;
  }
}

function keep(target: DiskPath, backup: DiskPath): void {
  try {
    linkSync(target, backup);
  } catch {
    // Not every file system and not every owner's file can be linked: then it is moved.
    renameSync(target, backup);
  }
}

/** Makes a file system error one about this path of the workspace. */
export function attempt(path: WorkspacePath, change: () => void): void {
  try {
    change();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ApplyFailure(path, code, error);
  }
}
