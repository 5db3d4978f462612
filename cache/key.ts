import type { Digest, WorkspacePath } from './brands.js';

/**
 * How a task's output is captured: through one pseudo-terminal; stdout and stderr through a pipe
 * each; or both through one pipe, because they end up in one file anyway and their order counts.
 */
export type Capture = 'terminal' | 'pipes' | 'one-pipe';

/**
 * Everything known before a task runs that its result depends on. Two executions with equal parts
 * share one key and so one set of stored variants, whatever their task names are.
 * Entries are valid in a copy of the workspace elsewhere, as long as no argument names its path.
 */
export interface KeyParts {
  /** As looked up: workspace-relative path when inside the workspace, else absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: WorkspacePath;
  /** Configured, fingerprinted variables (`env`, and prefix assignments), sorted by name. */
  readonly env: readonly { readonly name: string; readonly valueDigest: Digest }[];
  /** Names of configured pass-through variables (`untrackedEnv` patterns), sorted. Values do not count. */
  readonly untrackedEnv: readonly string[];
  /** Canonical JSON of the resolved input rules. */
  readonly inputConfig: string;
  /** Canonical JSON of the resolved output rules. */
  readonly outputConfig: string;
  /**
   * Whether results captured in different ways are told apart. For `vt exec`, which promises the
   * bare command's streams: `x=$(vt exec -- cmd)` must not get what cmd wrote to stderr when it was
   * run in a terminal. 'any' for tasks, whose output is for reading.
   */
  readonly capture: Capture | 'any';
}
