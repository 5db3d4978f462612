import type { Explainer } from '../../../cache/explain/explainer.js';
import type { RestorePreview } from '../../../cache/explain/restore-preview.js';
import { createWorld, placeOf } from '../../plan/create-world.js';
import type { Plan, PlannedExecution } from '../../plan/plan.js';
import type { CacheStatus } from '../outcome.js';
import type { StepIndex } from '../schedule/run-events.js';

/** What a step would find in the cache, by the files as they are now. */
export interface Prediction {
  readonly status: CacheStatus;
  /** For a hit: what it would put in place. */
  readonly restore: RestorePreview | undefined;
  /**
   * Steps before it that would change files: those that would run, and hits that would put something
   * in place. The status is as before them.
   */
  readonly after: readonly StepIndex[];
}

/**
 * Predicts what a run of the plan would find, in its order; undefined for steps with nothing to run.
 * Runs and writes nothing. Without an explainer nothing was ever stored.
 */
export async function predictRun(
  { steps }: Plan,
  explainer: Explainer | undefined,
): Promise<readonly (Prediction | undefined)[]> {
  const predictions: (Prediction | undefined)[] = [];
  /** By step: it, if it changes files, and those before it that do. */
  const changing: ReadonlySet<StepIndex>[] = [];
  for (const [step, { planned, needs }] of steps.entries()) {
    const after = new Set<StepIndex>(needs.flatMap((need) => [...(changing[need] ?? [])]));
    const predicted = planned && {
      ...(await predict(planned, explainer)),
      after: [...after].sort((a, b) => a - b),
    };
    predictions.push(predicted);
    changing.push(predicted !== undefined && changesFiles(predicted) ? after.add(step) : after);
  }
  return predictions;
}

async function predict(
  { execution, envSource }: PlannedExecution,
  explainer: Explainer | undefined,
): Promise<Omit<Prediction, 'after'>> {
  const { task, cache: policy, uncachedBecause, workspaceRoot } = execution;
  if (policy === undefined) {
    return { status: { kind: 'disabled', because: uncachedBecause }, restore: undefined };
  }
  const world = createWorld(workspaceRoot, envSource, placeOf(execution));
  const { verdict } = (await explainer?.nextRun(task, policy.key, world)) ?? nothingStored;
  if (verdict.kind === 'hit') return { status: { kind: 'hit' }, restore: verdict.restore };
  return { status: verdict, restore: undefined };
}

const nothingStored = { verdict: { kind: 'first-run' } } as const;

function changesFiles({ status, restore }: Omit<Prediction, 'after'>): boolean {
  if (status.kind !== 'hit' || restore === undefined) return true;
  return restore.restored.length + restore.removed.length > 0;
}
