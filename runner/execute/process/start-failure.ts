import { existsSync } from 'node:fs';
import type { Ending } from '../task-process.js';

/**
 * The ending of a command that could not be started, from the error of Node's `spawn`, thrown or
 * emitted. Errors that say nothing about the command are bugs and thrown on.
 */
export function startFailure(
  error: unknown,
  command: { argv: readonly string[]; cwd: string },
): Ending {
  const { code } = error as NodeJS.ErrnoException;
  const program = command.argv[0] ?? '';
  if (code === 'ERR_INVALID_ARG_VALUE') {
    // Node refuses what the system would: an empty program, or a NUL byte, which cannot be passed.
    return { kind: 'not-started', errno: program === '' ? 'ENOENT' : 'EINVAL', path: program };
  }
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
  // spawn(2)'s error is the same for a missing program and a missing working directory.
  const path = code === 'ENOENT' && !existsSync(command.cwd) ? command.cwd : program;
  return { kind: 'not-started', errno: code, path };
}
