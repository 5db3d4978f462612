import type { Beginning, Outcome } from '../outcome.js';
import type { OutputChunk } from '../../../cache/stored-run.js';
import type { OutputDemand } from '../task-process.js';
import type { StopReason } from './stopping.js';

/** A step of the plan that is run: its index in `Plan.steps`. Steps without a command have no events. */
export type StepIndex = number;

/** Why a step was never begun. */
export type NeverRun =
  /** A step that it needs failed, or was never run because of this one. */
  | { readonly kind: 'needs-failed'; readonly failed: StepIndex }
  /** The run was stopped first. */
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/**
 * What happens while a plan runs, in the order it happens: for each step either `began`, any number
 * of `wrote`, `ended`, or only `neverRun`. A terminal, a log and a machine-readable record are all
 * made of these; whoever wants several of them passes each call on to each.
 */
export interface RunEvents {
  /**
   * The steps at work, in the order they were started; called whenever that has changed, before
   * `began` and after `ended` of those concerned. Nothing else begins until one of them has ended:
   * a step that is alone here stays alone, and may have the screen to itself.
   */
  running(steps: readonly StepIndex[]): void;
  /** What the cache has for it is known; its first output comes later. */
  began(step: StepIndex, beginning: Beginning): void;
  /**
   * Output of a step that does not inherit vt's streams. The bytes belong to the receiver. The answer
   * holds the task back, as OnOutput says.
   */
  wrote(step: StepIndex, chunk: OutputChunk): void | OutputDemand | Promise<OutputDemand>;
  /** Resolves when everything the step wrote so far has left this process, or is sure to be shown. */
  flushed(step: StepIndex): Promise<void>;
  /** While a promise it returns is pending, the step keeps its place among those at work. */
  ended(step: StepIndex, outcome: Outcome): void | Promise<void>;
  neverRun(step: StepIndex, why: NeverRun): void;
  /** Something went wrong that concerns no task's result. */
  warned(message: string): void;
}
