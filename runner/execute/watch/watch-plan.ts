import type { AbsolutePath } from '../../../cache/brands.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { PathRules } from '../../plan/execution.js';
import type { Plan } from '../../plan/plan.js';
import type { Incompleteness } from '../../tracker/task-trace.js';
import type { ObservedRun } from '../derive/observe-run.js';
import type { Executor } from '../executor.js';
import { hasSucceeded } from '../outcome.js';
import type { Outcome } from '../outcome.js';
import type { RunEvents, StepIndex } from '../schedule/run-events.js';
import { Stopping } from '../schedule/stopping.js';
import { DirectoryWatch } from './directory-watch.js';
import type { Fact, FactChange } from './fact.js';
import { factsOfResult, factsOfRun } from './step-facts.js';
import type { StepFacts } from './step-facts.js';
import { WatchedFacts } from './watched-facts.js';

/** What happens besides while a plan is watched. */
export interface WatchEvents extends RunEvents {
  /** A step is run again, because of this. */
  changed(step: StepIndex, change: FactChange): void;
  /** Nothing is to be started: all waits for a change. `running`: steps that are at work all the same. */
  waiting(running: readonly StepIndex[]): void;
  /** Not all that a step depends on is known, so that it may miss a change. */
  unsure(step: StepIndex, why: readonly Incompleteness[]): void;
}

export interface WatchOptions {
  /** What the plan was made from: when it changes, another one is needed. */
  readonly configuration: readonly Fact[];
  readonly loadResult: (entry: string) => Promise<StoredResult | undefined>;
}

/** Why watching came to an end. */
export type WatchEnd = 'configuration-changed' | 'told-to-end';

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** milliseconds without a change after which changes are looked at: whoever saves a file may save more. */
const QUIET = 100;
/** milliseconds that this may put it off */
const PATIENCE = 1_000;
/** milliseconds after which a task at work is taken for one that does not end by itself */
const SETTLED = 1_000;
/** milliseconds between two looks at what tasks at work have done */
const LOOKING_INTERVAL = 300;

/**
 * Runs a plan and, until it is told to end or the configuration changes, each of its steps again whenever
 * something it depends on is not as it found it: what it was seen to read, look for and list. A step that is at
 * work is stopped first, with all its processes. What steps write themselves does not count for them, so that
 * one is run again because of another only if what it read is different. A failure stops only what needs it.
 * Nothing is left running when it resolves. Throws WatchLimitReached.
 */
export async function watchPlan(
  plan: Plan,
  executor: Executor,
  events: WatchEvents,
  options: WatchOptions,
): Promise<WatchEnd> {
  const watched = new PlanWatch(plan, executor, events, options);
  try {
    return await watched.finish();
  } finally {
    await watched.close();
  }
}

interface Step {
  /** `dirty`: to be run; `done`: it succeeded, and nothing has changed since. */
  state: 'dirty' | 'running' | 'done' | 'failed';
  readonly facts: WatchedFacts;
  stopping: Stopping | undefined;
  ended: Promise<void> | undefined;
  look: (() => ObservedRun | undefined) | undefined;
  started: number;
  isUnsure: boolean;
}

class PlanWatch {
  readonly #root: AbsolutePath;
  readonly #steps: Step[];
  readonly #configuration: WatchedFacts;
  readonly #directories: DirectoryWatch;
  readonly #changes = new Set<string>();
  /** Called when something has happened; what happens before anybody sleeps is not lost. */
  #wake: (() => void) | undefined;
  #isAwake = false;
  #isEnding = false;
  #failure: Error | undefined;
  /** The facts that are followed are not those of now. */
  #isStale = false;
  #lastChange = 0;
  #firstChange = 0;
  #toldWaiting = false;

