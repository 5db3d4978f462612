import { setTimeout as delay } from 'node:timers/promises';
import type { StopReason, Stopping } from '../schedule/stopping.js';
import type { Ending, StoppableTask } from '../task-process.js';

/** milliseconds between two looks at what is left of a task that is stopped */
const LOOKING_INTERVAL = 20;

/** milliseconds a process may take to go once it was killed: only the system can hold it up. */
const KILL_PATIENCE = 2_000;

/** milliseconds that what Ctrl-C reached, too, may outlive the main process before it is told again */
const KEY_PATIENCE = 500;

/** How the main process of a task ended, and whether it was told to before. */
export interface Attended {
  readonly ending: Ending;
  readonly stopped: StopReason | undefined;
}

/**
 * Waits for the end of a task that may be stopped. If it was, also for that of every other process
 * of it: they are told to end as well, and killed when the grace period is over. What a task that
 * ended by itself leaves running is left alone, whatever becomes of the run.
 */
export async function attendTask(task: StoppableTask, stopping: Stopping): Promise<Attended> {
  stopping.add(task);
  try {
    const ending = await task.ended;
    const stopped = stopping.reason;
    if (stopped !== undefined && stopping.policy === 'stop') await endRest(task, stopping);
    return { ending, stopped };
  } finally {
    stopping.remove(task);
  }
}

async function endRest(task: StoppableTask, stopping: Stopping): Promise<void> {
  // A key was pressed for all of them at once, and they may be about to end as the main one did.
  let wait = stopping.reason?.kind === 'signal' ? KEY_PATIENCE : 0;
  let patience = KILL_PATIENCE;
  while (!task.isGone && patience > 0) {
    if (stopping.isForced) {
      patience -= LOOKING_INTERVAL;
      task.signalAll('SIGKILL');
    } else if (wait >= 0) {
      if (wait === 0) task.signalAll('SIGTERM');
      wait -= LOOKING_INTERVAL;
    }
    await delay(LOOKING_INTERVAL);
  }
}
