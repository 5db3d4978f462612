import type { Capture } from '../../cache/key.js';
import type { OutputDemand } from '../execute/task-process.js';

/** Where text goes: the process's own streams, or a test's. */
interface TextStream {
  readonly isTTY: boolean;
  /** Of a terminal, as it is now; undefined or 0 where nobody knows. */
  readonly columns?: number | undefined;
  /** Takes all of it, in order. */
  write(text: string): void;
  /** As `write`, for what is on a terminal for a while only and no part of what was printed. Default: `write`. */
  writePassing?(text: string): void;
}

/** Where output of tasks goes as well, in one order with the text. */
export interface OutputStream extends TextStream {
  /**
   * Takes bytes, which must not be changed afterwards. The answer is a promise while the reader is
   * behind, and `closed` once it is gone.
   */
  send(bytes: Uint8Array): OutputDemand | Promise<OutputDemand>;
  /** Resolves when everything so far has left this process, or cannot any more. */
  flushed(): Promise<void>;
}

/** The surroundings a command sees; never read from `process` below the entry file. */
export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** How a task's output is captured, so that it comes out here as if there were no vt. */
  readonly capture: Capture;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
