import type {
  Explainer,
  LastRunExplanation,
  LatestResult,
  NextRunExplanation,
} from '../../../cache/explain/explainer.js';
import { createWorld, placeOf } from '../../plan/create-world.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import type { Execution } from '../../plan/execution.js';
import type { PlannedExecution } from '../../plan/plan.js';
import { concealmentOf } from '../../plan/secrets/concealment.js';
import type { NotCached } from '../outcome.js';
import { adviseOn, adviseOnKey } from './advise.js';
import type { Advice } from './advise.js';
import { decodeNotCached } from './not-cached-record.js';

/** Why an execution did what it did the last time, and what it would do now. */
export interface ExecutionExplanation {
  /** Its name and command line, values of variables replaced by marks. */
  readonly execution: Pick<Execution, 'task' | 'command'>;
  readonly origin: ExecutionOrigin;
  readonly last: LastRun | undefined;
  readonly next: NextRun;
}

export interface LastRun extends LastRunExplanation {
  /** Why it was not kept, if it was not; undefined also for what another version wrote. */
  readonly notCached: NotCached | undefined;
  /** What would have avoided the miss, if it was one. */
  readonly advice: readonly Advice[];
}

/** `disabled`: the run would neither look for a result nor leave one. */
export type NextRun =
  | { readonly kind: 'disabled'; readonly because: Execution['uncachedBecause'] }
  | ({
      readonly kind: 'cached';
      /** What would avoid the miss, if it is one. */
      readonly advice: readonly Advice[];
    } & NextRunExplanation);

/** Explains one execution; runs and writes nothing. Without an explainer nothing was ever stored. */
export async function explainExecution(
  planned: PlannedExecution,
  explainer: Explainer | undefined,
): Promise<ExecutionExplanation> {
  const { envSource, origin } = planned;
  const { task, cache: policy, uncachedBecause, workspaceRoot } = planned.execution;
  const command = concealmentOf(planned).commandLine(planned.execution.command);
  const execution = { task, command };
  const world = createWorld(workspaceRoot, envSource, placeOf(planned.execution));
  const attempted = await explainer?.lastRun(task, world.root);
  const latest = (await explainer?.latest(world.root)) ?? [];
  const last = attempted && lastRun(attempted, origin, latest);
  if (policy === undefined) {
    return { execution, origin, last, next: { kind: 'disabled', because: uncachedBecause } };
  }
  // Bare commands have results for each way of capture: the last one is what is asked about.
  const capture = policy.key.capture === 'any' ? 'any' : attempted?.attempt.key.capture;
  const key = { ...policy.key, ...(capture !== undefined && { capture }) };
  const found = (await explainer?.nextRun(task, key, world)) ?? nothingStored;
  const { verdict, nearest, keyChanges } = found;
  const advice =
    verdict.kind === 'hit'
      ? []
      : [
          ...(nearest === undefined ? [] : adviseOn({ origin, nearest, latest })),
          ...adviseOnKey(keyChanges, origin),
        ];
  return { execution, origin, last, next: { kind: 'cached', ...found, advice } };
}

const nothingStored: NextRunExplanation = {
  verdict: { kind: 'first-run' },
  variants: 0,
  nearest: undefined,
  keyChanges: [],
};

function lastRun(
  explained: LastRunExplanation,
  origin: ExecutionOrigin,
  latest: readonly LatestResult[],
): LastRun {
  const { attempt, compared, keyChanges } = explained;
  const { outcome } = attempt;
  return {
    ...explained,
    notCached: outcome?.kind === 'not-cached' ? decodeNotCached(outcome.reason) : undefined,
    advice: [
      ...(compared === undefined ? [] : adviseOn({ origin, nearest: compared, latest })),
      ...adviseOnKey(keyChanges, origin),
    ],
  };
}
