import type { RunnerEnv } from '../env/declared-env.js';

/** Which packages a task is run in. */
export type PackageQuery =
  /** The package of the working directory, or the one that the task's name begins with. */
  | { readonly kind: 'own' }
  | { readonly kind: 'root' }
  /** Every package, in topological order. */
  | { readonly kind: 'all' }
  /** A package and all that it needs, in topological order. */
  | { readonly kind: 'transitive'; readonly from: 'own' | 'root' }
  /** Values of --filter, as written; `root`: the workspace root as well. */
  | { readonly kind: 'filters'; readonly filters: readonly string[]; readonly root: boolean };

/** `vt run`: a task by name. */
export interface RunRequest {
  /** `task`, or `package#task`. */
  readonly task: string;
  /** For the last command of the task, in each package; tasks it waits for get none. */
  readonly args: readonly string[];
  readonly packages: PackageQuery;
  /** True for --cache, false for --no-cache, undefined for what the configuration says. */
  readonly cache: boolean | undefined;
  readonly ignoreDependsOn: boolean;
  readonly failIfNoMatch: boolean;
  /** Whether no task waits for another one, and any number may run at once unless `limit` is given. */
  readonly parallel: boolean;
  /** How many of its tasks may run at once; undefined: nothing was said. */
  readonly limit: number | undefined;
  /** Whether a failure stops only what needs the failed task. */
  readonly keepGoing: boolean;
}

/**
 * Reads the arguments of a `vt run` in a command, and the assignments before it, so that it is planned
 * instead of started. Undefined: not a command line that a plan can replace; it is left to run, and to
 * complain.
 */
export type ReadRunArguments = (
  args: readonly string[],
  assigned: RunnerEnv,
) => RunRequest | undefined;
