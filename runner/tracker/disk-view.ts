import { accessSync, constants, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { EntryKind } from '../../cache/observation.js';

/** What is at a path: the kind, and a symlink's text. `other` also stands for "cannot be told". */
export type DiskEntry =
  | { readonly kind: Exclude<EntryKind, 'symlink'> | 'absent' }
  | { readonly kind: 'symlink'; readonly target: string };

/** The file system after the run, looked at once per path. */
export interface DiskView {
  /** Without following a final symlink. Paths are physical up to their last component. */
  entry(path: string): DiskEntry;
  /** Names in a directory; empty when it cannot be listed. */
  list(path: string): readonly string[];
  /** Whether this user may write the file now. */
  writable(path: string): boolean;
  /** Whether it is a file that its owner may execute. */
  executable(path: string): boolean;
}

const absent: DiskEntry = { kind: 'absent' };

/** The real file system, with every answer kept. */
export function viewDisk(): DiskView {
  const seen = new Map<string, DiskEntry>();
  return {
    entry(path) {
      let entry = seen.get(path);
      if (entry === undefined) {
        entry = look(path);
        seen.set(path, entry);
      }
      return entry;
    },
    list(path) {
      try {
        return readdirSync(path);
      } catch {
        return [];
      }
    },
    writable(path) {
      try {
        accessSync(path, constants.W_OK);
        return true;
      } catch {
        return false;
      }
    },
    executable(path) {
      try {
        const stat = lstatSync(path);
        return stat.isFile() && (stat.mode & 0o100) !== 0;
      } catch {
        return false;
      }
    },
  };
}

function look(path: string): DiskEntry {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return absent;
    if (stat.isFile()) return { kind: 'file' };
    if (stat.isDirectory()) return { kind: 'directory' };
    if (stat.isSymbolicLink()) return { kind: 'symlink', target: readlinkSync(path) };
    return { kind: 'other' };
  } catch (error) {
    // ENAMETOOLONG: no such thing can exist. EACCES, EIO…: something may be there.
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENAMETOOLONG' || code === 'ENOENT' || code === 'ENOTDIR'
      ? absent
      : { kind: 'other' };
  }
}