  constructor(
    private readonly plan: Plan,
    private readonly executor: Executor,
    private readonly events: WatchEvents,
    private readonly options: WatchOptions,
  ) {
    this.#root = plan.workspaceRoot;
    this.#steps = plan.steps.map(() => ({
      state: 'dirty',
      facts: new WatchedFacts(this.#root),
      stopping: undefined,
      ended: undefined,
      look: undefined,
      started: 0,
      isUnsure: false,
    }));
    this.#configuration = new WatchedFacts(this.#root);
    this.#directories = new DirectoryWatch(this.#root, (path) => {
      const now = performance.now();
      if (this.#changes.size === 0) this.#firstChange = now;
      this.#lastChange = now;
      const isFirst = this.#changes.size === 0;
      this.#changes.add(path);
      // Those that follow find somebody who waits for quiet.
      if (isFirst) this.#rouse();
    });
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#receive);
  }

  async finish(): Promise<WatchEnd> {
    this.#directories.also(this.options.configuration);
    const configuration = this.options.configuration.map((fact) => ({ fact, before: undefined }));
    await this.#configuration.take({ facts: configuration, written: new Set() }, Infinity, false);
    while (!this.#isEnding) {
      this.#startAll();
      await this.#sleep();
      if (this.#failure !== undefined) throw this.#failure;
      await this.#lookAtRunning();
      if (await this.#lookAtChanges()) return 'configuration-changed';
      if (this.#isStale) this.#follow();
    }
    return 'told-to-end';
  }

  /** Ends all that is at work. */
  async close(): Promise<void> {
    this.#isEnding = true;
    for (const { stopping } of this.#steps) stopping?.stop({ kind: 'request' });
    for (const { ended } of this.#steps) await ended;
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#receive);
    this.#directories.close();
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    this.#isEnding = true;
    for (const { stopping } of this.#steps) stopping?.receive(signal);
    this.#rouse();
  };

  #rouse(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  #startAll(): void {
    const running = this.#steps.flatMap(({ state }, step) => (state === 'running' ? [step] : []));
    const used = this.plan.pools.map(() => 0);
    const enter = (step: StepIndex, count: number): void => {
      let pool = this.plan.steps[step]?.pool;
      while (pool !== undefined) {
        used[pool] = (used[pool] ?? 0) + count;
        pool = this.plan.pools[pool]?.within;
      }
    };
    const hasRoom = (step: StepIndex): boolean => {
      let pool = this.plan.steps[step]?.pool;
      while (pool !== undefined) {
        if ((used[pool] ?? 0) >= (this.plan.pools[pool]?.limit ?? 0)) return false;
        pool = this.plan.pools[pool]?.within;
      }
      return true;
    };
    for (const step of running) enter(step, 1);
    const starting: StepIndex[] = [];
    /** Whether a step, or with nothing to run all it needs, is done. Steps come after what they need. */
    const isDone: boolean[] = [];
    const isOver: boolean[] = [];
    this.plan.steps.forEach(({ planned, needs, follows }, index) => {
      const step = this.#steps[index];
      if (step === undefined) return;
      const mayStart =
        needs.every((other) => isDone[other] === true) &&
        follows.every((other) => isOver[other] === true);
      if (planned === undefined) {
        step.state = mayStart ? 'done' : 'dirty';
      } else if (step.state === 'dirty' && mayStart && hasRoom(index)) {
        step.state = 'running';
        enter(index, 1);
        starting.push(index);
      }
      isDone[index] = step.state === 'done';
      isOver[index] = step.state === 'done' || step.state === 'failed';
    });
    if (starting.length === 0) {
      const now = Date.now();
      // Most tasks end soon: those that have not by then are told of.
      const isSettled = running.every((step) => now - (this.#steps[step]?.started ?? 0) > SETTLED);
      if (this.#toldWaiting || !isSettled) return;
      this.#toldWaiting = true;
      this.events.waiting(running);
      return;
    }
    this.#toldWaiting = false;
    this.events.running([...running, ...starting]);
    for (const step of starting) {
      const known = this.#steps[step];
      if (known === undefined) continue;
      known.ended = this.#run(step, known).catch((error: unknown) => {
        known.ended = undefined;
        this.#failure = error as Error;
        this.#rouse();
      });
    }
  }

  async #run(index: StepIndex, step: Step): Promise<void> {
    const planned = this.plan.steps[index]?.planned;
    if (planned === undefined) return;
    const { events } = this;
    const stopping = new Stopping('stop');
    step.stopping = stopping;
    step.started = Date.now();
    step.isUnsure = false;
    const outcome = await this.executor.run(
      planned,
      { inherits: false, observes: true, stopping },
      {
        decided: (beginning) => {
          events.began(index, beginning);
        },
        wrote: (chunk) => events.wrote(index, chunk),
        flushed: () => events.flushed(index),
        warned: (message) => {
          events.warned(message);
        },
        observing: (look) => {
          step.look = look;
        },
      },
    );
    step.look = undefined;
    step.stopping = undefined;
    stopping.close();
    if (outcome !== undefined) await events.ended(index, outcome);
    if (outcome === undefined || outcome.stopped !== undefined) {
      step.state = 'dirty';
    } else {
      step.state = hasSucceeded(outcome) ? 'done' : 'failed';
      const changed = await this.#learn(index, step, outcome);
      if (changed !== undefined) this.#runAgain(index, changed);
    }
    step.ended = undefined;
    const running = this.#steps.flatMap(({ state }, other) => (state === 'running' ? [other] : []));
    events.running(running);
    this.#toldWaiting = false;
    this.#isStale = true;
    this.#rouse();
  }

  /** Takes over what is known of a step that has ended; a fact that has changed since. */
  async #learn(index: StepIndex, step: Step, outcome: Outcome): Promise<FactChange | undefined> {
    const { entry, observed } = outcome;
    const result = entry === undefined ? undefined : await this.options.loadResult(entry);
    if (result !== undefined) return this.#take(step, factsOfResult(result), false);
    const why = observed?.incomplete ?? [{ cause: 'no-tracker' as const }];
    this.#beUnsure(
      index,
      step,
      why.filter(({ cause }) => cause !== 'survivors'),
    );
    if (observed === undefined) return undefined;
    return this.#take(step, factsOfRun(observed, this.#inputOf(index)), false);
  }

  #inputOf(step: StepIndex): PathRules | undefined {
    return this.plan.steps[step]?.planned?.execution.cache?.input;
  }

  /** Watches first, and looks then: what changes in between is not lost. */
  async #take(step: Step, known: StepFacts, keeps: boolean): Promise<FactChange | undefined> {
    this.#directories.also(known.facts.map(({ fact }) => fact));
    return step.facts.take(known, step.started, keeps);
  }

  #beUnsure(index: StepIndex, step: Step, why: readonly Incompleteness[]): void {
    if (why.length === 0 || step.isUnsure) return;
    step.isUnsure = true;
    this.events.unsure(index, why);
  }

  async #lookAtRunning(): Promise<void> {
    for (const [index, step] of this.#steps.entries()) {
      const observed = step.look?.();
      if (observed === undefined) continue;
      this.#beUnsure(index, step, observed.incomplete);
      const isFirst = step.facts.startedAt !== step.started;
      step.facts.startedAt = step.started;
      const changed = await this.#take(step, factsOfRun(observed, this.#inputOf(index)), !isFirst);
      this.#isStale = true;
      if (changed !== undefined && step.state === 'running') this.#runAgain(index, changed);
    }
  }

  /** Whether another plan is needed. */
  async #lookAtChanges(): Promise<boolean> {
    const now = performance.now();
    const isQuiet = now - this.#lastChange >= QUIET || now - this.#firstChange >= PATIENCE;
    if (this.#changes.size === 0 || !isQuiet) return false;
    const paths = new Set(this.#changes);
    this.#changes.clear();
    if ((await this.#configuration.changed(paths, false)) !== undefined) return true;
    for (const [index, step] of this.#steps.entries()) {
      if (step.state === 'dirty') continue;
      const changed = await step.facts.changed(paths, step.state === 'running');
      if (changed !== undefined) this.#runAgain(index, changed);
    }
    // Directories may have come and gone.
    this.#isStale = true;
    return false;
  }

  #runAgain(index: StepIndex, change: FactChange): void {
    const step = this.#steps[index];
    if (step === undefined || this.#isEnding) return;
    if (step.state === 'running') {
      if (step.stopping === undefined || step.stopping.reason !== undefined) return;
      this.events.changed(index, change);
      step.stopping.stop({ kind: 'request' });
      return;
    }
    this.events.changed(index, change);
    step.state = 'dirty';
    this.#toldWaiting = false;
  }

  #follow(): void {
    this.#isStale = false;
    const facts: Fact[] = [...this.#configuration.all];
    for (const step of this.#steps) facts.push(...step.facts.all);
    this.#directories.follow(facts);
  }

  /** Until something happens; not longer than it takes to look at tasks at work, or at changes. */
  async #sleep(): Promise<void> {
    const wait =
      this.#changes.size > 0
        ? QUIET
        : this.#steps.some(({ state }) => state === 'running')
          ? LOOKING_INTERVAL
          : undefined;
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        const timer = wait === undefined ? undefined : setTimeout(resolve, wait);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#isAwake = false;
  }
}
