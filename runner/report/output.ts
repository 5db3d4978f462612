import type { Capture } from '../../cache/key.js';

/** Where text goes: the process's own streams, or a test's. */
export interface TextStream {
  readonly isTTY: boolean;
  /** Takes all of it, in order. */
  write(text: string): void;
}

/** The surroundings a command sees; never read from `process` below the entry file. */
export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** How a task's output is captured, so that it comes out here as if there were no vt. */
  readonly capture: Capture;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
