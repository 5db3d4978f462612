import type { AbsolutePath, WorkspacePath } from '../../cache/brands.js';
import type { ExecutionOrigin } from './execution-origin.js';
import type { Secret } from '../../cache/stored-run.js';
import type { EnvSource, Execution } from './execution.js';
import type { PlanProblem } from './plan-problem.js';
import type { ConfidentialValues } from './secrets/confidential-values.js';

/** An execution and the variables it may ask for. */
export interface PlannedExecution {
  readonly execution: Execution;
  readonly envSource: EnvSource;
  readonly origin: ExecutionOrigin;
  /** Not for the disk, wherever they stand. */
  readonly confidential: ConfidentialValues;
  /** Those of them with which no result is kept that shows them. */
  readonly secrets: readonly Secret[];
}

/** A task with something to run. */
export interface PlannedTask {
  /** As shown to the user: `app#build`, or `build` in a root without a name. */
  readonly name: string;
  /** Of its package, relative to the workspace. */
  readonly package: WorkspacePath;
}

/**
 * One step of a plan. It may start when all that it needs has succeeded and all that it follows has
 * ended; two steps without a way between them may run at the same time.
 */
export interface PlanStep {
  /** Undefined: nothing to run; it has succeeded as soon as all that it needs has. */
  readonly planned: PlannedExecution | undefined;
  /** Index into `Plan.tasks`; undefined when there is nothing to run. */
  readonly task: number | undefined;
  /** Indexes, smaller than its own, of steps that must have succeeded. */
  readonly needs: readonly number[];
  /**
   * Indexes, smaller than its own, of steps that must have ended, well or badly, or will never be
   * run: earlier runs of the same task, which must not run twice at once.
   */
  readonly follows: readonly number[];
  /** Index into `Plan.pools`. */
  readonly pool: number;
  /** Whether its failure stops only what needs it. */
  readonly continues: boolean;
}

/** Steps of which only so many run at the same time. */
export interface StepPool {
  /** Infinity: any number. */
  readonly limit: number;
  /** Index of a pool whose limit counts as well. */
  readonly within: number | undefined;
}

/** All that a request runs: a graph, listed so that every step comes after those it waits for. */
export interface Plan {
  readonly workspaceRoot: AbsolutePath;
  readonly steps: readonly PlanStep[];
  readonly tasks: readonly PlannedTask[];
  /** The first one is that of what was asked for on the command line. */
  readonly pools: readonly StepPool[];
}

/** A plan, or the reasons why there is none. Warnings come with either. */
export type PlanOutcome =
  | { readonly kind: 'planned'; readonly plan: Plan; readonly warnings: readonly PlanProblem[] }
  | { readonly kind: 'refused'; readonly problems: readonly PlanProblem[] };
