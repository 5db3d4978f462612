import { endingExitCode } from '../execute/process/ending-exit-code.js';
import type { Exit } from './services.js';

/** milliseconds a signal sent to oneself may take; it is delivered before `kill` returns, or never. */
const PATIENCE = 1_000;

/** Ends this process as `exit` says. What it wrote must have left it. */
export function exitProcess(exit: Exit): void {
  if (exit.kind === 'code') {
    process.exitCode = exit.code;
    return;
  }
  const { signal } = exit;
  if (signal !== 'SIGKILL' && signal !== 'SIGSTOP') {
    // Node ignores some signals from the start; taking a listener off restores the default action,
    // so that whoever waits for vt sees what it would have seen of the command.
    process.on(signal, () => undefined);
    process.removeAllListeners(signal);
  }
  process.kill(process.pid, signal);
  // Blocked by whoever started vt: then the code that shells give has to do.
  setTimeout(() => process.exit(endingExitCode({ kind: 'killed', signal })), PATIENCE);
}
