import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheLayout } from '../../../cache/cache-directory.js';
import type { AbsolutePath } from '../../../cache/brands.js';
import { replaceFile } from '../../../cache/replace-file.js';
import { textSum } from '../../../cache/text-sum.js';
import type { RunResult } from '../../execute/schedule/run-plan.js';
import type { Plan } from '../../plan/plan.js';

/** All that decides whether tasks of a run meet in files in no planned order, when each was replayed. */
interface ReplayedRun {
  /** Which tasks, in which steps: the last run of each such plan is remembered. */
  readonly plan: string;
  /** Names of the results, by step. */
  readonly entries: readonly (string | undefined)[];
}

/** Plans of which is remembered that their tasks do not meet: those that somebody runs in turns. */
const MOST = 64;

/** Undefined when something else than a stored result has a say. */
export function replayedRun(plan: Plan, result: RunResult): ReplayedRun | undefined {
  const entries: (string | undefined)[] = [];
  for (const step of result.steps) {
    const outcome = step?.kind === 'ran' ? step.outcome : undefined;
    if (step !== undefined && (outcome?.status.kind !== 'hit' || outcome.entry === undefined)) {
      return undefined;
    }
    entries.push(outcome?.entry);
  }
  const steps = plan.steps.map(({ task, needs, follows }) => [task, needs, follows]);
  const names = plan.tasks.map(({ name }) => name);
  return { plan: JSON.stringify([plan.workspaceRoot, names, steps]), entries };
}

/** Whether the last run of this plan that was checked is the same one, and was found in order. */
export function isKnownApart(cacheDirectory: AbsolutePath, run: ReplayedRun): boolean {
  try {
    return readFileSync(fileOf(cacheDirectory, run), 'utf8') === textOf(run);
  } catch {
    return false;
  }
}

/** Spares the next run of the same results the check: it would open the index for each of them. Never throws. */
export function keepApart(cacheDirectory: AbsolutePath, run: ReplayedRun): void {
  const { apart } = cacheLayout(cacheDirectory);
  try {
    mkdirSync(apart, { mode: 0o700, recursive: true });
    // Which of them go does not matter: they are found in order again.
    for (const name of readdirSync(apart).slice(MOST))
      rmSync(path.join(apart, name), { force: true });
  } catch {
    return;
  }
  replaceFile(fileOf(cacheDirectory, run), textOf(run));
}

/** Plans that share a name take turns: each says which it is. */
function fileOf(cacheDirectory: AbsolutePath, { plan }: ReplayedRun): string {
  const name = textSum(plan, 0x811c9dc5) + textSum(plan, 0x01234567);
  return path.join(cacheLayout(cacheDirectory).apart, name);
}

function textOf({ plan, entries }: ReplayedRun): string {
  return JSON.stringify([plan, entries]);
}
