import type { ExecutionReporter } from '../report/execution-reporter.js';
import type { RunDetail } from '../report/run-details.js';
import type { Plan } from '../plan/plan.js';
import type { Executor } from './services.js';

/**
 * Runs a plan's executions one after the other, in the order of its steps; the first that fails or
 * is interrupted is the last one run.
 * One entry for each planned execution, in order.
 */
export async function runPlan(
  plan: Plan,
  executor: Executor,
  reporter: ExecutionReporter,
): Promise<readonly RunDetail[]> {
  const details: RunDetail[] = [];
  let hasFailed = false;
  for (const { planned } of plan.steps) {
    if (planned === undefined) continue;
    const { execution } = planned;
    if (hasFailed) {
      details.push({ execution, outcome: undefined });
      continue;
    }
    const outcome = await executor.run(planned, {
      decided: (status) => {
        reporter.began(execution, status);
      },
      warned: (message) => {
        reporter.warned(message);
      },
    });
    reporter.ended(outcome);
    details.push({ execution, outcome });
    const { ending, interrupted } = outcome;
    hasFailed = ending.kind !== 'exited' || ending.code !== 0 || interrupted === true;
  }
  return details;
}
