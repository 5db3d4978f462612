import type { AttemptOutcome } from '../../../cache/attempt.js';
import { encodeNotCached } from '../explain/not-cached-record.js';
import type { Outcome } from '../outcome.js';
import type { MissedRun } from './run-tracked.js';

/** Notes, for later explanations, how a run went that left no result. */
export async function noteAttempt(
  { planned, policy, cache, world, found }: MissedRun,
  outcome: Outcome,
): Promise<void> {
  const { key } = policy;
  const { task } = planned.execution;
  const { duration } = outcome;
  await cache.note(
    task,
    { ended: Date.now(), duration, key, found, outcome: attemptOutcome(outcome) },
    world,
  );
}

function attemptOutcome({ ending, interrupted, notCached }: Outcome): AttemptOutcome {
  if (interrupted === true) return { kind: 'interrupted' };
  const failed = ending.kind !== 'exited' || ending.code !== 0;
  if (failed || notCached === undefined) return { kind: 'failed', ending };
  return { kind: 'not-cached', reason: encodeNotCached(notCached) };
}
