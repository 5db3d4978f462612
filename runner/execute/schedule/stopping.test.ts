import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoppableTask } from '../task-process.js';
import { mayNotBegin, Stopping } from './stopping.js';

/** A task that writes down what it is told. */
class ToldTask implements StoppableTask {
  readonly told: string[] = [];
  readonly isGone = false;
  readonly ended = new Promise<never>(() => undefined);

  constructor(readonly sharesGroup = false) {}

  signal(signal: NodeJS.Signals): void {
    this.told.push(signal);
  }

  signalAll(signal: NodeJS.Signals): void {
    this.told.push(`${signal} to all`);
  }
}

function stoppingOf(
  tasks: readonly StoppableTask[],
  policy: 'stop' | 'forward' = 'stop',
): Stopping {
  const stopping = new Stopping(policy, 1e6);
  for (const task of tasks) stopping.add(task);
  return stopping;
}

describe('stopping', () => {
  it('at a failure tells every process to end, once', () => {
    const [one, two] = [new ToldTask(), new ToldTask(true)];
    const stopping = stoppingOf([one, two]);
    stopping.stop({ kind: 'failure' });
    stopping.stop({ kind: 'failure' });
    assert.deepEqual([one.told, two.told], [['SIGTERM to all'], ['SIGTERM to all']]);
    assert.ok(mayNotBegin(stopping));
    stopping.close();
  });

  it('passes the first signal on, and kills at the second', () => {
    const task = new ToldTask();
    const stopping = stoppingOf([task]);
    stopping.receive('SIGINT');
    stopping.receive('SIGINT');
    assert.deepEqual(task.told, ['SIGINT', 'SIGKILL to all']);
    assert.deepEqual(stopping.reason, { kind: 'signal', signal: 'SIGINT' });
  });

  it('kills at the second signal also when a failure came before the first', () => {
    const task = new ToldTask();
    const stopping = stoppingOf([task]);
    stopping.stop({ kind: 'failure' });
    stopping.receive('SIGINT');
    assert.deepEqual(task.told, ['SIGTERM to all', 'SIGINT']);
    stopping.receive('SIGINT');
    assert.deepEqual(task.told, ['SIGTERM to all', 'SIGINT', 'SIGKILL to all']);
    assert.deepEqual(stopping.reason, { kind: 'failure' }, 'the first reason stays');
  });

  it('kills when the grace period is over', async () => {
    const task = new ToldTask();
    const stopping = new Stopping('stop', 1);
    stopping.add(task);
    stopping.stop({ kind: 'request' });
    while (!stopping.isForced) await new Promise(setImmediate);
    assert.deepEqual(task.told, ['SIGTERM to all', 'SIGKILL to all']);
  });

  it('tells a task that was started at the same moment, and none that has ended', () => {
    const [late, over] = [new ToldTask(), new ToldTask()];
    const stopping = stoppingOf([over]);
    stopping.remove(over);
    stopping.stop({ kind: 'failure' });
    stopping.add(late);
    assert.deepEqual([late.told, over.told], [['SIGTERM to all'], []]);
    stopping.kill();
    const last = new ToldTask();
    stopping.add(last);
    assert.deepEqual(last.told, ['SIGKILL to all']);
  });

  it('that only forwards passes every signal on, and kills nothing', () => {
    const task = new ToldTask();
    const stopping = stoppingOf([task], 'forward');
    for (let time = 0; time < 3; time++) stopping.receive('SIGTERM');
    assert.deepEqual(task.told, ['SIGTERM', 'SIGTERM', 'SIGTERM']);
    assert.equal(mayNotBegin(stopping), false);
  });
});
