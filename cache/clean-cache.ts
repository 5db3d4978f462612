import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath } from './brands.js';
import { undoAllRestores } from './interrupted-restores.js';
import { MARKER_FILES, STORE_NAME, cacheLayout } from './cache-directory.js';

/** What `cleanCache` did. */
export type CleanOutcome =
  | { readonly kind: 'cleaned'; readonly stores: number }
  | { readonly kind: 'failed'; readonly path: string; readonly detail: string };

/**
 * Removes the stores of all versions of vt from a cache directory, and the directory if nothing
 * else is in it. Other people's files stay. Other processes may be using the cache: they lose it,
 * with a warning. Throws nothing for an unreadable or missing directory.
 */
export function cleanCache(directory: AbsolutePath): CleanOutcome {
  let stores = 0;
  let path: string = directory;
  try {
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
      return { kind: 'cleaned', stores };
    }
    for (const name of readdirSync(directory)) {
      path = join(directory, name);
      if (!STORE_NAME.test(name) || !looksLikeStore(path)) continue;
      if (path === cacheLayout(directory).store) undoAllRestores(cacheLayout(directory));
      discardFolder(path);
      stores++;
    }
    path = directory;
    removeMarkers(directory);
    return { kind: 'cleaned', stores };
  } catch (error) {
    return { kind: 'failed', path, detail: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/** Removes this version's store, at once for all who look for it, so that a new one can be made. */
export function discardStore(root: AbsolutePath): void {
  undoAllRestores(cacheLayout(root));
  discardFolder(cacheLayout(root).store);
}

function discardFolder(path: string): void {
  const trash = path.includes('.trash-') ? path : `${path}.trash-${randomBytes(6).toString('hex')}`;
  if (trash !== path) renameSync(path, trash);
  rmSync(trash, { recursive: true, force: true });
}

/** Whether a folder with a store's name is one: somebody else may have a folder named v1. */
export function looksLikeStore(path: string): boolean {
  if (!lstatSync(path).isDirectory()) return false;
  const ours = ['index.db', 'blobs', 'tmp'];
  const names = readdirSync(path);
  return names.length === 0 || names.some((name) => ours.includes(name));
}

function removeMarkers(directory: AbsolutePath): void {
  if (readdirSync(directory).some((name) => !MARKER_FILES.has(name))) return;
  for (const [name, text] of MARKER_FILES) {
    const path = join(directory, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) continue;
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  }
  if (readdirSync(directory).length === 0) rmdirSync(directory);
}
