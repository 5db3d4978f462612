import type { OnOutput } from '../task-process.js';

/**
 * What a process that still writes may at most delay the end of a task: more than any FIFO or
 * terminal holds (fs.pipe-max-size), so everything written before the task ended lies below it.
 */
export const DRAIN_LIMIT = 1024 * 1024;

/** The way a task's output takes to the runner. Every method may be called in any state. */
export interface TaskOutput {
  /** Options of the native launcher by which the task gets its ends. */
  readonly launcherOptions: readonly string[];
  /** Opens the task's ends here, blocking ones, for a start without the launcher. */
  openTaskEnds(): TaskEnds;
  /** Begins to read. */
  start(onOutput: OnOutput): void;
  /** Delivers what was written so far, up to about `limit` bytes a stream, and goes on reading. */
  drain(limit: number): Promise<void>;
  /**
   * For a task nobody watches, once it has ended: goes on delivering until no process has the
   * output open any more, at most for so many milliseconds.
   */
  awaitWriters(milliseconds: number): Promise<void>;
  /** Tells a terminal its new size. */
  resize(columns: number, rows: number): void;
  /** Delivers what is left, as by `drain`, and closes all. Processes still writing meet a broken pipe. */
  finish(limit: number): Promise<void>;
}

/** Descriptors for stdout and stderr of the task, to be closed once it has inherited them. */
export interface TaskEnds {
  readonly stdout: number;
  readonly stderr: number;
  close(): void;
}
