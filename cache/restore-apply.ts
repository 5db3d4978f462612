import { chmodSync, linkSync, mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { permissionBits, lstatOrAbsent } from './file-identity.js';
import type { RestorePlan } from './restore-plan.js';
import type { Staging } from './staging.js';

/** The changes a restore makes in the workspace; a parameter so that tests can let one fail. */
export interface FileOperations {
  rename(from: string, to: string): void;
  link(existing: string, path: string): void;
  makeDirectory(path: string): void;
  removeDirectory(path: string): void;
  changeMode(path: string, mode: number): void;
}

export const fileOperations: FileOperations = {
  rename: renameSync,
  link: linkSync,
  makeDirectory: (path) => mkdirSync(path),
  removeDirectory: (path) => rmdirSync(path),
  changeMode: chmodSync,
};

/** Thrown when a plan could not be carried out. Everything done before was undone. */
export class ApplyFailure extends Error {
  constructor(
    readonly path: WorkspacePath,
    readonly code: string,
    /** Steps that could not be undone; empty unless somebody interfered. */
    readonly leftovers: readonly string[],
    cause: unknown,
  ) {
    super(`${code}: ${path}`, { cause });
  }
}

/**
 * Carries out a plan whose placements are staged: all of it or nothing. What is replaced or
 * removed is kept in the staging place until the end, and put back when a step fails. A replaced
 * file is never missing: it is linked to its backup and then renamed over. Returns what undoes it
 * all as long as the staging place is there, and gives the paths where that failed: their backups
 * are then the only copy.
 */
export function applyRestore(
  root: AbsolutePath,
  plan: RestorePlan,
  staging: Staging,
  operations: FileOperations = fileOperations,
): () => readonly string[] {
  const undo: { readonly what: string; readonly run: () => void }[] = [];
  const undoAll = () => {
    const leftovers: string[] = [];
    for (const { what, run } of undo.reverse()) {
      try {
        run();
      } catch {
        leftovers.push(what);
      }
    }
    return leftovers;
  };
  const step = (path: WorkspacePath, action: (absolute: string) => () => void) => {
    try {
      undo.push({ what: path, run: action(join(root, path)) });
    } catch (error) {
      const leftovers = undoAll();
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      throw new ApplyFailure(path, code, leftovers, error);
    }
  };

  for (const path of plan.removals) {
    step(path, (target) => {
      const backup = staging.newPath(path);
      operations.rename(target, backup);
      return () => operations.rename(backup, target);
    });
  }
  for (const path of plan.emptied) {
    step(path, (target) => {
      const stat = lstatOrAbsent(target);
      const mode = stat && permissionBits(stat);
      operations.removeDirectory(target);
      return () => {
        operations.makeDirectory(target);
        if (mode !== undefined) operations.changeMode(target, mode);
      };
    });
  }
  for (const { path } of plan.directories) {
    step(path, (target) => {
      operations.makeDirectory(target);
      return () => operations.removeDirectory(target);
    });
  }
  for (const { path } of plan.placements) {
    step(path, (target) => place(target, path, staging, operations));
  }
  // Last, and the innermost first: a directory may have to be read-only.
  for (const { path, mode } of [...plan.directories].reverse()) {
    if (mode === undefined) continue;
    step(path, (target) => {
      operations.changeMode(target, mode);
      return () => operations.changeMode(target, 0o700);
    });
  }
  return undoAll;
}

function place(
  target: string,
  path: WorkspacePath,
  staging: Staging,
  operations: FileOperations,
): () => void {
  const staged = staging.staged(path);
  if (staged === undefined) throw new Error(`${path} was not staged`);
  if (lstatOrAbsent(target) === undefined) {
    operations.rename(staged, target);
    return () => operations.rename(target, staged);
  }
  const backup = staging.newPath(path);
  try {
    operations.link(target, backup);
  } catch (error) {
    // Not every file system and not every owner's file can be linked: then it is moved.
    if (lstatOrAbsent(backup) !== undefined) throw error;
    operations.rename(target, backup);
  }
  try {
    operations.rename(staged, target);
  } catch (error) {
    operations.rename(backup, target);
    throw error;
  }
  return () => operations.rename(backup, target);
}
