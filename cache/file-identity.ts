import { lstatSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { EntryKind } from './observation.js';
import type { DiskPath } from './path-on-disk.js';

/**
 * What identifies a file's present content without reading it: a file with the same text has not
 * been changed, as far as its timestamps can tell (see FileMemo).
 */
export function fileIdentity(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

/** The same for all names of a file, and for no other file at the time. */
export function inodeOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

/** lstat with nanoseconds; undefined when nothing is there (ENOENT, ENOTDIR). Throws other errors. */
export function lstatOrAbsent(path: DiskPath): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export function entryKind(stat: BigIntStats): EntryKind {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  return 'other';
}

/** Owner-executable: the one part of the mode that counts for inputs. */
export function isExecutable(stat: BigIntStats): boolean {
  return (stat.mode & 0o100n) !== 0n;
}

export function permissionBits(stat: BigIntStats): number {
  return Number(stat.mode & 0o777n);
}
