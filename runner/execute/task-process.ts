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
  /** `pipes`: stdout and stderr apart; `one-pipe`: together, as stdout. `terminal`: one pseudo-terminal, the task's controlling terminal. */
  readonly output:
    | 'pipes'
    | 'one-pipe'
    | { readonly terminal: { readonly columns: number; readonly rows: number } };
  /** Path of the request FIFO the task gets as fd 3; undefined: it gets none. */
  readonly channel: string | undefined;
  /** Private directory of this run (0700), removed by the caller afterwards. */
  readonly runDirectory: string;
}

/** A running task, as far as ending it goes. Being gone is no error for any of these. */
export interface StoppableTask {
  /**
   * Sends as a key in its terminal does: to the task's process group, to its terminal's foreground
   * group for SIGINT, or, if it shares vt's group, to all of it that is in that group.
   */
  signal(signal: NodeJS.Signals): void;
  /**
   * Sends to every process of the task, also to those that left its group or its session, or whose
   * parents have ended. Where the native part is missing: to the task's group.
   */
  signalAll(signal: NodeJS.Signals): void;
  /** Whether it is in vt's own process group, so that the terminal's keys reach it by themselves. */
  readonly sharesGroup: boolean;
  /** Whether nothing of it is left, as far as `signalAll` knows. Meaningful after `ended`. */
  readonly isGone: boolean;
  /** Resolves when the main process has ended; for a RunningTask, with all it wrote delivered. */
  readonly ended: Promise<Ending>;
}

/** A running task: one reactor over its output, its exit and its trace. */
export interface RunningTask extends StoppableTask {
  /** The task's main process; undefined until it was started. */
  readonly pid: number | undefined;
  resize(columns: number, rows: number): void;
  /**
   * Resolves when the main process has ended and every byte written before is delivered to
   * `onOutput`, whether or not a daemon still holds the output open.
   */
  readonly ended: Promise<Ending>;
  /** Resolves after `ended`, when the tree is quiet or the grace period is over. */
  readonly trace: Promise<TaskTrace>;
}

/**
 * What the receiver wants next from the stream a chunk came from: go on, or `closed` when nobody
 * reads it any more, so that the task meets a broken pipe as it would without vt.
 */
export type OutputDemand = undefined | 'closed';

/**
 * Receives a task's output as it is read; the bytes belong to the receiver. It may be called until
 * `trace` has resolved: processes left behind by the main process still print during the grace
 * period. A returned promise holds the stream until it resolves, so that a slow reader slows the
 * task down instead of filling memory.
 */
export type OnOutput = (chunk: OutputChunk) => void | OutputDemand | Promise<OutputDemand>;
