import type { MissReason } from '../../cache/miss-reason.js';
import type { Difference } from '../../cache/observation-check.js';
import type { NotStored } from '../../cache/stored-run.js';
import type { Execution } from '../plan/execution.js';
import type { ConfidentialValues } from '../plan/secrets/confidential-values.js';
import type { NotDerived } from './derive/not-derived.js';
import type { ObservedRun } from './derive/observe-run.js';
import type { StopReason } from './schedule/stopping.js';
import type { Ending, OnOutput } from './task-process.js';

/** Why a successful run was not kept. */
export type NotCached =
  | NotStored
  | NotDerived
  /** More output than is kept; `limit` in bytes. */
  | { readonly kind: 'output-too-large'; readonly limit: number }
  /** Whoever read vt's output went away before the task had said all. */
  | { readonly kind: 'output-cut-short' }
  /** The private directory that a tracked run needs could not be made. */
  | { readonly kind: 'no-run-directory'; readonly detail: string };

/** What the cache had for an execution; known before the task starts or its output is replayed. */
export type CacheStatus =
  | { readonly kind: 'hit' }
  /** Nothing was ever stored: there is no reason to give. */
  | { readonly kind: 'first-run' }
  | {
      readonly kind: 'miss';
      readonly reason: MissReason;
      /** All observations in which the nearest result differs, if that is what decided. */
      readonly differences?: readonly Difference[];
    }
  | {
      readonly kind: 'disabled';
      readonly because: NonNullable<Execution['uncachedBecause']> | undefined;
    };

/** How an execution ended, by running or by replaying. */
export interface Outcome {
  readonly status: CacheStatus;
  /** For a hit: exited with 0, as the stored run did. */
  readonly ending: Ending;
  /** milliseconds this execution took, with the work of the cache */
  readonly duration: number;
  /** milliseconds the stored run had taken; 0 unless it is a hit */
  readonly saved: number;
  /** Name of the stored result: the one that was restored, or that the run left. */
  readonly entry?: string;
  /** For a hit: output files put in place, and those that were already right. */
  readonly restored?: { readonly written: number; readonly unchanged: number };
  /** Why a task that ran and succeeded was not stored. Absent when it was, or caching was off. */
  readonly notCached?: NotCached;
  /** What was seen of a run that left no result; absent where nothing was observed. */
  readonly observed?: ObservedRun;
  /** Files that a run that was stored has read, and paths that it wrote. */
  readonly touched?: Pick<ObservedRun, 'content' | 'written'>;
  /** It was told to end while it was at work: nothing was stored, whatever the ending. */
  readonly stopped?: StopReason;
  /** Variables the task got by asking for them, but for the defaults: not for the disk either. */
  readonly served?: ConfidentialValues;
}

/** A task that was told to end has not done what it was for, however it ended. */
export function hasSucceeded({ ending, stopped }: Outcome): boolean {
  return ending.kind === 'exited' && ending.code === 0 && stopped === undefined;
}

/** How an execution begins. */
export interface Beginning {
  readonly status: CacheStatus;
  /** It has vt's own streams, so that what it writes is seen by nobody here. */
  readonly inherits: boolean;
}

/** What happens while an execution runs, for whoever shows it. */
export interface ExecutionEvents {
  /** Called once, before the first byte of output. */
  decided(beginning: Beginning): void;
  /** Output, as it comes or as it is replayed; not called for an execution that inherits. */
  wrote: OnOutput;
  /** Resolves when all that `wrote` was given has left this process, or never will. */
  flushed(): Promise<void>;
  /**
   * An observed task is at work: `look` tells what was seen of it so far, and undefined when that is no more
   * than the last time. Not to be called once the run has resolved.
   */
  observing?(look: () => ObservedRun | undefined): void;
  /** Something went wrong that does not concern the task's result, such as an unwritable cache. */
  warned(message: string): void;
}
