import type { StoppableTask } from '../task-process.js';
import { terminalSignalsReach } from '../process/process-group.js';

/** Why running tasks are told to end. */
export type StopReason =
  /** vt got this signal. */
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  /** A task failed, and the rest is not wanted then. */
  | { readonly kind: 'failure' }
  /** Whoever started the run wants something else now. */
  | { readonly kind: 'request' };

/** milliseconds between the first word and SIGKILL, for tasks that are to be stopped. */
const STOP_GRACE = 5_000;

/**
 * How a run deals with signals: `forward` leaves the ending to the task, as if each signal had been
 * sent to it and not to vt; `stop` ends all tasks, by force after a grace period or at the second
 * signal.
 */
export type StopPolicy = 'forward' | 'stop';

/** The running tasks of a run, and the word that they are to end. */
export class Stopping {
  readonly policy: StopPolicy;
  readonly #grace: number;
  readonly #tasks = new Set<StoppableTask>();
  readonly #waiting = new Set<() => void>();
  #reason: StopReason | undefined;
  #isForced = false;
  #hasReceived = false;
  #killer: NodeJS.Timeout | undefined;

  /** `grace` in milliseconds. */
  constructor(policy: StopPolicy, grace = STOP_GRACE) {
    this.policy = policy;
    this.#grace = grace;
  }

  /** Why all is to end; undefined as long as it is not. The first reason stays. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Whether no task may take its time any more. */
  get isForced(): boolean {
    return this.#isForced;
  }

  /** Whether a task is there that can be told. */
  get hasTasks(): boolean {
    return this.#tasks.size > 0;
  }

  /** Calls back once, when the first reason is there; at once if it is. Returns what cancels it. */
  onStop(callback: () => void): () => void {
    if (this.#reason !== undefined) callback();
    else this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /** Adds a task that is about to run; it is told at once what the others were told. */
  add(task: StoppableTask): void {
    this.#tasks.add(task);
    if (this.#isForced) task.signalAll('SIGKILL');
    else if (this.#reason !== undefined) tell(task, this.#reason);
  }

  /** To be called when nothing of the task may be ended any more, because it has ended by itself. */
  remove(task: StoppableTask): void {
    this.#tasks.delete(task);
  }

  /** Ends all tasks: gently first, and by force when the grace period is over. */
  stop(reason: StopReason): void {
    const isFirst = this.#reason === undefined;
    this.#reason ??= reason;
    if (isFirst || reason.kind === 'signal') for (const task of this.#tasks) tell(task, reason);
    if (this.policy === 'stop') {
      this.#killer ??= setTimeout(() => {
        this.kill();
      }, this.#grace);
    }
    if (!isFirst) return;
    for (const callback of this.#waiting) callback();
    this.#waiting.clear();
  }

  /** Ends all tasks by force, now. */
  kill(): void {
    this.#isForced = true;
    clearTimeout(this.#killer);
    for (const task of this.#tasks) task.signalAll('SIGKILL');
  }

  /** A signal that vt got: passed on, or the end of all; the second of them is the end at once. */
  receive(signal: NodeJS.Signals): void {
    const isSecond = this.#hasReceived;
    this.#hasReceived = true;
    if (this.policy === 'stop' && isSecond) this.kill();
    else this.stop({ kind: 'signal', signal });
  }

  /** To be called after the last task. */
  close(): void {
    clearTimeout(this.#killer);
  }
}

function tell(task: StoppableTask, reason: StopReason): void {
  if (reason.kind !== 'signal') {
    task.signalAll('SIGTERM');
    return;
  }
  const { signal } = reason;
  // A key pressed in the terminal has already been sent to every process of the foreground group;
  // many tools take a second SIGINT for "stop at once".
  const isKey = signal === 'SIGINT' || signal === 'SIGQUIT';
  if (!(isKey && task.sharesGroup && terminalSignalsReach(process.pid))) task.signal(signal);
}

/** Whether nothing new may begin. A signal that is only forwarded waits for the task it is for. */
export function mayNotBegin({ policy, reason }: Stopping): boolean {
  return policy === 'stop' && reason !== undefined;
}
