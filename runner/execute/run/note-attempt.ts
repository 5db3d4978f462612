import type { AttemptOutcome } from '../../../cache/attempt.js';
import { encodeNotCached } from '../explain/not-cached-record.js';
import { concealmentOf } from '../../plan/secrets/concealment.js';
import type { Outcome } from '../outcome.js';
import type { MissedRun } from './run-tracked.js';

/** Notes, for later explanations, how a run went that left no result. */
export async function noteAttempt(
  { planned, policy, cache, world, found }: MissedRun,
  outcome: Outcome,
): Promise<void> {
  const { key } = policy;
  const { task } = planned.execution;
  const { duration, served } = outcome;
  const concealed = concealmentOf(planned, served).everywhere(outcome);
  await cache.note(
    task,
    { ended: Date.now(), duration, key, found, outcome: attemptOutcome(concealed) },
    world,
  );
}

function attemptOutcome({ ending, stopped, notCached }: Outcome): AttemptOutcome {
  if (stopped !== undefined) return { kind: 'interrupted' };
  const failed = ending.kind !== 'exited' || ending.code !== 0;
  if (failed || notCached === undefined) return { kind: 'failed', ending };
  return { kind: 'not-cached', reason: encodeNotCached(notCached) };
}
