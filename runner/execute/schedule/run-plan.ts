import type { Plan, PlannedExecution } from '../../plan/plan.js';
import type { Executor } from '../executor.js';
import { hasSucceeded } from '../outcome.js';
import type { Outcome } from '../outcome.js';
import { listenToSignals } from './listen-to-signals.js';
import type { NeverRun, RunEvents, StepIndex } from './run-events.js';
import { StepQueue } from './step-queue.js';
import { Stopping } from './stopping.js';
import type { StopPolicy, StopReason } from './stopping.js';

export interface RunOptions {
  readonly policy: StopPolicy;
  /**
   * Whether uncached tasks get vt's own streams: `always`, `never`, or when no other task can be at
   * work at the same time.
   */
  readonly inherit: 'always' | 'alone' | 'never';
  /** Whether what does not need a failed step goes on. */
  readonly keepGoing: boolean;
  /**
   * Aborted to stop the run for another reason than a signal or a failure, as `--watch` does before
   * it runs a plan anew: nothing more starts, what runs is told SIGTERM, and killed after a grace
   * period. `runPlan` resolves when none of its processes is left.
   */
  readonly stop?: AbortSignal;
  /** milliseconds a task may take to end when it is told to; default: STOP_GRACE */
  readonly grace?: number;
}

/** How one step of a plan went. */
type StepResult =
  | { readonly kind: 'ran'; readonly outcome: Outcome }
  | { readonly kind: 'never'; readonly why: NeverRun };

/** How a run went. */
export interface RunResult {
  /** By step; undefined for those with nothing to run. */
  readonly steps: readonly (StepResult | undefined)[];
  /** The step that failed by itself, before any other. */
  readonly firstFailure: StepIndex | undefined;
  /** Why it was stopped; undefined when it came to its end. */
  readonly stopped: StopReason | undefined;
}

/**
 * Runs a plan: every step after those it waits for, as many at once as pools have room for, and of
 * those that could start always the first of the plan. The first failure stops the rest, unless
 * `keepGoing`, or unless the step `continues`. Any number of plans may be run one after the other
 * with one executor.
 */
export async function runPlan(
  plan: Plan,
  executor: Executor,
  events: RunEvents,
  options: RunOptions,
): Promise<RunResult> {
  const stopping = new Stopping(options.policy, options.grace);
  const abort = (): void => {
    stopping.stop({ kind: 'request' });
  };
  const stopListening = listenToSignals(stopping, options.policy);
  options.stop?.addEventListener('abort', abort);
  if (options.stop?.aborted === true) abort();
  try {
    return await new PlanRun(plan, executor, events, options, stopping).finish();
  } finally {
    options.stop?.removeEventListener('abort', abort);
    stopListening();
    stopping.close();
  }
}

class PlanRun {
  readonly #queue: StepQueue;
  readonly #results: (StepResult | undefined)[];
  readonly #atWork = new Map<StepIndex, Promise<void>>();
  #firstFailure: StepIndex | undefined;
  #hasGivenUp = false;

  constructor(
    private readonly plan: Plan,
    private readonly executor: Executor,
    private readonly events: RunEvents,
    private readonly options: RunOptions,
    private readonly stopping: Stopping,
  ) {
    this.#queue = new StepQueue(plan);
    this.#results = plan.steps.map(() => undefined);
  }

  async finish(): Promise<RunResult> {
    const forget = this.stopping.onStop(() => {
      this.#giveUp();
    });
    try {
      this.#startAll();
      while (this.#atWork.size > 0) await Promise.race(this.#atWork.values());
    } finally {
      forget();
      // Only after a bug: whatever runs must not outlive the one who would have waited for it.
      if (this.#atWork.size > 0) {
        this.stopping.stop({ kind: 'failure' });
        await Promise.allSettled(this.#atWork.values());
      }
    }
    return {
      steps: this.#results,
      firstFailure: this.#firstFailure,
      stopped: this.stopping.reason,
    };
  }

  #startAll(): void {
    const started: StepIndex[] = [];
    while (!this.#hasGivenUp) {
      const step = this.#queue.take();
      if (step === undefined) break;
      started.push(step);
    }
    const running = this.#queue.running;
    this.events.running(running);
    const inherits =
      this.options.inherit === 'always' || (this.options.inherit === 'alone' && running.length < 2);
    for (const step of started) {
      const planned = this.plan.steps[step]?.planned;
      if (planned !== undefined) this.#atWork.set(step, this.#run(step, planned, inherits));
    }
  }

  async #run(step: StepIndex, planned: PlannedExecution, inherits: boolean): Promise<void> {
    const { events, stopping } = this;
    const outcome = await this.executor.run(
      planned,
      { inherits, stopping },
      {
        decided: (beginning) => {
          events.began(step, beginning);
        },
        wrote: (chunk) => events.wrote(step, chunk),
        flushed: () => events.flushed(step),
        warned: (message) => {
          events.warned(message);
        },
      },
    );
    if (outcome === undefined) {
      this.#never(step, {
        kind: 'stopped',
        reason: stopping.reason ?? { kind: 'request' },
      });
    } else {
      this.#results[step] = { kind: 'ran', outcome };
    }
    const succeeded = outcome !== undefined && hasSucceeded(outcome);
    if (outcome !== undefined && !succeeded && outcome.stopped === undefined) this.#fail(step);
    if (outcome !== undefined) await events.ended(step, outcome);
    this.#atWork.delete(step);
    for (const lost of this.#queue.end(step, succeeded)) {
      this.#never(lost.step, { kind: 'needs-failed', failed: lost.failed });
    }
    this.#startAll();
  }

  #fail(step: StepIndex): void {
    this.#firstFailure ??= step;
    this.#queue.fail(step);
    if (this.options.keepGoing || this.plan.steps[step]?.continues === true) return;
    this.stopping.stop({ kind: 'failure' });
  }

  #giveUp(): void {
    this.#hasGivenUp = true;
    const reason = this.stopping.reason ?? { kind: 'request' };
    for (const { step, failed } of this.#queue.giveUp()) {
      this.#never(
        step,
        failed === undefined ? { kind: 'stopped', reason } : { kind: 'needs-failed', failed },
      );
    }
  }

  #never(step: StepIndex, why: NeverRun): void {
    this.#results[step] = { kind: 'never', why };
    this.events.neverRun(step, why);
  }
}
