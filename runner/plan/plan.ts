import type { AbsolutePath } from '../../cache/brands.js';
import type { Capture } from '../../cache/key.js';
import type { Location } from '../workspace/find-workspace.js';
import type { RunnerEnv } from './env/declared-env.js';
import type { EnvSource, Execution } from './execution.js';
import type { PlanProblem } from './plan-problem.js';

/** An execution and the variables it may ask for. */
export interface PlannedExecution {
  readonly execution: Execution;
  readonly envSource: EnvSource;
}

/** A task: its executions run in order, each only if the one before succeeded. */
export interface PlannedTask {
  /** As shown to the user: `app#build`, or `build` in a package without a name. */
  readonly name: string;
  readonly executions: readonly PlannedExecution[];
  /** Indexes into `Plan.tasks` of the tasks that must have succeeded before. */
  readonly waitsFor: readonly number[];
}

/** All that a request runs, in an order that respects `waitsFor`. */
export interface Plan {
  readonly workspaceRoot: AbsolutePath;
  readonly tasks: readonly PlannedTask[];
}

/** A plan, or the reasons why there is none. Warnings come with either. */
export type PlanOutcome =
  | { readonly kind: 'planned'; readonly plan: Plan; readonly warnings: readonly PlanProblem[] }
  | { readonly kind: 'refused'; readonly problems: readonly PlanProblem[] };

/** What planning needs to know of the runner's own surroundings. */
export interface PlanContext {
  readonly location: Location;
  readonly env: RunnerEnv;
  /** How the tasks' output is captured. */
  readonly capture: Capture;
}
