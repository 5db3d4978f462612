import type { WorkspacePath } from '../../../cache/brands.js';
import type { Dependency } from '../../../cache/stored-run.js';
import type {
  Incompleteness,
  IncompletenessCause,
  TracedProcess,
} from '../../tracker/task-trace.js';
import { escapeGlob } from '../../workspace/glob/glob-matcher.js';
import type { CompleteReport } from '../channel/channel-record.js';
import { findPlace, linkDependencies } from './find-place.js';
import { matchesBefore } from './glob-before.js';
import type { NotDerived } from './not-derived.js';
import { contentDependency, existence, unknownBefore } from './path-dependency.js';
import type { Scene } from './query-dependencies.js';
import type { WorkspaceAccesses } from './workspace-accesses.js';

/**
 * What of one process was not seen: its own word can take the place. Not where what was seen is of
 * other files than it seems, or nothing is known of what still runs.
 */
const ofOneProcess: readonly IncompletenessCause[] = [
  'unreadable-memory',
  'foreign-abi',
  'io-uring',
  'unnamed-file',
];

/** What of no process was seen, or not to its end: the main process can speak for all. */
const ofAll: readonly IncompletenessCause[] = [
  ...ofOneProcess,
  'no-tracker',
  'no-listener',
  'listener-busy',
  'log-overflow',
];

/**
 * Whether what was not seen was declared instead, by the process itself or one that it descends
 * from. A process whose parents are not known descends from nobody.
 */
export function isDeclared(
  { cause, pid }: Incompleteness,
  reports: readonly CompleteReport[],
  processes: readonly TracedProcess[],
  mainPid: number | undefined,
): boolean {
  const speakers = new Set(reports.map((report) => report.pid));
  if (mainPid !== undefined && speakers.has(mainPid) && ofAll.includes(cause)) return true;
  if (pid === undefined || !ofOneProcess.includes(cause)) return false;
  for (let index = processes.findLastIndex((process) => process.pid === pid); index !== -1;) {
    const process = processes[index];
    if (process === undefined) return false;
    if (speakers.has(process.pid)) return true;
    index = process.parent;
  }
  return false;
}

/** What processes declared. */
export interface Declared {
  readonly kind: 'declared';
  readonly dependencies: readonly Dependency[];
  /** Paths that are there now. */
  readonly outputs: readonly WorkspacePath[];
}

/** What the run depends on and made by the word of its processes, besides what was seen. */
export function declaredComplete(
  reports: readonly CompleteReport[],
  accesses: WorkspaceAccesses,
  scene: Scene,
): Declared | NotDerived {
  const dependencies: Dependency[] = [];
  const outputs = new Set<WorkspacePath>();
  const { root, policy, relevance, processes, view } = scene;
  for (const report of reports) {
    const observer = processes.speakerOf(report.speaker);
    for (const given of policy.input.auto ? report.inputs : []) {
      const found = declaredInput(given, observer, accesses, scene);
      if ('kind' in found) return found;
      dependencies.push(...found);
    }
    for (const given of report.outputs) {
      const place = findPlace(given, root, accesses, processes, view);
      if (place.kind === 'conflict') return place.because;
      if (place.kind === 'outside') continue;
      for (const path of presentAt(place.path, scene)) {
        if (path !== '' && relevance.isOutput(path)) outputs.add(path);
      }
    }
  }
  return { kind: 'declared', dependencies, outputs: [...outputs] };
}

function declaredInput(
  given: string,
  observer: number,
  accesses: WorkspaceAccesses,
  scene: Scene,
): readonly Dependency[] | NotDerived {
  const { root, policy, relevance, nobodys, processes, view } = scene;
  const place = findPlace(given, root, accesses, processes, view);
  if (place.kind === 'conflict') return place.because;
  const links = linkDependencies(place, observer);
  if (place.kind === 'outside') return links;
  const { path, changed } = place;
  const kind = changed?.access.before ?? view.kind(path);
  const contents = (paths: readonly WorkspacePath[]) =>
    paths
      .filter((each) => relevance.isQueried(each))
      .map((each) => contentOf(each, observer, accesses, scene));
  if (kind !== 'file' && kind !== 'directory') {
    const isInput = relevance.isQueried(path);
    return [...links, ...(isInput ? existence(path, kind, { process: observer }, accesses) : [])];
  }
  if (kind === 'file') return allOf(links, contents([path]));
  const prefix = path === '' ? '' : `${escapeGlob(path)}/`;
  const globs = { include: [`${prefix}**`], exclude: [...policy.input.exclude, ...nobodys] };
  const now = view.expandGlobs(globs.include, globs.exclude);
  const matches = matchesBefore(globs, now, accesses, processes);
  if ('kind' in matches) return matches;
  return allOf([...links, { kind: 'glob', ...globs, matches, observer }], contents(matches));
}

/** All, unless one cannot be had. */
function allOf(
  known: readonly Dependency[],
  contents: readonly (Dependency | NotDerived)[],
): readonly Dependency[] | NotDerived {
  const dependencies = [...known];
  for (const content of contents) {
    if (!('observer' in content)) return content;
    dependencies.push(content);
  }
  return dependencies;
}

/** Of a file as it was before the task. */
function contentOf(
  path: WorkspacePath,
  observer: number,
  accesses: WorkspaceAccesses,
  { root, processes }: Scene,
): Dependency | NotDerived {
  const seen = accesses.at(path);
  if (seen?.access.written === undefined) return { kind: 'content', path, observer };
  return unknownBefore(seen, root, processes) ?? contentDependency(seen, observer, root);
}

/** What is at a path, and all files below it, now. */
function presentAt(path: WorkspacePath, { view }: Scene): readonly WorkspacePath[] {
  const kind = view.kind(path);
  if (kind === 'absent') return [];
  if (kind !== 'directory') return [path];
  const prefix = path === '' ? '' : `${escapeGlob(path)}/`;
  return [path, ...view.expandGlobs([`${prefix}**`], [])];
}
