import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { expandBraces } from '../glob/expand-braces.js';
import { isGlob, pathMatcher } from '../glob/glob-matcher.js';
import type { Matcher } from '../glob/glob-matcher.js';
import { workspacePath } from '../paths.js';
import type { WorkspaceProblem } from '../workspace-problem.js';
import type { MemberGlob } from './member-globs.js';
import type { Sink } from '../../config/sink.js';

/** Directories that no package manager looks for packages in. */
const skipped: ReadonlySet<string> = new Set(['node_modules', 'bower_components']);

/**
 * The directories with a package.json that the globs name, relative to the root, sorted by UTF-16
 * code unit, without the root itself. Exclusions win in any order. Names with a leading dot match
 * only what starts with a dot. Only directories that a glob can reach are listed.
 *
 * @param root physical path of the workspace.
 */
export function findMembers(
  root: AbsolutePath,
  globs: readonly MemberGlob[],
  problems: Sink<WorkspaceProblem>,
): readonly WorkspacePath[] {
  const include: string[][] = [];
  const exclude: string[][] = [];
  for (const written of globs) {
    const negative = written.glob.startsWith('!');
    for (const glob of expandBraces(negative ? written.glob.slice(1) : written.glob)) {
      const segments = cleanSegments(glob);
      if (segments !== undefined) (negative ? exclude : include).push(segments);
      else if (!negative) {
        problems.push({ kind: 'member-outside-workspace', glob: written.glob, at: written.at });
      }
    }
  }
  const unwanted = exclude.map((segments) => pathMatcher(segments.join('/')));
  const search: Search = {
    root,
    listings: new Map(),
    found: new Set(),
    isExcluded: (directory) => unwanted.some((matches) => matches(directory)),
    // What is excluded with all below it is not looked into.
    isPruned: subtreeMatcher(exclude),
  };
  for (const segments of include) descend(search, '', segments.map(segmentPattern), false);
  search.found.delete('');
  return [...search.found].sort((a, b) => (a < b ? -1 : 1)) as WorkspacePath[];
}

/** The parts of a glob without `.`; undefined when it leads out of the root. */
function cleanSegments(glob: string): string[] | undefined {
  if (glob.startsWith('/')) return undefined;
  const segments: string[] = [];
  for (const segment of glob.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments;
}

interface Search {
  readonly root: AbsolutePath;
  /** Names of subdirectories by directory. */
  readonly listings: Map<string, readonly Subdirectory[]>;
  readonly found: Set<string>;
  readonly isExcluded: Matcher;
  readonly isPruned: Matcher;
}

interface Subdirectory {
  readonly name: string;
  readonly isLink: boolean;
}

/** Any number of directories, none as well. */
const anyDepth = Symbol('**');

type SegmentPattern = string | Matcher | typeof anyDepth;

function segmentPattern(segment: string): SegmentPattern {
  if (segment === '**') return anyDepth;
  if (!isGlob(segment)) return segment;
  const matches = pathMatcher(segment);
  return segment.startsWith('.') ? matches : (name) => !name.startsWith('.') && matches(name);
}

/** @param linked whether a symlink was followed on the way to `directory`. */
function descend(
  search: Search,
  directory: string,
  [pattern, ...rest]: readonly SegmentPattern[],
  linked: boolean,
): void {
  if (pattern === undefined) {
    take(search, directory, linked);
    return;
  }
  if (typeof pattern === 'string') {
    const below = join(directory, pattern);
    descend(search, below, rest, linked || isLink(path.join(search.root, below)));
    return;
  }
  if (pattern === anyDepth) descend(search, directory, rest, linked);
  for (const entry of subdirectories(search, directory)) {
    const below = join(directory, entry.name);
    if (pattern === anyDepth) {
      // A link below `**` may lead round in a circle.
      if (entry.isLink || entry.name.startsWith('.') || search.isPruned(below)) continue;
      descend(search, below, [anyDepth, ...rest], linked);
    } else if (pattern(entry.name) && !search.isPruned(below)) {
      descend(search, below, rest, linked || entry.isLink);
    }
  }
}

function take(search: Search, directory: string, linked: boolean): void {
  if (search.found.has(directory) || search.isExcluded(directory)) return;
  const absolute = `${search.root}/${directory}`;
  if (!existsSync(`${absolute}/package.json`)) return;
  const physical = linked ? realpathSync.native(absolute) : absolute;
  const inside = workspacePath(search.root, physical as AbsolutePath);
  // A link out of the workspace: nothing there is tracked.
  if (inside !== undefined) search.found.add(inside);
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function subdirectories(search: Search, directory: string): readonly Subdirectory[] {
  const known = search.listings.get(directory);
  if (known !== undefined) return known;
  const found = list(path.join(search.root, directory))
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !skipped.has(entry.name))
    .map((entry) => ({ name: entry.name, isLink: entry.isSymbolicLink() }));
  search.listings.set(directory, found);
  return found;
}

/** A directory that is not there, or no directory, has nothing in it. */
function list(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function subtreeMatcher(exclude: readonly string[][]): Matcher {
  const subtrees = exclude
    .filter((segments) => segments.at(-1) === '**' && segments.length > 1)
    .map((segments) => pathMatcher(segments.slice(0, -1).join('/')));
  return (directory) => subtrees.some((matches) => matches(directory));
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
