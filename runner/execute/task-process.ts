import type { OutputChunk } from '../../cache/stored-run.js';
import type { AbsolutePath } from '../../cache/brands.js';
import type { TaskTrace } from '../tracker/task-trace.js';

/** How a process ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly code: number }
  /** `signal` is a name such as `SIGTERM`. */
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals }
  /** The program could not be started at all; `errno` is a name such as `ENOENT`. */
  | { readonly kind: 'not-started'; readonly errno: string; readonly path: string };

/** What to start. */
export interface TaskCommand {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: AbsolutePath;
  readonly env: Readonly<Record<string, string>>;
  /** `pipes`: stdout and stderr apart. `terminal`: one pseudo-terminal, the task's controlling terminal. */
  readonly output:
    'pipes' | { readonly terminal: { readonly columns: number; readonly rows: number } };
  /** Path of the request FIFO the task gets as fd 3. */
  readonly channel: string;
  /** Private directory of this run (0700), removed by the caller afterwards. */
  readonly runDirectory: string;
}

/** A running task: one reactor over its output, its exit and its trace. */
export interface RunningTask {
  /** The task's main process; undefined until it was started. */
  readonly pid: number | undefined;
  /** Sends to the task's process group (or its terminal's foreground group for SIGINT). */
  signal(signal: NodeJS.Signals): void;
  resize(columns: number, rows: number): void;
  /**
   * Resolves when the main process has ended and every byte written before is delivered to
   * `onOutput`, whether or not a daemon still holds the output open.
   */
  readonly ended: Promise<Ending>;
  /** Resolves after `ended`, when the tree is quiet or the grace period is over. */
  readonly trace: Promise<TaskTrace>;
}

export type OnOutput = (chunk: OutputChunk) => void;
