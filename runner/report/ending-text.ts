import type { Ending } from '../execute/task-process.js';

/** How a task ended, in a few words. */
export function endingText(ending: Ending): string {
  switch (ending.kind) {
    case 'exited':
      return ending.code === 0 ? 'succeeded' : `exited with ${ending.code}`;
    case 'killed':
      return `killed by ${ending.signal}`;
    case 'not-started':
      return `could not be started (${ending.errno})`;
  }
}
