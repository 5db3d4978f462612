import type { StepIndex } from '../../execute/schedule/run-events.js';
import type { Execution } from '../../plan/execution.js';
import type { Plan } from '../../plan/plan.js';
import type { OutputStream } from '../output.js';

/** What a log is made for. */
export interface LogOptions {
  readonly plan: Plan;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The execution of a step that has one. */
export function executionOf({ steps }: Plan, step: StepIndex): Execution {
  const planned = steps[step]?.planned;
  if (planned === undefined) throw new Error(`step ${step} has nothing to run`);
  return planned.execution;
}

/** What labels call the task of a step: the same for all of its commands. */
export function labelOf({ steps, tasks }: Plan, step: StepIndex): string {
  const task = steps[step]?.task;
  return `[${(task === undefined ? undefined : tasks[task]?.name) ?? ''}]`;
}
