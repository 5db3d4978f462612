import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { Dependency } from '../../../cache/stored-run.js';
import type { PathAccess, Touch } from '../../tracker/task-trace.js';
import { stateBefore } from './before-change.js';
import type { NotDerived } from './not-derived.js';
import type { ProcessList } from './process-list.js';
import type { SeenPath, WorkspaceAccesses } from './workspace-accesses.js';

/** Why it is not known what a changed file was before; undefined if it is. */
export function unknownBefore(
  { path, access }: SeenPath,
  root: AbsolutePath,
  processes: ProcessList,
): NotDerived | undefined {
  const before = stateBefore(access, root);
  if (!('failure' in before)) return undefined;
  if (before.failure === 'changed') return { kind: 'modified-during-run', path };
  const conflict = conflictAt(path, access, processes);
  return before.failure === 'unseen' ? conflict : { ...conflict, because: before.failure };
}

/** The run cannot be kept: what was at the path before the task changed it is not known. */
export function conflictAt(
  path: WorkspacePath,
  access: PathAccess,
  processes: ProcessList,
): Extract<NotDerived, { kind: 'read-then-written' }> {
  const read = access.contentRead ?? access.linkFollowed ?? access.listed ?? access.probed;
  const reader = read && processes.at(read.process);
  const writer = access.written && processes.at(access.written.process);
  return {
    kind: 'read-then-written',
    path,
    ...(reader && { reader }),
    ...(writer && { writer }),
  };
}

/** On what a file held before the task. */
export function contentDependency(
  { path, access }: SeenPath,
  observer: number,
  root: AbsolutePath,
): Dependency {
  // A file that only got another name is kept, too: its ctime does not tell any more that it is unchanged.
  const before = stateBefore(access, root);
  return { kind: 'content', path, observer, ...('failure' in before ? {} : { before }) };
}

/** On what was at the path before the task; nothing where that is not known. */
export function existence(
  path: WorkspacePath,
  before: PathAccess['before'],
  { process: observer }: Pick<Touch, 'process'>,
  accesses: WorkspaceAccesses,
): Dependency[] {
  // The workspace itself is always there.
  if (path === '' || before === 'unknown') return [];
  if (before === 'absent') {
    const blocker = accesses.blockerOf(path);
    return blocker === undefined
      ? [{ kind: 'absence', path, observer }]
      : [{ kind: 'existence', path: blocker.path, entry: blocker.kind, observer }];
  }
  return [{ kind: 'existence', path, entry: before, observer }];
}
