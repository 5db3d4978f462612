import { closeSync, lstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { EntryKind } from '../../../cache/observation.js';
import { expandGlobs } from '../../workspace/glob/expand-globs.js';

/** The workspace after the run, as far as deriving needs it. */
export interface WorkspaceView {
  kind(path: WorkspacePath): EntryKind | 'absent';
  /** Whether the directory is marked as a cache (https://bford.info/cachedir/). */
  hasCacheTag(directory: WorkspacePath): boolean;
  /** An absolute path with the symlinks of its existing part resolved. */
  physical(path: string): string;
  /** The text of a symlink; undefined if it is none. */
  linkTarget(path: WorkspacePath): string | undefined;
  /** Files that the globs match. */
  expandGlobs(include: readonly string[], exclude: readonly string[]): readonly WorkspacePath[];
}

const CACHE_TAG_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** The file system below `root`, which is physical. */
export function viewWorkspace(root: AbsolutePath): WorkspaceView {
  return {
    kind: (path) => kindOf(join(root, path)),
    hasCacheTag: (directory) => startsWithTag(join(root, directory, 'CACHEDIR.TAG')),
    physical(path) {
      const missing: string[] = [];
      for (let existing = path; ; existing = dirname(existing)) {
        try {
          return join(realpathSync.native(existing), ...missing);
        } catch {
          if (existing === '/') return path;
          missing.unshift(existing.slice(existing.lastIndexOf('/') + 1));
        }
      }
    },
    linkTarget(path) {
      try {
        return readlinkSync(join(root, path));
      } catch {
        return undefined;
      }
    },
    expandGlobs: (include, exclude) => expandGlobs(root, include, exclude),
  };
}

function kindOf(path: string): EntryKind | 'absent' {
  try {
    // Most looks of tools are at paths that do not exist: an exception for each would be slow.
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 'absent';
    if (stat.isFile()) return 'file';
    if (stat.isDirectory()) return 'directory';
    return stat.isSymbolicLink() ? 'symlink' : 'other';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Tools look below files, too.
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return 'absent';
    // Something may be there that cannot be looked at.
    return 'other';
  }
}

function startsWithTag(file: string): boolean {
  let descriptor: number;
  try {
    if (!lstatSync(file).isFile()) return false;
    descriptor = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(CACHE_TAG_SIGNATURE.length);
    readSync(descriptor, start, 0, start.length, 0);
    return start.toString('latin1') === CACHE_TAG_SIGNATURE;
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}
