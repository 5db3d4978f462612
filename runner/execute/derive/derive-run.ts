import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { Dependency, FinishedRun } from '../../../cache/stored-run.js';
import type { CachePolicy } from '../../plan/execution.js';
import type { IncompletenessCause, TaskTrace, Touch } from '../../tracker/task-trace.js';
import { escapeGlob } from '../../workspace/glob/glob-matcher.js';
import type { ChannelRecord } from '../channel/channel-record.js';
import { learnedBeforeChange } from './before-change.js';
import { declaredComplete, isDeclared } from './complete-reports.js';
import { configuredInputs, findConfiguredConflict } from './configured-inputs.js';
import { findIgnored } from './find-ignored.js';
import type { NotDerived } from './not-derived.js';
import { conflictAt, contentDependency, existence, unknownBefore } from './path-dependency.js';
import { decideRelevance, type IgnoreReport, type PathRelevance } from './path-relevance.js';
import { ProcessList } from './process-list.js';
import { deriveQueries } from './query-dependencies.js';
import { programDependencies } from './program-dependencies.js';
import { below, WorkspaceAccesses } from './workspace-accesses.js';
import type { SeenPath } from './workspace-accesses.js';
import type { WorkspaceView } from './workspace-view.js';

/** All that is known of a run that ended well. */
export interface RunFacts {
  readonly trace: TaskTrace;
  readonly channel: ChannelRecord;
  readonly policy: CachePolicy;
  /** Physical. */
  readonly workspaceRoot: AbsolutePath;
  /** Directories the runner itself works in (the cache's), never input or output. */
  readonly runnerDirectories: readonly AbsolutePath[];
  /** What `policy.input.include` matched just before the task was started; empty without globs. */
  readonly inputMatches: readonly WorkspacePath[];
  /** The task's main process, where one was started. */
  readonly mainPid?: number;
  /** Where PATH leads to, physical. */
  readonly findProgram: (name: string) => AbsolutePath | undefined;
}

/** What the run depended on and made. */
export interface Derived extends Pick<
  FinishedRun,
  'dependencies' | 'outputs' | 'processes' | 'ignored' | 'withheld'
> {
  readonly kind: 'derived';
}

type Output = FinishedRun['outputs'][number];

/**
 * Merges what tracking saw, what the task reported and what the user configured into what the cache
 * keeps; or says why the run cannot be kept. `view` is the workspace right after the run.
 *
 * Reports are retroactive, and refine the automatic part only: configured globs win. What the task
 * saw of a path before it changed it (content, existence, absence, names) stays a dependency. Where
 * what it saw is not known any more the run cannot be kept, unless a report or an exclusion says that
 * the path is no input or no output.
 */
export function deriveRun(facts: RunFacts, view: WorkspaceView): Derived | NotDerived {
  const { trace, channel, policy } = facts;
  const processes = new ProcessList(trace.processes);
  const refusal = findRefusal(facts, processes);
  if (refusal !== undefined) return refusal;

  const inWorkspace = relativeTo(facts.workspaceRoot, view);
  const reports = {
    ignoredInputs: ignoreReports(channel.ignoredInputs, inWorkspace, processes),
    ignoredOutputs: ignoreReports(channel.ignoredOutputs, inWorkspace, processes),
  };
  const runnerOwned = facts.runnerDirectories.flatMap(inWorkspace).filter((path) => path !== '');
  const seen = new WorkspaceAccesses(trace.accesses, facts.workspaceRoot, view);
  const changedBelow = (directory: string): boolean => seen.changedBelow(directory);
  const relevance = decideRelevance({ policy, ...reports, runnerOwned, changedBelow }, view);
  const nobodys = ['.git', ...runnerOwned].map((owned) => `${escapeGlob(owned)}/**`);
  const scene = { root: facts.workspaceRoot, policy, relevance, nobodys, processes, view };
  const queries = deriveQueries(channel.queries, seen, scene);
  if (queries.kind !== 'queries') return queries;
  const declared = declaredComplete(channel.complete, seen, scene);
  if (declared.kind !== 'declared') return declared;
  const unexplained =
    queries.explained.length === 0 ? undefined : trace.accessesWithout?.(queries.explained);
  const accesses =
    unexplained === undefined
      ? seen
      : new WorkspaceAccesses(unexplained, facts.workspaceRoot, view);

  const conflict =
    findConfiguredConflict(facts, accesses, processes) ??
    findConflict(facts, accesses, relevance, processes);
  if (conflict !== undefined) return conflict;

  const dependencies: Dependency[] = [];
  for (const seen of accesses.all)
    dependencies.push(...pathDependencies(seen, relevance, accesses, facts.workspaceRoot));
  if (policy.input.auto) dependencies.push(...programDependencies(facts));
  const configured = configuredInputs(facts, dependencies, accesses, processes, view);
  if ('kind' in configured) return configured;
  dependencies.push(...configured);
  dependencies.push(...queries.dependencies, ...declared.dependencies);
  dependencies.push(...reportedVariables(channel, processes));
  return {
    kind: 'derived',
    dependencies: eachPathOnce(dependencies),
    outputs: findOutputs(accesses, relevance, policy, view, declared.outputs),
    ignored: findIgnored(accesses.all, relevance, reports),
    withheld: channel.withheld.map(({ name, speaker }) => ({
      name,
      process: processes.observerOf(speaker),
    })),
    processes: processes.all,
  };
}

