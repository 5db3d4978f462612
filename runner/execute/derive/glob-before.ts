import type { WorkspacePath } from '../../../cache/brands.js';
import { expandBraces } from '../../workspace/glob/expand-braces.js';
import { pathListMatcher, pathMatcher } from '../../workspace/glob/glob-matcher.js';
import type { NotDerived } from './not-derived.js';
import { conflictAt } from './path-dependency.js';
import type { ProcessList } from './process-list.js';
import type { WorkspaceAccesses } from './workspace-accesses.js';

/** Workspace-relative globs. */
export interface Globs {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Which files the globs matched before the task, given which they matched at some moment while it
 * ran: without those it made, with those it deleted.
 */
export function matchesBefore(
  { include, exclude }: Globs,
  found: readonly WorkspacePath[],
  accesses: WorkspaceAccesses,
  processes: ProcessList,
): readonly WorkspacePath[] | NotDerived {
  const matches = pathListMatcher(include, exclude);
  const mayBeAbove = aboveMatcher({ include, exclude });
  const before = new Set(found.filter((path) => matches(path)));
  for (const { path, access, now } of accesses.all) {
    if (access.written === undefined) continue;
    const isMatch = matches(path);
    if (access.before === 'directory') {
      // It may have taken files along that nobody looked at.
      if (now !== 'directory' && mayBeAbove(path)) return conflictAt(path, access, processes);
    } else if (access.before === 'unknown' || access.before === 'symlink') {
      if (isMatch || mayBeAbove(path)) return conflictAt(path, access, processes);
    } else if (isMatch && access.before === 'file') before.add(path);
    else before.delete(path);
  }
  return [...before].sort();
}

/**
 * Whether files that the globs match may lie below a directory, so that it is looked through for
 * them. Exact but for alternatives that contain a `/`, which may be anywhere.
 */
export function aboveMatcher({ include, exclude }: Globs): (directory: string) => boolean {
  const pruned = exclude
    .filter((glob) => glob.endsWith('/**'))
    .map((g) => pathMatcher(g.slice(0, -3)));
  const beginnings = include.flatMap(expandBraces).flatMap((glob) => {
    const segments = glob.split('/');
    return segments.map((segment, index) =>
      segment === '**'
        ? [...segments.slice(0, index), '**'].join('/')
        : segments.slice(0, index).join('/'),
    );
  });
  const matchers = [...new Set(beginnings)].map((glob) =>
    glob === '' ? isRoot : pathMatcher(glob),
  );
  return (directory) =>
    matchers.some((matches) => matches(directory)) && !pruned.some((matches) => matches(directory));
}

const isRoot = (directory: string): boolean => directory === '';
