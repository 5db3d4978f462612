import { posix } from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { Dependency } from '../../../cache/stored-run.js';
import type { ProcessList } from './process-list.js';
import type { NotDerived } from './not-derived.js';
import { conflictAt } from './path-dependency.js';
import { parentOf } from './path-relevance.js';
import { below, type SeenPath, type WorkspaceAccesses } from './workspace-accesses.js';
import type { WorkspaceView } from './workspace-view.js';

type Links = readonly { readonly path: WorkspacePath; readonly target: string }[];

/** Where a path that a process named led before the task, and the symlinks it led through. */
export type Place =
  | {
      readonly kind: 'place';
      readonly path: WorkspacePath;
      readonly links: Links;
      /** What the task did there, if it changed it. */
      readonly changed: SeenPath | undefined;
    }
  /** Outside the workspace nothing counts. */
  | { readonly kind: 'outside'; readonly links: Links }
  | { readonly kind: 'conflict'; readonly because: NotDerived };

/** The system's limit. */
const MOST_LINKS = 40;

/**
 * Walks an absolute path from the workspace's root down, as it was before the task: what the task
 * made on the way was not there, and where it changed what was, nobody can say.
 */
export function findPlace(
  path: string,
  root: AbsolutePath,
  accesses: WorkspaceAccesses,
  processes: ProcessList,
  view: WorkspaceView,
): Place {
  const inside = below(root, path) ?? below(root, view.physical(path));
  if (inside === undefined) return { kind: 'outside', links: [] };
  const links: { path: WorkspacePath; target: string }[] = [];
  let rest = inside === '' ? [] : inside.split('/');
  let at = '' as WorkspacePath;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '..' || name === '.' || name === '') {
      if (name === '..' && at === '') return { kind: 'outside', links };
      if (name === '..') at = parentOf(at);
      continue;
    }
    const next = (at === '' ? name : `${at}/${name}`) as WorkspacePath;
    const seen = accesses.at(next);
    if (seen?.access.written !== undefined) {
      const { before } = seen.access;
      const isLast = rest.length === 0;
      if (before === 'absent' || (isLast && (before === 'file' || before === 'directory'))) {
        return { kind: 'place', path: next, links, changed: seen };
      }
      if (before !== 'directory' || seen.now !== 'directory') {
        return { kind: 'conflict', because: conflictAt(next, seen.access, processes) };
      }
    }
    const target = view.kind(next) === 'symlink' ? view.linkTarget(next) : undefined;
    if (target === undefined) {
      at = next;
      continue;
    }
    links.push({ path: next, target });
    if (links.length > MOST_LINKS) return { kind: 'place', path: next, links, changed: undefined };
    if (target.startsWith('/')) {
      const led = below(root, posix.normalize(target)) ?? below(root, view.physical(target));
      if (led === undefined) return { kind: 'outside', links };
      rest = [...led.split('/'), ...rest];
      at = '' as WorkspacePath;
    } else {
      rest = [...target.split('/'), ...rest];
    }
  }
  return { kind: 'place', path: at, links, changed: undefined };
}

/** That each of the links leads where it led. */
export function linkDependencies(
  { links }: Exclude<Place, { kind: 'conflict' }>,
  observer: number,
): Dependency[] {
  return links.map(({ path, target }) => ({ kind: 'link', path, target, observer }));
}
