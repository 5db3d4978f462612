import { readFileSync } from 'node:fs';
import { cacheLayout } from '../../../cache/cache-directory.js';
import type { AbsolutePath } from '../../../cache/brands.js';
import { replaceFile } from '../../../cache/replace-file.js';
import type { RunResult } from '../../execute/schedule/run-plan.js';
import type { Plan } from '../../plan/plan.js';

/**
 * All that decides whether tasks of a run meet in files in no planned order, when each was replayed: which
 * results, and the steps of the plan. Undefined when something else than a stored result has a say.
 */
export function replayedRun(plan: Plan, result: RunResult): string | undefined {
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
  return JSON.stringify([plan.workspaceRoot, names, steps, entries]);
}

/** Whether the last run that was checked is the same one, and was found in order. */
export function isKnownApart(cacheDirectory: AbsolutePath, run: string): boolean {
  try {
    return readFileSync(cacheLayout(cacheDirectory).apart, 'utf8') === run;
  } catch {
    return false;
  }
}

/** Spares the next run of the same results the check: it would open the index for each of them. Never throws. */
export function keepApart(cacheDirectory: AbsolutePath, run: string): void {
  replaceFile(cacheLayout(cacheDirectory).apart, run);
}
