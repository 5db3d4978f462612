import { join } from 'node:path';
import type { WorkspacePath } from '../../../cache/brands.js';
import type { Dependency } from '../../../cache/stored-run.js';
import type { RunFacts } from './derive-run.js';
import { findPlace, linkDependencies } from './find-place.js';
import type { NotDerived } from './not-derived.js';
import { contentDependency, existence, unknownBefore } from './path-dependency.js';
import type { ProcessList } from './process-list.js';
import type { WorkspaceAccesses } from './workspace-accesses.js';
import type { WorkspaceView } from './workspace-view.js';

/** The runner itself. */
const RUNNER = -1;

/** A declared input that the task changed, and what it was before is not known. */
export function findConfiguredConflict(
  { inputMatches, workspaceRoot }: RunFacts,
  accesses: WorkspaceAccesses,
  processes: ProcessList,
): NotDerived | undefined {
  for (const path of inputMatches) {
    const seen = accesses.at(path);
    const unknown = seen?.access.written && unknownBefore(seen, workspaceRoot, processes);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

/**
 * The files that the user's globs matched before the run, and that they matched no others. Of a symlink
 * it counts where it leads, and the file there.
 */
export function configuredInputs(
  facts: RunFacts,
  derived: readonly Dependency[],
  accesses: WorkspaceAccesses,
  processes: ProcessList,
  view: WorkspaceView,
): readonly Dependency[] | NotDerived {
  const { policy, inputMatches, workspaceRoot } = facts;
  const { include, exclude } = policy.input;
  if (include.length === 0) return [];
  const known = new Set(derived.flatMap((d) => (d.kind === 'content' ? [d.path] : [])));
  const dependencies: Dependency[] = [
    { kind: 'glob', include, exclude, matches: inputMatches, observer: RUNNER },
  ];
  const addContent = (path: WorkspacePath): void => {
    if (known.has(path)) return;
    known.add(path);
    const seen = accesses.at(path);
    dependencies.push(
      seen?.access.written === undefined
        ? { kind: 'content', path, observer: RUNNER }
        : contentDependency(seen, RUNNER, workspaceRoot),
    );
  };
  for (const path of inputMatches) {
    if (accesses.at(path)?.access.written !== undefined || view.kind(path) !== 'symlink') {
      addContent(path);
      continue;
    }
    const place = findPlace(join(workspaceRoot, path), workspaceRoot, accesses, processes, view);
    if (place.kind === 'conflict') return place.because;
    dependencies.push(...linkDependencies(place, RUNNER));
    if (place.kind === 'outside') continue;
    const kind = place.changed?.access.before ?? view.kind(place.path);
    const unknown = place.changed && unknownBefore(place.changed, workspaceRoot, processes);
    if (kind === 'absent')
      dependencies.push(...existence(place.path, kind, { process: RUNNER }, accesses));
    // The globs match nothing below a directory that a link leads to.
    else if (kind !== 'file') return { kind: 'unreadable-input', path, detail: 'not-a-file' };
    else if (unknown !== undefined) return unknown;
    else addContent(place.path);
  }
  return dependencies;
}
