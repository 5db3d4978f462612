import type { PlannedExecution } from '../../plan/plan.js';
import { createRunDirectory, removeRunDirectory } from '../channel/run-directory.js';
import type { Surroundings } from '../executor.js';
import type { ExecutionEvents, Outcome } from '../outcome.js';
import { runInherited } from '../process/run-inherited.js';
import { startTask } from '../process/start-task.js';
import { mayNotBegin } from '../schedule/stopping.js';
import type { Ending } from '../task-process.js';
import { attendTask } from './attend-task.js';
import type { Attended } from './attend-task.js';
import { followWindowSize, taskOutput } from './window-size.js';
import type { WindowStream } from './window-size.js';

/**
 * Runs an execution that is not to be cached, and observes nothing: as if vt were not there, sharing
 * vt's streams, terminal and process group, or, where its output has to be told from that of others,
 * with an empty input and its output captured as if it were cached.
 *
 * @param window its size is that of the terminals of tasks.
 * @param launcher path of the native launcher, if there is one; keeps its processes together.
 */
export async function runUncached(
  { execution }: PlannedExecution,
  { inherits, stopping }: Surroundings,
  events: ExecutionEvents,
  window: WindowStream,
  launcher: string | undefined,
): Promise<Outcome | undefined> {
  if (mayNotBegin(stopping)) return undefined;
  const status = { kind: 'disabled', because: execution.uncachedBecause } as const;
  events.decided({ status, inherits });
  const start = performance.now();
  const { ending, stopped } = inherits
    ? await attendTask(
        // Who forwards signals leaves all to the command, as its shell would.
        runInherited(execution, stopping.policy === 'stop' ? launcher : undefined),
        stopping,
      )
    : await runCaptured(execution, stopping, events, window, launcher);
  return {
    status,
    ending,
    duration: performance.now() - start,
    saved: 0,
    ...(stopped !== undefined && { stopped }),
  };
}

async function runCaptured(
  execution: PlannedExecution['execution'],
  stopping: Surroundings['stopping'],
  events: ExecutionEvents,
  window: WindowStream,
  launcher: string | undefined,
): Promise<Attended> {
  let directory: string;
  try {
    directory = createRunDirectory();
  } catch (error) {
    const { code = 'EIO', path = '' } = error as NodeJS.ErrnoException;
    const ending: Ending = { kind: 'not-started', errno: code, path };
    return { ending, stopped: undefined };
  }
  try {
    const task = startTask(
      {
        argv: execution.argv,
        cwd: execution.cwd,
        env: execution.env,
        output: taskOutput(execution, window),
        channel: undefined,
        runDirectory: directory,
      },
      launcher === undefined ? undefined : { launcher },
      events.wrote,
    );
    const stopFollowing = followWindowSize(window, task);
    try {
      const attended = await attendTask(task, stopping);
      await task.trace;
      await events.flushed();
      return attended;
    } finally {
      stopFollowing();
    }
  } finally {
    removeRunDirectory(directory);
  }
}
