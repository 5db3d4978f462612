import { terminalSignalsReach } from '../process/process-group.js';

/** Signals that end a task when the user or the system sends them to vt. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** milliseconds between the first signal and SIGKILL, for a task that is to be stopped. */
const STOP_GRACE = 5_000;

/** What signals are passed on to. */
export interface Interruptible {
  signal(signal: NodeJS.Signals): void;
}

/**
 * How long a task may take to end after a signal: `forward` leaves it to the task, as if the signal
 * had been sent to it and not to vt; `stop` kills it after a grace period or at the second signal.
 */
export type InterruptionPolicy = 'forward' | 'stop';

/**
 * Passes the signals vt gets on to the running task, from construction until `close`, and remembers
 * that there was one: an interrupted run is never stored.
 */
export class Interruption {
  readonly #task: Interruptible;
  readonly #policy: InterruptionPolicy;
  /** Whether the task's processes are in a session of their own, out of reach of vt's terminal. */
  readonly #ownGroup: boolean;
  #killer: NodeJS.Timeout | undefined;
  #first: NodeJS.Signals | undefined;

  constructor(task: Interruptible, policy: InterruptionPolicy, ownGroup: boolean) {
    this.#task = task;
    this.#policy = policy;
    this.#ownGroup = ownGroup;
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#receive);
  }

  /** The first signal received; undefined when there was none. */
  get received(): NodeJS.Signals | undefined {
    return this.#first;
  }

  close(): void {
    clearTimeout(this.#killer);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    const isFirst = this.#first === undefined;
    this.#first ??= signal;
    if (this.#policy === 'stop' && !isFirst) {
      this.#task.signal('SIGKILL');
      return;
    }
    // A key pressed in the terminal has already been sent to every process of the foreground
    // group; many tools take a second SIGINT for "stop at once".
    const sentByTerminal = signal === 'SIGINT' || signal === 'SIGQUIT';
    if (this.#ownGroup || !sentByTerminal || !terminalSignalsReach(process.pid)) {
      this.#task.signal(signal);
    }
    if (this.#policy === 'stop') {
      this.#killer ??= setTimeout(() => {
        this.#task.signal('SIGKILL');
      }, STOP_GRACE);
    }
  };
}
