import type { AbsolutePath, WorkspacePath } from './brands.js';
import type { EnvPattern } from './observation.js';

/**
 * The present state of things that stored observations are checked against, as far as it is not
 * the file system below `root`. Given by the runner, which owns the rules for variables and globs.
 */
export interface World {
  /** Physical path of the workspace root. */
  readonly root: AbsolutePath;
  /** The value the task would be given if it asked for `name`; undefined when unset. */
  env(name: string): string | undefined;
  /** What the task would be given for this query, untracked names already left out. */
  queryEnv(pattern: EnvPattern): ReadonlyMap<string, string>;
  /** Physical path of the program that the task would find in PATH; undefined when there is none. */
  findProgram(name: string): AbsolutePath | undefined;
  /** Files below the root matching the globs, sorted. */
  expandGlobs(include: readonly string[], exclude: readonly string[]): Promise<WorkspacePath[]>;
}
