import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { STORE_NAME } from './cache-directory.js';
import type { CacheLayout } from './cache-directory.js';
import { looksLikeStore } from './clean-cache.js';

/** Milliseconds after which the removal of a store must have been broken off. */
const ABANDONED_AFTER = 60 * 60 * 1000;

/**
 * Removes the stores of other versions that nobody used for `maxAge` milliseconds, and what is left
 * of stores whose removal was broken off. Returns how many. What cannot be removed stays; throws
 * nothing.
 *
 * @param now milliseconds since the epoch
 */
export function removeOldStores(layout: CacheLayout, maxAge: number, now: number): number {
  let removed = 0;
  for (const name of namesIn(layout.root)) {
    const path = join(layout.root, name);
    if (!STORE_NAME.test(name) || path === layout.store || !isStore(path)) continue;
    const isTrash = name.includes('.trash-');
    const isOld = now - lastUse(path) > (isTrash ? ABANDONED_AFTER : maxAge);
    if (isOld && remove(path)) removed++;
  }
  return removed;
}

/** The index of every version is written when a result is stored or restored. */
function lastUse(store: string): number {
  const times = ['index.db', 'index.db-wal'].map((name) => modifiedAt(join(store, name), 0));
  return Math.max(modifiedAt(store), ...times);
}

function isStore(path: string): boolean {
  try {
    return looksLikeStore(path);
  } catch {
    return false;
  }
}

/** Of what cannot be looked at, `otherwise`: by default now, so that it is left alone. */
function modifiedAt(path: string, otherwise = Infinity): number {
  try {
    return lstatSync(path).mtimeMs;
  } catch {
    return otherwise;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function remove(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
