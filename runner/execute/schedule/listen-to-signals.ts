import type { Stopping, StopPolicy } from './stopping.js';

/** Signals that end a task when the user or the system sends them to vt. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Gives the signals this process gets to a run; returns what ends that. With `forward` a signal that
 * finds no task to forward it to does to vt what it would have done without this.
 */
export function listenToSignals(stopping: Stopping, policy: StopPolicy): () => void {
  const receive = (signal: NodeJS.Signals): void => {
    if (policy === 'stop' || stopping.hasTasks) {
      stopping.receive(signal);
      return;
    }
    close();
    process.kill(process.pid, signal);
  };
  const close = (): void => {
    for (const signal of ENDING_SIGNALS) process.off(signal, receive);
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, receive);
  return close;
}
