import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../cache/brands.js';
import { LAST_DETAILS as fileName, makeCacheRoot } from '../../cache/cache-directory.js';
import { replaceFile } from '../../cache/replace-file.js';

/** Keeps the details of the last `vt run`, for `--last-details`. Returns whether it could. */
export function keepLastDetails(cacheDirectory: AbsolutePath, text: string): boolean {
  try {
    makeCacheRoot(cacheDirectory);
  } catch {
    // The cache itself has warned: a run is none the worse for what cannot be kept of it.
    return false;
  }
  return replaceFile(path.join(cacheDirectory, fileName), text);
}

/** Forgets the last run; a file that cannot be removed stays. */
export function removeLastDetails(cacheDirectory: AbsolutePath): void {
  try {
    rmSync(path.join(cacheDirectory, fileName), { force: true });
  } catch {
    // Whatever is in the way of this will be in the way of cleaning the cache, which reports it.
  }
}

/** What the last `vt run` kept; undefined when there is none. */
export function readLastDetails(cacheDirectory: AbsolutePath): string | undefined {
  try {
    return readFileSync(path.join(cacheDirectory, fileName), 'utf8');
  } catch {
    return undefined;
  }
}
