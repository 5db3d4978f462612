import type { Ending } from '../task-process.js';
import { signalNumber } from './signal-names.js';

/** The exit code a shell would give for it: 128+n for a signal, 127 not found, 126 not executable. */
export function endingExitCode(ending: Ending): number {
  switch (ending.kind) {
    case 'exited':
      return ending.code;
    case 'killed':
      return 128 + signalNumber(ending.signal);
    case 'not-started':
      // A missing working directory is not the program's absence, but shells have no code for it.
      return ending.errno === 'ENOENT' || ending.errno === 'ENOTDIR' ? 127 : 126;
  }
}
