import type { Explainer } from '../../cache/explain/explainer.js';
import type { PlannedExecution } from '../plan/plan.js';
import type { ExecutionEvents, Outcome } from './outcome.js';
import type { Stopping } from './schedule/stopping.js';

/** What surrounds an execution: for whoever starts it to say. */
export interface Surroundings {
  /**
   * Whether a task that is not cached may have vt's own streams and terminal; else its output is
   * captured, and its input is empty. A cached one is always captured.
   */
  readonly inherits: boolean;
  /** Whether a task that is not cached is to be observed like one that is, and never inherits then. */
  readonly observes?: boolean;
  /** Tells it to end. An execution that was told while it was at work keeps no result. */
  readonly stopping: Stopping;
}

/** Runs the executions of one plan, any number at once, against one cache. */
export interface Executor {
  /**
   * Runs or replays one execution. Never rejects for anything the task or the cache does. When it
   * resolves, nothing of a task that was stopped is left running. Undefined when it was told to end
   * before it began: then `decided` was not called.
   */
  run(
    planned: PlannedExecution,
    surroundings: Surroundings,
    events: ExecutionEvents,
  ): Promise<Outcome | undefined>;
  /** What answers questions about the cache, where that is open already. May be used until `close`. */
  explainer?(): Promise<Explainer | undefined>;
  /** To be called once, after the last run has resolved. */
  close(): Promise<void>;
}
