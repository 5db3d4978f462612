import type { Ending } from '../task-process.js';

/** How much is known about the processes of a task once its main process has ended. */
export type Aftermath =
  /** None is left. */
  | { readonly kind: 'quiet' }
  /** These outlived the grace period. */
  | { readonly kind: 'survivors'; readonly pids: readonly number[] }
  /** Started without the native part: nobody knows. */
  | { readonly kind: 'unwatched' }
  /** The launcher and its supervisor were killed: what ran on, and whether tracking missed something, is not known. */
  | {
      readonly kind: 'supervisor-lost';
      /** The task was killed, since it ran still. */
      readonly endedTask: boolean;
    };

/** What a way of launching tells, in this order and each once: `started` if it was, the others always. */
export interface LaunchEvents {
  started(pid: number): void;
  ended(ending: Ending): void;
  /** `untracked`: why the launcher could not track the task, or not to its end. */
  settled(aftermath: Aftermath, untracked?: string): void;
}

/** A launched task. */
export interface Launch {
  /**
   * The process below which all of the task's are, once it was started; undefined where nothing keeps them
   * together.
   */
  readonly supervisor: number | undefined;
  /** Whether no process of the task is left that `supervisor` knows of. */
  readonly isGone: boolean;
  /** Detaches from a task whose story is over, so that nothing of it keeps vt alive. */
  release(): void;
}
