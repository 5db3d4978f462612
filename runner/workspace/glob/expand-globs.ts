import { readdirSync, statSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { expandBraces } from './expand-braces.js';
import { isGlob, pathListMatcher, pathMatcher } from './glob-matcher.js';
import type { Matcher } from './glob-matcher.js';

/**
 * Files below `root` that some glob of `include` and none of `exclude` matches, sorted by UTF-16
 * code unit. Names that start with a dot count; symlinks are followed, each directory once on any
 * way down. `node_modules` is entered only if an `include` glob names it.
 *
 * Throws the system's error for a directory that exists and cannot be listed: a file that may
 * match must not go unseen.
 */
export function expandGlobs(
  root: AbsolutePath,
  include: readonly string[],
  exclude: readonly string[],
): WorkspacePath[] {
  const globs = include.flatMap(expandBraces);
  const walk: Walk = {
    root,
    matches: pathListMatcher(globs, exclude),
    // A subtree excluded as a whole is not looked into.
    pruned: exclude.filter((glob) => glob.endsWith('/**')).map((g) => pathMatcher(g.slice(0, -3))),
    modules: globs.some((glob) => glob.split('/').includes('node_modules')),
    found: new Set(),
  };
  for (const glob of globs) {
    const start = staticBase(glob);
    const absolute = path.join(root, start);
    const stats = statIfThere(absolute);
    if (stats === undefined) continue;
    if (stats.isDirectory()) visit(walk, start, [identity(stats)]);
    else if (walk.matches(start)) walk.found.add(start);
  }
  return [...walk.found].sort(byCodeUnit) as WorkspacePath[];
}

interface Walk {
  readonly root: string;
  readonly matches: Matcher;
  readonly pruned: readonly Matcher[];
  readonly modules: boolean;
  readonly found: Set<string>;
}

/** `above`: identities of the directory and its ancestors, against cycles of symlinks. */
function visit(walk: Walk, directory: string, above: readonly string[]): void {
  if (walk.pruned.some((matches) => matches(directory))) return;
  for (const entry of list(path.join(walk.root, directory))) {
    const relative = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory() || entry.isSymbolicLink()) {
      if (entry.name === 'node_modules' && !walk.modules) continue;
      const stats = statIfThere(path.join(walk.root, relative));
      if (stats?.isDirectory() === true) {
        const id = identity(stats);
        if (!above.includes(id)) visit(walk, relative, [...above, id]);
        continue;
      }
      // A symlink that leads nowhere is no file.
      if (stats === undefined) continue;
    }
    if (walk.matches(relative)) walk.found.add(relative);
  }
}

/** The directory below which everything a glob can match lies, or the path itself if it is literal. */
function staticBase(glob: string): string {
  const segments = glob.split('/');
  const first = segments.findIndex((segment) => isGlob(segment));
  // Escapes make a segment look like a glob; starting one level higher is only slower.
  return (first === -1 ? segments : segments.slice(0, first)).join('/');
}

function list(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function statIfThere(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

function identity(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
