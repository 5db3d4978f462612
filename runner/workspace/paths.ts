import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../cache/brands.js';

/**
 * The physical, cleaned form of a path that exists: every symlink resolved.
 * Throws the system's error when it does not exist or cannot be searched.
 */
export function physicalPath(file: string): AbsolutePath {
  return realpathSync.native(file) as AbsolutePath;
}

/** Resolves `file` against `directory` without looking at the disk. */
export function resolvePath(directory: AbsolutePath, file: string): AbsolutePath {
  return path.resolve(directory, file) as AbsolutePath;
}

/** `file` relative to `root`, '' for the root itself; undefined when it lies outside. */
export function workspacePath(root: AbsolutePath, file: AbsolutePath): WorkspacePath | undefined {
  if (file === root) return '' as WorkspacePath;
  const prefix = root === '/' ? '/' : `${root}/`;
  return file.startsWith(prefix) ? (file.slice(prefix.length) as WorkspacePath) : undefined;
}
