import type { Plan } from '../../plan/plan.js';
import type { StepIndex } from './run-events.js';

type State =
  | { readonly kind: 'waiting' | 'ready' | 'running' | 'succeeded' | 'ended' }
  /** `because`: the step whose failure is at the root of it; undefined when the run was stopped. */
  | { readonly kind: 'never'; readonly because: StepIndex | undefined };

type Steps = readonly Pick<Plan['steps'][number], 'planned' | 'needs' | 'follows' | 'pool'>[];

/**
 * Which steps of a plan may start. Steps with nothing to run end by themselves; all others are taken
 * with `take`, in the order of the plan as far as pools have room, and given back with `end`. Costs
 * a step for each edge of the graph, and a look at those that are ready for each one taken.
 */
export class StepQueue {
  readonly #steps: Steps;
  readonly #pools: Plan['pools'];
  /** By pool: how many run in it or in a pool within it. */
  readonly #used: number[];
  readonly #states: State[];
  /** By step: how many of those it waits for have not ended. */
  readonly #missing: number[];
  readonly #waiters: StepIndex[][];
  /** Ascending. */
  readonly #ready: StepIndex[] = [];
  readonly #running = new Set<StepIndex>();

  constructor({ steps, pools }: { readonly steps: Steps; readonly pools: Plan['pools'] }) {
    this.#steps = steps;
    this.#pools = pools;
    this.#used = pools.map(() => 0);
    this.#states = steps.map(() => ({ kind: 'waiting' }));
    this.#missing = steps.map(({ needs, follows }) => needs.length + follows.length);
    this.#waiters = steps.map(() => []);
    steps.forEach(({ needs, follows }, step) => {
      for (const other of needs) this.#waiters[other]?.push(step);
      for (const other of follows) this.#waiters[other]?.push(step);
    });
    this.#advance(steps.flatMap((_, step) => (this.#missing[step] === 0 ? [step] : [])));
  }

  /** Those taken and not ended, in the order they were taken. */
  get running(): readonly StepIndex[] {
    return [...this.#running];
  }

  /** The next step to be started now; undefined when there is none until another one has ended. */
  take(): StepIndex | undefined {
    const at = this.#ready.findIndex((step) => this.#hasRoom(step));
    const step = this.#ready[at];
    if (step === undefined) return undefined;
    this.#ready.splice(at, 1);
    this.#states[step] = { kind: 'running' };
    this.#running.add(step);
    for (const pool of this.#poolsOf(step)) this.#used[pool] = (this.#used[pool] ?? 0) + 1;
    return step;
  }

  /** Gives a step back. The answer is what can never be run because of it, with its root. */
  end(step: StepIndex, succeeded: boolean): readonly Lost[] {
    this.#running.delete(step);
    for (const pool of this.#poolsOf(step)) this.#used[pool] = (this.#used[pool] ?? 0) - 1;
    this.#states[step] = { kind: succeeded ? 'succeeded' : 'ended' };
    return this.#advance(this.#release(step));
  }

  /** Says that a step that runs has failed, before it is given back. */
  fail(step: StepIndex): void {
    this.#states[step] = { kind: 'ended' };
  }

  /**
   * Takes all that has not been started off the queue: nothing more will be taken. Steps that could
   * never have been run, as they need a failed one, are told with its root.
   */
  giveUp(): readonly Left[] {
    const left: Left[] = [];
    this.#ready.length = 0;
    this.#states.forEach(({ kind }, step) => {
      const known = this.#steps[step];
      if (known === undefined || (kind !== 'waiting' && kind !== 'ready')) return;
      const failed = this.#failureBefore(known.needs);
      this.#states[step] = { kind: 'never', because: failed };
      if (known.planned !== undefined) left.push({ step, failed });
    });
    return left;
  }

  /** Decides about steps that wait for nothing more, and about those that this sets free in turn. */
  #advance(free: readonly StepIndex[]): readonly Lost[] {
    const lost: Lost[] = [];
    const pending = [...free];
    for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
      const known = this.#steps[step];
      if (known === undefined || this.#states[step]?.kind !== 'waiting') continue;
      const failed = this.#failureBefore(known.needs);
      if (failed !== undefined) {
        this.#states[step] = { kind: 'never', because: failed };
        if (known.planned !== undefined) lost.push({ step, failed });
      } else if (known.planned === undefined) {
        this.#states[step] = { kind: 'succeeded' };
      } else {
        this.#states[step] = { kind: 'ready' };
        insert(this.#ready, step);
        continue;
      }
      pending.push(...this.#release(step));
    }
    return lost.sort((a, b) => a.step - b.step);
  }

  /** The step at whose root the failure of one of these is; undefined when all succeeded. */
  #failureBefore(needs: readonly StepIndex[]): StepIndex | undefined {
    for (const other of needs) {
      const state = this.#states[other];
      if (state?.kind === 'ended') return other;
      if (state?.kind === 'never' && state.because !== undefined) return state.because;
    }
    return undefined;
  }

  /** Tells those who wait for a step that it is over; the answer is who waits for nothing more. */
  #release(step: StepIndex): readonly StepIndex[] {
    return (this.#waiters[step] ?? []).filter((waiter) => {
      this.#missing[waiter] = (this.#missing[waiter] ?? 0) - 1;
      return this.#missing[waiter] === 0;
    });
  }

  #hasRoom(step: StepIndex): boolean {
    return this.#poolsOf(step).every(
      (pool) => (this.#used[pool] ?? 0) < (this.#pools[pool]?.limit ?? 0),
    );
  }

  /** The pool of a step and those it lies in. */
  #poolsOf(step: StepIndex): readonly number[] {
    const found: number[] = [];
    let pool = this.#steps[step]?.pool;
    while (pool !== undefined) {
      found.push(pool);
      pool = this.#pools[pool]?.within;
    }
    return found;
  }
}

/** A step that can never be run, and the failed one at the root of it. */
export interface Lost {
  readonly step: StepIndex;
  readonly failed: StepIndex;
}

/** A step that nobody runs any more; `failed` as in Lost, undefined when it could have been run. */
interface Left {
  readonly step: StepIndex;
  readonly failed: StepIndex | undefined;
}

/** Into an ascending list. */
function insert(list: StepIndex[], step: StepIndex): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, step);
}
