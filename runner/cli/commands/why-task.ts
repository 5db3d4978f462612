import type { PlanOutcome } from '../../plan/plan.js';
import { planRun } from '../../plan/plan-run.js';
import type { Io } from '../../report/output.js';
import type { Location } from '../../workspace/find-workspace.js';
import { readNestedRun } from './run-flags.js';

/** Plans a task as `vt run` would, without those it waits for. */
export function planAskedTask(
  task: string,
  args: readonly string[],
  cacheScripts: boolean,
  location: Location,
  io: Io,
): Promise<PlanOutcome> {
  return planRun(
    {
      task,
      args,
      packages: { kind: 'own' },
      cache: cacheScripts ? true : undefined,
      ignoreDependsOn: true,
      failIfNoMatch: false,
      parallel: false,
      limit: undefined,
      keepGoing: false,
    },
    {
      location,
      env: io.env,
      capture: io.capture === 'terminal' ? 'terminal' : 'pipes',
      readRun: readNestedRun,
    },
  );
}
