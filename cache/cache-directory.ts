import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AbsolutePath } from './brands.js';

/**
 * Version of everything on disk: database schema, stored messages, blob layout. Another version
 * has another folder and is never looked at.
 */
export const SCHEMA_VERSION = 3;

/**
 * Where things are:
 *
 *     <root>/.gitignore                   keeps it out of repositories
 *     <root>/v3/CACHEDIR.TAG              keeps it out of backups
 *     <root>/v3/index.db (-wal, -shm)     the index
 *     <root>/v3/blobs/ab/cdef…            file contents and transcripts, named by SHA-256
 *     <root>/v3/tmp/                      being written; renamed into place
 *     <root>/v3/confirmed/                what last hits were decided by (confirmation.ts)
 *     <root>/v3/hits.log                  hits the index has not been told of (hit-notes.ts)
 *     <root>/v3/repeats/                  records of invocations that only replayed (repeat-store.ts)
 *     <root>/v3/found-apart/              runs whose tasks do not meet in files (the runner's check of edges)
 */
export interface CacheLayout {
  readonly root: AbsolutePath;
  readonly store: string;
  readonly index: string;
  readonly blobs: string;
  readonly temporary: string;
  readonly confirmed: string;
  readonly hits: string;
  readonly apart: string;
  readonly repeats: string;
}

export function cacheLayout(root: AbsolutePath): CacheLayout {
  const store = join(root, `v${SCHEMA_VERSION}`);
  return {
    root,
    store,
    index: join(store, 'index.db'),
    blobs: join(store, 'blobs'),
    temporary: join(store, 'tmp'),
    confirmed: join(store, 'confirmed'),
    hits: join(store, 'hits.log'),
    apart: join(store, 'found-apart'),
    repeats: join(store, 'repeats'),
  };
}

/** Whether a name in the cache's root is a store of this or another version. */
export const STORE_NAME = /^v\d+(\.trash-[0-9a-f]+)?$/;

const CACHE_TAG = 'CACHEDIR.TAG';
const IGNORE_FILE = '.gitignore';

/** Files that say what it is, with the text that shows that we wrote them. */
export const MARKER_FILES: ReadonlyMap<string, string> = new Map([
  [
    CACHE_TAG,
    'Signature: 8a477f597d28d172789f06886806bc55\n# Made by vt: results of tasks, safe to delete.\n',
  ],
  [IGNORE_FILE, '# Made by vt.\n*\n'],
]);

/** What the last `vt run` said in detail, beside the stores. */
export const LAST_DETAILS = 'last-details.txt';

/**
 * The directories that are the cache's alone: the root unless other things are in it, too, as where
 * somebody set VT_CACHE_DIR to a directory of sources. What is beside the store is theirs then.
 */
export function ownDirectories({ root, store }: CacheLayout): readonly AbsolutePath[] {
  return isOursAlone(root) ? [root] : [store as AbsolutePath];
}

/** Also of a directory that is not there, or cannot be read. */
function isOursAlone(root: AbsolutePath): boolean {
  let names: readonly string[];
  try {
    names = readdirSync(root);
  } catch {
    return true;
  }
  return names.every(
    (name) => STORE_NAME.test(name) || MARKER_FILES.has(name) || name.startsWith(LAST_DETAILS),
  );
}

/** Makes what is missing, ours alone to read whatever the umask. Throws file system errors. */
export function makeCacheDirectory(layout: CacheLayout): void {
  if (lstatSync(layout.temporary, { throwIfNoEntry: false }) === undefined) {
    makeCacheRoot(layout.root);
    makePrivateDirectory(layout.store);
    writeMarker(layout.store, CACHE_TAG);
    // Beside other people's files it would keep those out, too.
    writeMarker(isOursAlone(layout.root) ? layout.root : layout.store, IGNORE_FILE);
    makePrivateDirectory(layout.blobs);
    makePrivateDirectory(layout.temporary);
  }
  // Somebody may have copied or unpacked it with other rights.
  if ((lstatSync(layout.store).mode & 0o077) !== 0) chmodSync(layout.store, 0o700);
}

/**
 * Makes the cache's root, for us alone, and what is missing above it, which is not ours to close.
 * One that is there is left as it is: somebody chose it. Throws file system errors.
 */
export function makeCacheRoot(root: string): void {
  makeDirectories(dirname(root));
  makePrivateDirectory(root);
}

/** Mode 0700, which a umask can only have taken from. Does nothing to a directory that is there. */
export function makePrivateDirectory(path: string): void {
  const isThere = () => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && isThere()) return;
    throw error;
  }
  chmodSync(path, 0o700);
}

/**
 * As mkdir's own `recursive`, which never returns where making a directory fails with ENOENT though
 * its parent exists (Node 20, /proc).
 */
function makeDirectories(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || statSync(parent, { throwIfNoEntry: false })) throw error;
    makeDirectories(parent);
    makeDirectories(path);
  }
}

function writeMarker(directory: string, name: string): void {
  const path = join(directory, name);
  try {
    writeFileSync(path, MARKER_FILES.get(name)!, { flag: 'wx', mode: 0o600 });
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