/** Where nothing is tracked, getenv is not answered either. */
const UNTRACKED: readonly IncompletenessCause[] = ['no-tracker', 'no-listener', 'listener-busy'];

function findRefusal(
  { trace, channel, policy, mainPid }: RunFacts,
  processes: ProcessList,
): NotDerived | undefined {
  const { cacheDisabled, failures } = channel;
  if (cacheDisabled !== undefined && policy.mayOptOut) {
    const speaker = processes.named(cacheDisabled.speaker);
    return { kind: 'opted-out', ...cacheDisabled, speaker };
  }
  if (failures.length > 0) {
    const named = failures.map((failure) =>
      'speaker' in failure && failure.speaker !== undefined
        ? { ...failure, speaker: processes.named(failure.speaker) }
        : failure,
    );
    return { kind: 'channel-failed', failures: named };
  }
  // Declared inputs and outputs need no tracking; but what still runs may still write them.
  const asks = policy.autoEnv;
  const needed = policy.input.auto || policy.output.auto;
  const incomplete = trace.incomplete.filter(
    (found) =>
      found.cause === 'survivors' ||
      (asks && UNTRACKED.includes(found.cause)) ||
      (needed && !isDeclared(found, channel.complete, trace.processes, mainPid)),
  );
  return incomplete.length > 0 ? { kind: 'tracking-incomplete', incomplete } : undefined;
}

function findConflict(
  { workspaceRoot }: RunFacts,
  accesses: WorkspaceAccesses,
  relevance: PathRelevance,
  processes: ProcessList,
): NotDerived | undefined {
  for (const seen of accesses.all) {
    const { path, access } = seen;
    const isInput = relevance.isInput(path);
    const isOutput = access.written !== undefined && relevance.isOutput(path);
    const looked = access.contentRead ?? access.probed ?? access.listed ?? access.linkFollowed;
    if (access.before === 'unknown' && ((isInput && looked !== undefined) || isOutput)) {
      return conflictAt(path, access, processes);
    }
    if (isOutput && learnedBeforeChange(seen, relevance) !== undefined) {
      const unknown = unknownBefore(seen, workspaceRoot, processes);
      if (unknown !== undefined) return unknown;
    }
    if (isInput && access.contentRead !== undefined && !relevance.isExistenceOnly(path)) {
      if (isOutput && access.before !== 'file') return conflictAt(path, access, processes);
      if (access.before === 'other')
        return { kind: 'unreadable-input', path, detail: 'not-a-file' };
    }
    if (access.listed !== undefined && relevance.isListingInput(path)) {
      const unknown = accesses.changedIn(path).find((child) => child.access.before === 'unknown');
      if (unknown !== undefined) return conflictAt(unknown.path, unknown.access, processes);
    }
  }
  return undefined;
}

function pathDependencies(
  seen: SeenPath,
  relevance: PathRelevance,
  accesses: WorkspaceAccesses,
  root: AbsolutePath,
): Dependency[] {
  const { path, access, now } = seen;
  const { before, contentRead, linkFollowed, probed, inspected, listed, written } = access;
  if (!relevance.isInput(path)) return [];
  const dependencies: Dependency[] = [];
  if (listed !== undefined && relevance.isListingInput(path)) {
    dependencies.push(listing(path, listed, accesses));
  }
  const onlyExists = relevance.isExistenceOnly(path);
  // Changed, yet no output: the task's private state, which the next run finds as this one left it.
  if (written !== undefined && !relevance.isOutput(path)) {
    const touch = firstOf(contentRead, probed, linkFollowed);
    if (contentRead !== undefined && !onlyExists && now === 'file') {
      // Its content still counts: somebody else may change it before the next run.
      dependencies.push({ kind: 'content', path, asLeft: true, observer: contentRead.process });
    } else if (touch && now === before)
      dependencies.push(...existence(path, before, touch, accesses));
    return dependencies;
  }
  const learned = learnedBeforeChange(seen, relevance) ?? (onlyExists ? undefined : contentRead);
  if (learned !== undefined) {
    dependencies.push(contentDependency(seen, learned.process, root));
  } else if (linkFollowed !== undefined) {
    const { target, process: observer } = linkFollowed;
    dependencies.push({ kind: 'link', path, target, observer });
  } else {
    const touch = firstOf(
      probed,
      contentRead,
      linkFollowed,
      dependencies.length === 0 ? listed : undefined,
      // A temporary file: had it been there, it would be there no longer.
      before === 'absent' && now === 'absent' ? written : undefined,
    );
    // The listing tells that the directory is there.
    if (touch === undefined || dependencies.length > 0) return dependencies;
    if (inspected !== undefined && before === 'file' && written === undefined && !onlyExists) {
      // A look at a file shows its size and times, and tools decide by them: with warm bytecode
      // `python3` reads no source, `make` finds everything up to date. Existence alone would replay
      // them after an edit. The times themselves are no use, they differ in every copy of the
      // workspace; equal content is what they stand for.
      dependencies.push({ kind: 'content', path, observer: inspected.process });
    } else {
      dependencies.push(...existence(path, before, touch, accesses));
    }
  }
  return dependencies;
}

