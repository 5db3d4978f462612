import type { PlannedExecution } from '../../plan/plan.js';
import type { ExecutionEvents, Outcome } from '../outcome.js';
import { runInherited } from '../process/run-inherited.js';
import { Interruption } from './interruption.js';
import type { InterruptionPolicy } from './interruption.js';

/**
 * Runs an execution that is not to be cached as if vt were not there: it shares vt's streams,
 * terminal and process group, and nothing is observed.
 */
export async function runUncached(
  { execution }: PlannedExecution,
  events: ExecutionEvents,
  policy: InterruptionPolicy,
): Promise<Outcome> {
  const status = { kind: 'disabled', because: execution.uncachedBecause } as const;
  events.decided(status);
  const start = performance.now();
  const task = runInherited(execution);
  const interruption = new Interruption(task, policy, false);
  try {
    const ending = await task.ended;
    const interrupted = interruption.received !== undefined;
    return { status, ending, duration: performance.now() - start, saved: 0, interrupted };
  } finally {
    interruption.close();
  }
}
