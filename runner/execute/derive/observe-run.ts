import type { WorkspacePath } from '../../../cache/brands.js';
import type { Incompleteness, PathAccess } from '../../tracker/task-trace.js';
import { ignoreReports, relativeTo } from './derive-run.js';
import type { RunFacts } from './derive-run.js';
import { decideRelevance } from './path-relevance.js';
import { ProcessList } from './process-list.js';
import { WorkspaceAccesses } from './workspace-accesses.js';
import type { WorkspaceView } from './workspace-view.js';

/** What was seen of a run, whether or not a result of it could be kept. Paths of the workspace, sorted. */
export interface ObservedRun {
  /** Files whose content, size or times it saw before it changed them. */
  readonly content: readonly WorkspacePath[];
  /** Paths that it found there, or not there. */
  readonly looked: readonly {
    readonly path: WorkspacePath;
    readonly before: PathAccess['before'];
  }[];
  /** Directories whose names it saw. */
  readonly listed: readonly WorkspacePath[];
  /** Paths that it made, changed or removed. */
  readonly written: readonly WorkspacePath[];
  /** Why there may be more. */
  readonly incomplete: readonly Incompleteness[];
}

/** Of all that is known of a run, what observing it takes. */
export interface ObservedFacts extends Pick<
  RunFacts,
  'trace' | 'workspaceRoot' | 'runnerDirectories' | 'inputMatches'
> {
  readonly policy: Pick<RunFacts['policy'], 'input' | 'output'>;
  readonly channel: Pick<RunFacts['channel'], 'ignoredInputs' | 'ignoredOutputs'>;
}

/** What counts of a trace, by the same rules as for a result; it need not be complete, nor without conflict. */
export function observeRun(facts: ObservedFacts, view: WorkspaceView): ObservedRun {
  const { trace, channel, policy, workspaceRoot } = facts;
  const inWorkspace = relativeTo(workspaceRoot, view);
  const processes = new ProcessList(trace.processes);
  const accesses = new WorkspaceAccesses(trace.accesses, workspaceRoot, view);
  const relevance = decideRelevance(
    {
      policy,
      ignoredInputs: ignoreReports(channel.ignoredInputs, inWorkspace, processes),
      ignoredOutputs: ignoreReports(channel.ignoredOutputs, inWorkspace, processes),
      runnerOwned: facts.runnerDirectories.flatMap(inWorkspace).filter((path) => path !== ''),
      changedBelow: (directory) => accesses.changedBelow(directory),
    },
    view,
  );
  const content = new Set(facts.inputMatches);
  const looked: { path: WorkspacePath; before: PathAccess['before'] }[] = [];
  const listed: WorkspacePath[] = [];
  const written: WorkspacePath[] = [];
  for (const { path, access } of accesses.all) {
    if (access.written !== undefined && relevance.isOutput(path)) written.push(path);
    if (access.listed !== undefined && relevance.isListingInput(path)) listed.push(path);
    if (!relevance.isInput(path)) continue;
    const isFile = access.before === 'file' && !relevance.isExistenceOnly(path);
    const sawContent = access.contentRead ?? access.inspected;
    if (isFile && sawContent !== undefined) content.add(path);
    else if (access.probed ?? access.contentRead ?? access.linkFollowed)
      looked.push({ path, before: access.before });
  }
  return { content: [...content].sort(), looked, listed, written, incomplete: trace.incomplete };
}
