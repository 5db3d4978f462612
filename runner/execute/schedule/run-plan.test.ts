import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan, PlannedExecution } from '../../plan/plan.js';
import type { Executor } from '../executor.js';
import type { Outcome } from '../outcome.js';
import { deferred } from '../process/deferred.js';
import type { Deferred } from '../process/deferred.js';
import type { RunEvents } from './run-events.js';
import { runPlan } from './run-plan.js';
import type { RunOptions, RunResult } from './run-plan.js';

interface Step {
  readonly needs?: readonly number[];
  readonly follows?: readonly number[];
  readonly continues?: boolean;
}

/** Runs a plan whose steps end when the test says so, and writes down what happens. */
class ScheduleRig {
  readonly happened: string[] = [];
  readonly result: Promise<RunResult>;
  readonly #runs = new Map<number, Deferred<Partial<Outcome> | undefined>>();
  /** What `ended` answers, by step. */
  readonly holds = new Map<number, Promise<void>>();

  constructor(steps: readonly Step[], options: Partial<RunOptions> & { limit?: number } = {}) {
    const { limit = Infinity, ...given } = options;
    const plans = steps.map(() => ({}) as PlannedExecution);
    const plan: Plan = {
      workspaceRoot: '/w' as Plan['workspaceRoot'],
      tasks: [],
      pools: [{ limit, within: undefined }],
      steps: steps.map(({ needs = [], follows = [], continues = false }, index) => ({
        planned: plans[index],
        task: index,
        needs,
        follows,
        pool: 0,
        continues,
      })),
    };
    const executor: Executor = {
      run: async (planned, { inherits, stopping }, events) => {
        const step = plans.indexOf(planned);
        const run = deferred<Partial<Outcome> | undefined>();
        this.#runs.set(step, run);
        const status = { kind: 'first-run' } as const;
        events.decided({ status, inherits });
        const parts = await run.promise;
        if (parts === undefined) return undefined;
        const ending = { kind: 'exited', code: 0 } as const;
        const told = stopping.reason;
        return {
          ...{ status, ending, duration: 1, saved: 0 },
          ...(told !== undefined && { stopped: told }),
          ...parts,
        };
      },
      close: () => Promise.resolve(),
    };
    this.result = runPlan(plan, executor, this.#events(), {
      policy: 'stop',
      inherit: 'alone',
      keepGoing: false,
      ...given,
    });
  }

  /** Ends a step, and waits for all that comes of it. */
  async end(step: number, parts: Partial<Outcome> | 'not-begun' = {}): Promise<void> {
    this.#runs.get(step)?.resolve(parts === 'not-begun' ? undefined : parts);
    await new Promise(setImmediate);
  }

  fail(step: number, code = 1): Promise<void> {
    return this.end(step, { ending: { kind: 'exited', code } });
  }

  /** What has happened since the last time. */
  news(): string[] {
    return this.happened.splice(0);
  }

  #events(): RunEvents {
    const note = (text: string): void => void this.happened.push(text);
    return {
      running: (steps) => {
        note(`running ${steps.join()}`);
      },
      began: (step, { inherits }) => {
        note(`began ${step}${inherits ? ' with the terminal' : ''}`);
      },
      wrote: () => undefined,
      flushed: () => Promise.resolve(),
      ended: (step) => {
        note(`ended ${step}`);
        return this.holds.get(step);
      },
      neverRun: (step, why) => {
        note(
          `never ${step}: ${why.kind === 'needs-failed' ? `needs ${why.failed}` : why.reason.kind}`,
        );
      },
      warned: () => undefined,
    };
  }
}

