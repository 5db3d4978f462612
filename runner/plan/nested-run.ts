import { existsSync } from 'node:fs';
import path from 'node:path';
import type { RunnerEnv } from './env/declared-env.js';

/**
 * Whether this runner is itself part of a task that another runner tracks. That one must see every
 * read, and a hit here would hide them. A directory that is gone belonged to a run that is over,
 * whose variables a long-lived process (an editor, a terminal multiplexer) has kept.
 */
export function isNestedRun(env: RunnerEnv): boolean {
  const directory = env.VT_IPC_DIR;
  return directory !== undefined && directory !== '' && existsSync(path.join(directory, 'q'));
}
