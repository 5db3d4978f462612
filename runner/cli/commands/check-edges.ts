import { lstatSync } from 'node:fs';
import path from 'node:path';
import type { Explainer } from '../../../cache/explain/explainer.js';
import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { findMeetings } from '../../execute/edges/find-meetings.js';
import type { Meeting, TaskFiles } from '../../execute/edges/find-meetings.js';
import type { HiddenEdge } from '../../execute/edges/hidden-edge.js';
import { planOrder } from '../../execute/edges/plan-order.js';
import type { Outcome } from '../../execute/outcome.js';
import type { RunResult } from '../../execute/schedule/run-plan.js';
import type { Plan } from '../../plan/plan.js';
import { declaredOrder } from '../../plan/run/declared-order.js';
import type { Io } from '../../report/output.js';
import type { Location } from '../../workspace/find-workspace.js';
import { withExplainer } from '../with-explainer.js';
import { isKnownApart, keepApart, replayedRun } from './known-apart.js';

/** What is to be looked at. */
export interface EdgeCheck {
  readonly location: Location;
  readonly cacheDirectory: AbsolutePath;
  readonly isStrict: boolean;
  /** Where the index is open already. */
  readonly explainer: Explainer | undefined;
}

/**
 * Finds tasks of a run that meet in files, each other or others that were run before, and of which neither the
 * plan nor the configuration says which comes first. Knows what was observed of those that ran, and what the
 * stored results say of those that were replayed. Others than those of this run are only looked at when something was run, or
 * when asked to be strict: what has not changed has been told.
 */
export async function checkEdges(
  plan: Plan,
  result: RunResult,
  { location, cacheDirectory, isStrict, explainer: opened }: EdgeCheck,
  io: Io,
): Promise<readonly HiddenEdge[]> {
  const outcomes = outcomesOf(plan, result);
  const withOthers =
    isStrict ||
    result.steps.some((step) => step?.kind === 'ran' && step.outcome.status.kind !== 'hit');
  if (outcomes.size < (withOthers ? 1 : 2)) return [];
  const replayed = withOthers ? undefined : replayedRun(plan, result);
  if (replayed !== undefined && isKnownApart(cacheDirectory, replayed)) return [];
  let isIndexRead = false;
  const find = async (explainer: Explainer | undefined): Promise<readonly Meeting[]> => {
    isIndexRead = explainer !== undefined;
    const tasks: TaskFiles[] = [];
    for (const [task, ofTask] of outcomes)
      tasks.push(await filesOf(task, ofTask, plan.workspaceRoot, explainer));
    const others =
      withOthers && explainer !== undefined
        ? await otherOutputs(location, plan, explainer)
        : new Map<string, readonly WorkspacePath[]>();
    return findMeetings(tasks, others);
  };
  const meetings = await withExplainer(cacheDirectory, io, find, opened);
  const isPlanned = planOrder(plan);
  const unplanned = meetings.filter(({ tasks: [one, other] }) => !isPlanned(one, other));
  if (unplanned.length === 0) {
    if (replayed !== undefined && isIndexRead) keepApart(cacheDirectory, replayed);
    return [];
  }
  // Only now is it worth the reading of every package.
  const declared = await declaredOrder(location);
  return unplanned
    .filter(({ kind, tasks: [one, other] }) => {
      if (!declared.has(one) || !declared.has(other)) return false;
      if (declared.comesAfter(one, other)) return false;
      return kind === 'read' || !declared.comesAfter(other, one);
    })
    .map((meeting) => edgeOf(meeting, isStrict));
}

function edgeOf({ kind, tasks, paths }: Meeting, isStrict: boolean): HiddenEdge {
  if (kind === 'write') return { kind: 'shared-output', tasks, paths, isStrict };
  const [reader, writer] = tasks;
  return { kind: 'hidden-edge', reader, writer, paths, isStrict };
}

/** The outcomes of a run of which something is known, by the task whose command each is one of. */
function outcomesOf(plan: Plan, result: RunResult): ReadonlyMap<string, readonly Outcome[]> {
  const outcomes = new Map<string, Outcome[]>();
  plan.steps.forEach(({ task }, index) => {
    const step = result.steps[index];
    const outcome = step?.kind === 'ran' ? step.outcome : undefined;
    const name = task === undefined ? undefined : plan.tasks[task]?.name;
    if (name === undefined || outcome === undefined) return;
    if (outcome.entry === undefined && outcome.observed === undefined) return;
    outcomes.set(name, [...(outcomes.get(name) ?? []), outcome]);
  });
  return outcomes;
}

async function filesOf(
  task: string,
  outcomes: readonly Outcome[],
  root: AbsolutePath,
  explainer: Explainer | undefined,
): Promise<TaskFiles> {
  const reads = new Set<WorkspacePath>();
  const writes = new Set<WorkspacePath>();
  for (const { entry, observed, touched } of outcomes) {
    const known = touched ?? observed;
    for (const file of known?.content ?? []) reads.add(file);
    for (const file of known?.written ?? []) if (isFile(root, file)) writes.add(file);
    if (known !== undefined || entry === undefined) continue;
    const result = await explainer?.result(entry);
    for (const observation of result?.observations ?? []) {
      if (observation.kind === 'content') reads.add(observation.path);
    }
    for (const output of result?.outputs ?? []) {
      if (output.kind === 'file' || output.kind === 'symlink') writes.add(output.path);
    }
  }
  return { task, reads, writes };
}

/** Directories may be made by many, and what is gone is nobody's. */
function isFile(root: AbsolutePath, file: WorkspacePath): boolean {
  const stat = lstatSync(path.join(root, file), { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFile() || stat.isSymbolicLink());
}

/** Of tasks that are not part of the run. */
async function otherOutputs(
  { workspace }: Location,
  plan: Plan,
  explainer: Explainer,
): Promise<ReadonlyMap<string, readonly WorkspacePath[]>> {
  const planned = new Set(plan.tasks.map(({ name }) => name));
  const found = new Map<string, WorkspacePath[]>();
  for (const [name, paths] of await explainer.outputs(workspace.root)) {
    // Each of several commands of a task has a result of its own.
    const task = name.replace(/ \(\d+\)$/, '');
    if (!planned.has(task)) found.set(task, [...(found.get(task) ?? []), ...paths]);
  }
  return found;
}
