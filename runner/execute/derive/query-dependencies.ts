import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { Dependency } from '../../../cache/stored-run.js';
import type { CachePolicy } from '../../plan/execution.js';
import type { ExplainedLooks } from '../../tracker/explained-looks.js';
import { escapeGlob } from '../../workspace/glob/glob-matcher.js';
import type { QueryReport } from '../channel/channel-record.js';
import { findPlace, linkDependencies, type Place } from './find-place.js';
import { aboveMatcher, matchesBefore } from './glob-before.js';
import type { NotDerived } from './not-derived.js';
import { contentDependency, existence, unknownBefore } from './path-dependency.js';
import type { PathRelevance } from './path-relevance.js';
import type { ProcessList } from './process-list.js';
import { below, type WorkspaceAccesses } from './workspace-accesses.js';
import type { WorkspaceView } from './workspace-view.js';

/** What questions of processes are seen in the light of. */
export interface Scene {
  readonly root: AbsolutePath;
  readonly policy: CachePolicy;
  readonly relevance: PathRelevance;
  /** Globs of what is nobody's input. */
  readonly nobodys: readonly string[];
  readonly processes: ProcessList;
  readonly view: WorkspaceView;
}

/** What the run depends on by its questions, and the looks for which these stand. */
export interface Queries {
  readonly kind: 'queries';
  readonly dependencies: readonly Dependency[];
  readonly explained: readonly ExplainedLooks[];
}

/**
 * A question is a dependency of its own. It stands for the looks of the process that asked, from
 * the moment on that it names, at paths that the task did not change; whatever else looked at them
 * counts as ever (tracker/explained-looks.ts).
 */
export function deriveQueries(
  reports: readonly QueryReport[],
  accesses: WorkspaceAccesses,
  scene: Scene,
): Queries | NotDerived {
  const dependencies: Dependency[] = [];
  const explained: ExplainedLooks[] = [];
  for (const report of reports) {
    const { root, processes, view } = scene;
    const given = report.kind === 'glob' ? report.directory : report.path;
    const place = findPlace(given, root, accesses, processes, view);
    if (place.kind === 'conflict') return place.because;
    const observer = processes.speakerOf(report.speaker);
    if (scene.policy.input.auto) dependencies.push(...linkDependencies(place, observer));
    if (place.kind === 'outside') continue;
    const derived =
      report.kind === 'glob'
        ? deriveGlob(report, place, observer, accesses, scene)
        : derivePath(report, place, observer, accesses, scene);
    if (!('dependencies' in derived)) return derived;
    dependencies.push(...derived.dependencies);
    explained.push(...derived.explained);
  }
  return { kind: 'queries', dependencies, explained };
}

type Derived = Pick<Queries, 'dependencies' | 'explained'>;
const nothing: Derived = { dependencies: [], explained: [] };

function derivePath(
  report: Extract<QueryReport, { kind: 'exists' | 'json' }>,
  { path, changed }: Extract<Place, { kind: 'place' }>,
  observer: number,
  accesses: WorkspaceAccesses,
  { root, relevance, processes, view }: Scene,
): Derived | NotDerived {
  if (!relevance.isQueried(path)) return nothing;
  const touch = { process: observer };
  if (changed !== undefined) {
    const { before } = changed.access;
    if (report.kind === 'exists' || before !== 'file') {
      return { dependencies: existence(path, before, touch, accesses), explained: [] };
    }
    const unknown = unknownBefore(changed, root, processes);
    if (unknown !== undefined) return unknown;
    return { dependencies: [contentDependency(changed, observer, root)], explained: [] };
  }
  const kind = view.kind(path);
  const isValue = report.kind === 'json' && kind === 'file';
  return {
    dependencies: isValue
      ? [{ kind: 'json', path, pointer: report.pointer, observer }]
      : existence(path, kind, touch, accesses),
    explained: looksOf(report, report.kind === 'json' ? 'content' : 'state', (looked) => {
      return looked === join(root, path);
    }),
  };
}

function deriveGlob(
  report: Extract<QueryReport, { kind: 'glob' }>,
  { path, changed }: Extract<Place, { kind: 'place' }>,
  observer: number,
  accesses: WorkspaceAccesses,
  { root, policy, nobodys, processes }: Scene,
): Derived | NotDerived {
  if (!policy.input.auto) return nothing;
  if (changed !== undefined) {
    const { before } = changed.access;
    const dependencies = existence(path, before, { process: observer }, accesses);
    return { dependencies, explained: [] };
  }
  const prefix = path === '' ? '' : `${escapeGlob(path)}/`;
  const inDirectory = (glob: string): string => `${prefix}${glob}`;
  const globs = {
    include: report.include.map(inDirectory),
    exclude: [...report.exclude.map(inDirectory), ...policy.input.exclude, ...nobodys],
  };
  const found = report.matches.map((match) => join(path, match) as WorkspacePath);
  const matches = matchesBefore(globs, found, accesses, processes);
  if ('kind' in matches) return matches;
  const looksThrough = aboveMatcher(globs);
  return {
    dependencies: [{ kind: 'glob', ...globs, matches, observer }],
    explained: looksOf(report, 'names', (looked) => {
      const directory = below(root, looked);
      const isBelow = path === '' || directory === path || directory?.startsWith(`${path}/`);
      return directory !== undefined && isBelow === true && looksThrough(directory);
    }),
  };
}

function looksOf(
  { since, speaker }: QueryReport,
  part: ExplainedLooks['part'],
  covers: ExplainedLooks['covers'],
): readonly ExplainedLooks[] {
  return since === undefined ? [] : [{ since, pid: speaker.pid, part, covers }];
}
