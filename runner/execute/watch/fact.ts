import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { digestFile } from '../../../cache/file-digest.js';
import { expandGlobs } from '../../workspace/glob/expand-globs.js';

/** Something in the workspace whose change makes a task run again. */
export type Fact =
  /** What is in a file. */
  | { readonly kind: 'content'; readonly path: WorkspacePath }
  /** Whether something is there, and what; of a symlink, where it leads. */
  | { readonly kind: 'look'; readonly path: WorkspacePath }
  /** The names in a directory. */
  | { readonly kind: 'listing'; readonly path: WorkspacePath }
  /** The files that globs match. */
  | {
      readonly kind: 'glob';
      readonly path: WorkspacePath;
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    };

/** A fact as it was; equal for equal states of the disk. */
export type FactState = string;

/** That something is not any more as it was. */
export interface FactChange {
  readonly fact: Fact;
  /** Undefined where it is only known to have changed. */
  readonly before: FactState | undefined;
  readonly now: FactState;
}

export const ABSENT: FactState = 'absent';

export function fileState(digest: string, executable: boolean): FactState {
  return `file ${digest}${executable ? ' x' : ''}`;
}

export function linkState(target: string): FactState {
  return `symlink ${target}`;
}

export function factKey(fact: Fact): string {
  return fact.kind === 'glob'
    ? JSON.stringify([fact.kind, fact.include, fact.exclude])
    : `${fact.kind} ${fact.path}`;
}

/** How it is now. */
export async function factState(root: AbsolutePath, fact: Fact): Promise<FactState> {
  if (fact.kind === 'glob') return expandGlobs(root, fact.include, fact.exclude).join('\0');
  const place = path.join(root, fact.path);
  if (fact.kind === 'listing') {
    try {
      return `names ${readdirSync(place).sort().join('\0')}`;
    } catch {
      return ABSENT;
    }
  }
  try {
    const stat = lstatSync(place);
    if (stat.isSymbolicLink()) return linkState(readlinkSync(place));
    if (stat.isDirectory()) return 'directory';
    if (!stat.isFile()) return 'other';
    if (fact.kind === 'look') return 'file';
    const digested = await digestFile(place);
    // It is being written, or cannot be read: the next event tells more.
    if ('failure' in digested) return digested.failure;
    return fileState(digested.digest, (stat.mode & 0o100) !== 0);
  } catch {
    return ABSENT;
  }
}

/** milliseconds since the epoch of the last change of what is at a path; 0 where nothing is. */
export function changedAt(root: AbsolutePath, { path: place }: Fact): number {
  try {
    return lstatSync(path.join(root, place)).ctimeMs;
  } catch {
    return 0;
  }
}