describe('a run', () => {
  it('has as many steps at work as there is room for, each after those it needs', async () => {
    const rig = new ScheduleRig([{}, {}, {}, { needs: [0] }], { limit: 2 });
    assert.deepEqual(rig.news(), ['running 0,1', 'began 0', 'began 1']);
    await rig.end(1);
    assert.deepEqual(rig.news(), ['ended 1', 'running 0,2', 'began 2']);
    await rig.end(0);
    assert.deepEqual(rig.news(), ['ended 0', 'running 2,3', 'began 3']);
    await rig.end(2);
    await rig.end(3);
    assert.deepEqual(rig.news(), ['ended 2', 'running 3', 'ended 3', 'running ']);
    const { firstFailure, stopped } = await rig.result;
    assert.deepEqual([firstFailure, stopped], [undefined, undefined]);
  });

  it('gives the terminal only to a step that is alone', async () => {
    const rig = new ScheduleRig([{}, { needs: [0] }, { needs: [0] }, { needs: [1, 2] }]);
    assert.deepEqual(rig.news(), ['running 0', 'began 0 with the terminal']);
    await rig.end(0);
    assert.deepEqual(rig.news(), ['ended 0', 'running 1,2', 'began 1', 'began 2']);
    await rig.end(1);
    await rig.end(2);
    await rig.end(3);
    assert.ok(rig.news().includes('began 3 with the terminal'));
    await rig.result;
  });

  it('starts nothing in the place of a step whose end is still being shown', async () => {
    const rig = new ScheduleRig([{}, {}], { limit: 1 });
    const shown = deferred<void>();
    rig.holds.set(0, shown.promise);
    await rig.end(0);
    assert.deepEqual(rig.news(), ['running 0', 'began 0 with the terminal', 'ended 0']);
    shown.resolve();
    await new Promise(setImmediate);
    assert.deepEqual(rig.news(), ['running 1', 'began 1 with the terminal']);
    await rig.end(1);
    await rig.result;
  });
});

describe('the first failure', () => {
  it('stops the rest, and tells what needed it from what did not', async () => {
    const rig = new ScheduleRig([{}, {}, { needs: [0] }, {}], { limit: 2 });
    rig.news();
    await rig.fail(0, 7);
    assert.deepEqual(rig.news(), ['never 2: needs 0', 'never 3: failure', 'ended 0', 'running 1']);
    await rig.end(1, { ending: { kind: 'killed', signal: 'SIGTERM' } });
    const { firstFailure, stopped, steps } = await rig.result;
    assert.deepEqual([firstFailure, stopped], [0, { kind: 'failure' }]);
    assert.ok(steps[1]?.kind === 'ran' && steps[1].outcome.stopped?.kind === 'failure');
  });

  it('stops only what needs it with keepGoing; the first one is the one that counts', async () => {
    const steps = [{}, {}, { needs: [0] }, { needs: [1] }, { follows: [0] }];
    const rig = new ScheduleRig(steps, { keepGoing: true });
    rig.news();
    await rig.fail(1);
    await rig.fail(0);
    assert.deepEqual(rig.news(), [
      'ended 1',
      'never 3: needs 1',
      'running 0',
      'ended 0',
      'never 2: needs 0',
      'running 4',
      'began 4 with the terminal',
    ]);
    await rig.end(4);
    const { firstFailure, stopped } = await rig.result;
    assert.deepEqual([firstFailure, stopped], [1, undefined]);
  });

  it('of a step that continues stops only what needs it', async () => {
    const rig = new ScheduleRig([{ continues: true }, { needs: [0] }, { follows: [0] }]);
    await rig.fail(0);
    assert.ok(rig.news().includes('began 2 with the terminal'));
    await rig.fail(2);
    assert.equal((await rig.result).firstFailure, 0);
  });
});

describe('a run that is stopped', () => {
  it('by whoever started it begins nothing more, and waits for what runs', async () => {
    const stop = new AbortController();
    const rig = new ScheduleRig([{}, { needs: [0] }], { stop: stop.signal });
    rig.news();
    stop.abort();
    assert.deepEqual(rig.news(), ['never 1: request']);
    await rig.end(0);
    assert.deepEqual((await rig.result).stopped, { kind: 'request' });
  });

  it('before it began runs nothing', async () => {
    const rig = new ScheduleRig([{}, { needs: [0] }], { stop: AbortSignal.abort() });
    await rig.result;
    assert.deepEqual(rig.news(), ['never 0: request', 'never 1: request', 'running ']);
  });

  it('while a step was only looked up in the cache never runs that one', async () => {
    const stop = new AbortController();
    const rig = new ScheduleRig([{}], { stop: stop.signal });
    rig.news();
    stop.abort();
    await rig.end(0, 'not-begun');
    assert.deepEqual(rig.news(), ['never 0: request', 'running ']);
    const { steps, firstFailure } = await rig.result;
    assert.deepEqual([steps[0]?.kind, firstFailure], ['never', undefined]);
  });

  it('is no failure of those that were told to end', async () => {
    const stop = new AbortController();
    const rig = new ScheduleRig([{}], { stop: stop.signal });
    stop.abort();
    await rig.fail(0);
    assert.equal((await rig.result).firstFailure, undefined);
  });
});
