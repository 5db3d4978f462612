import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlannedExecution } from '../../plan/plan.js';
import { StepQueue } from './step-queue.js';

const planned = {} as PlannedExecution;

interface Step {
  readonly needs?: readonly number[];
  readonly follows?: readonly number[];
  readonly pool?: number;
  readonly bridge?: true;
}

function queueOf(
  steps: readonly Step[],
  pools: readonly { limit: number; within?: number }[] = [{ limit: Infinity }],
): StepQueue {
  return new StepQueue({
    steps: steps.map(({ needs = [], follows = [], pool = 0, bridge }) => ({
      planned: bridge ? undefined : planned,
      needs,
      follows,
      pool,
    })),
    pools: pools.map(({ limit, within }) => ({ limit, within })),
  });
}

/** All that may start now. */
function takeAll(queue: StepQueue): number[] {
  const taken: number[] = [];
  for (let step = queue.take(); step !== undefined; step = queue.take()) taken.push(step);
  return taken;
}

describe('the steps that may start', () => {
  it('are those that wait for nothing, in the order of the plan', () => {
    const queue = queueOf([{}, { needs: [0] }, {}, { needs: [1, 2] }]);
    assert.deepEqual(takeAll(queue), [0, 2]);
    assert.deepEqual(queue.running, [0, 2]);
    queue.end(2, true);
    assert.deepEqual(takeAll(queue), []);
    queue.end(0, true);
    assert.deepEqual(takeAll(queue), [1]);
    queue.end(1, true);
    assert.deepEqual(takeAll(queue), [3]);
  });

  it('are as many as the pool and those it lies in have room for', () => {
    const inner = { pool: 1 };
    const queue = queueOf([inner, inner, inner, {}, {}], [{ limit: 3 }, { limit: 1, within: 0 }]);
    assert.deepEqual(takeAll(queue), [0, 3, 4]);
    queue.end(3, true);
    assert.deepEqual(takeAll(queue), [], 'the inner pool is full');
    queue.end(0, true);
    assert.deepEqual(takeAll(queue), [1]);
  });

  it('come through bridges, also several of them', () => {
    const queue = queueOf([
      {},
      { needs: [0], bridge: true },
      { needs: [1], bridge: true },
      { needs: [2] },
    ]);
    assert.deepEqual(takeAll(queue), [0]);
    queue.end(0, true);
    assert.deepEqual(takeAll(queue), [3]);
  });
});

describe('a failed step', () => {
  it('takes with it all that needs it, by whatever way, and nothing that only follows it', () => {
    const queue = queueOf([
      {},
      { needs: [0], bridge: true },
      { needs: [1] },
      { needs: [2] },
      { follows: [0] },
      {},
    ]);
    assert.deepEqual(takeAll(queue), [0, 5]);
    assert.deepEqual(queue.end(0, false), [
      { step: 2, failed: 0 },
      { step: 3, failed: 0 },
    ]);
    assert.deepEqual(takeAll(queue), [4]);
  });
});

describe('giving up', () => {
  it('tells what could have been run from what could never have been', () => {
    const queue = queueOf(
      [{}, { needs: [0] }, { needs: [1] }, {}, { needs: [3] }, { needs: [3, 2] }],
      [{ limit: 1 }],
    );
    assert.deepEqual(takeAll(queue), [0]);
    queue.fail(0);
    assert.deepEqual(queue.giveUp(), [
      { step: 1, failed: 0 },
      { step: 2, failed: 0 },
      { step: 3, failed: undefined },
      { step: 4, failed: undefined },
      { step: 5, failed: 0 },
    ]);
    assert.deepEqual(queue.end(0, false), [], 'each is told of once');
    assert.deepEqual(takeAll(queue), []);
  });
});