/** What blocked several lookups is a dependency only once. */
function eachPathOnce(dependencies: readonly Dependency[]): Dependency[] {
  const told = new Set<WorkspacePath>();
  return dependencies.filter((dependency) => {
    if (dependency.kind !== 'existence') return true;
    if (told.has(dependency.path)) return false;
    told.add(dependency.path);
    return true;
  });
}

function listing(path: WorkspacePath, listed: Touch, accesses: WorkspaceAccesses): Dependency {
  const changed = accesses.changedIn(path);
  const nameOf = (child: SeenPath): string => child.path.slice(path === '' ? 0 : path.length + 1);
  const created = changed.filter(
    ({ access, now }) => access.before === 'absent' && now !== 'absent',
  );
  const deleted = changed.filter(
    ({ access, now }) => access.before !== 'absent' && now === 'absent',
  );
  return {
    kind: 'listing',
    path,
    created: created.map(nameOf),
    deleted: deleted.map(nameOf),
    replaced: changed
      .filter(({ access, now }) => access.before !== 'absent' && now !== 'absent')
      .map(nameOf),
    ...(changed.length > 0 && { changed: true }),
    observer: listed.process,
  };
}

function reportedVariables(channel: ChannelRecord, processes: ProcessList): Dependency[] {
  return [
    ...channel.env.map(
      ({ name, value, speaker }) =>
        ({ kind: 'env', name, value, observer: processes.speakerOf(speaker) }) as const,
    ),
    ...channel.envQueries.map(
      ({ pattern, matches, speaker }) =>
        ({
          kind: 'env-query',
          pattern,
          matches,
          observer: processes.speakerOf(speaker),
        }) as const,
    ),
  ];
}

/** A report whose path has two readings is two. */
export function ignoreReports(
  reported: ChannelRecord['ignoredInputs'],
  inWorkspace: (path: string) => readonly WorkspacePath[],
  processes: ProcessList,
): readonly IgnoreReport[] {
  return reported.flatMap(({ path, speaker }) =>
    inWorkspace(path).map((inside): IgnoreReport => ({
      kind: 'report',
      path: inside,
      speaker: processes.observerOf(speaker),
      ...(speaker.label !== undefined && { label: speaker.label }),
    })),
  );
}

function findOutputs(
  accesses: WorkspaceAccesses,
  relevance: PathRelevance,
  { output }: CachePolicy,
  view: WorkspaceView,
  declared: readonly WorkspacePath[],
): readonly Output[] {
  const outputs = new Map<WorkspacePath, Output>();
  for (const { path, access, now } of accesses.all) {
    if (access.written === undefined || path === '' || !relevance.isOutput(path)) continue;
    const existedBefore = access.before !== 'absent';
    // A temporary file: neither there before nor now.
    if (existedBefore || now !== 'absent') {
      outputs.set(path, { path, existedBefore, writer: access.written.process });
    }
  }
  const named = output.include.length > 0 ? view.expandGlobs(output.include, output.exclude) : [];
  for (const path of [...named, ...declared]) {
    // Not seen to be made by this task, so not its to remove.
    if (outputs.has(path)) continue;
    outputs.set(path, { path, existedBefore: accesses.at(path)?.access.before !== 'absent' });
  }
  return [...outputs.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reported paths may lead through symlinks; accesses are physical. Both readings count. */
export function relativeTo(
  root: AbsolutePath,
  view: WorkspaceView,
): (path: string) => readonly WorkspacePath[] {
  return (path) => {
    const readings = [below(root, path), below(root, view.physical(path))];
    return [...new Set(readings.filter((reading) => reading !== undefined))];
  };
}

function firstOf(...touches: readonly (Touch | undefined)[]): Touch | undefined {
  return touches.find((touch) => touch !== undefined);
}
