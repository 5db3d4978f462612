import path from 'node:path';
import type { Execution } from '../plan/execution.js';
import type { CacheStatus } from '../execute/outcome.js';
import { missReasonText } from './miss-reason-text.js';
import type { Style } from './style.js';

/**
 * The line that stands before a task's output, with its newline:
 * `~/dir$ command ◉ cache hit, replaying`, without the directory in the workspace root.
 */
export function executionLine(execution: Prompted, status: CacheStatus, style: Style): string {
  const suffix = statusText(status, style);
  return `${style.cyan(executionPrompt(execution))}${suffix === '' ? '' : ` ${suffix}`}\n`;
}

type Prompted = Pick<Execution, 'command' | 'cwd' | 'workspaceRoot'>;

/** `~/dir$ command`. */
export function executionPrompt({ command, cwd, workspaceRoot }: Prompted): string {
  const directory = path.relative(workspaceRoot, cwd);
  return `${directory === '' ? '$' : `~/${directory}$`} ${command}`;
}

function statusText(status: CacheStatus, style: Style): string {
  switch (status.kind) {
    case 'first-run':
      return '';
    case 'hit':
      return style.green('◉ cache hit, replaying');
    case 'miss':
      return style.yellow(`○ cache miss: ${missReasonText(status.reason)}, executing`);
    case 'disabled':
      return style.dim(
        status.because === 'nested'
          ? '⊘ cache disabled: inside a task that is cached as a whole'
          : '⊘ cache disabled',
      );
  }
}
