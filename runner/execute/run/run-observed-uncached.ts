import type { AbsolutePath } from '../../../cache/brands.js';
import { cacheLayout, ownDirectories } from '../../../cache/cache-directory.js';
import type { PlannedExecution } from '../../plan/plan.js';
import type { TaskTrace } from '../../tracker/task-trace.js';
import { createRunDirectory, removeRunDirectory } from '../channel/run-directory.js';
import { observeRun } from '../derive/observe-run.js';
import type { ObservedFacts } from '../derive/observe-run.js';
import { viewWorkspace } from '../derive/workspace-view.js';
import type { ExecutionEvents, Outcome } from '../outcome.js';
import { startTask } from '../process/start-task.js';
import { mayNotBegin } from '../schedule/stopping.js';
import type { Stopping } from '../schedule/stopping.js';
import { attendTask } from './attend-task.js';
import { lookWhileRunning } from './look-while-running.js';
import type { RunContext } from './run-tracked.js';
import { followWindowSize, taskOutput } from './window-size.js';

const everything = { auto: true, include: [], exclude: [] };

const policy = { input: everything, output: everything };

const silence = { ignoredInputs: [], ignoredOutputs: [] };

/**
 * Runs an execution that is not to be cached, with its full environment, and yet observes it: whoever watches
 * wants to know what it depends on. Its output is captured and its input empty.
 */
export async function runObservedUncached(
  { execution }: PlannedExecution,
  stopping: Stopping,
  events: ExecutionEvents,
  { window, tracker: trackerFor, cacheDirectory }: RunContext,
): Promise<Outcome | undefined> {
  if (mayNotBegin(stopping)) return undefined;
  const status = { kind: 'disabled', because: execution.uncachedBecause } as const;
  const start = performance.now();
  events.decided({ status, inherits: false });
  let directory: string;
  try {
    directory = createRunDirectory();
  } catch (error) {
    const { code = 'EIO', path = '' } = error as NodeJS.ErrnoException;
    const ending = { kind: 'not-started', errno: code, path } as const;
    return { status, ending, duration: performance.now() - start, saved: 0 };
  }
  try {
    const tracker = trackerFor(execution.workspaceRoot);
    const task = startTask(
      {
        argv: execution.argv,
        cwd: execution.cwd,
        env: execution.env,
        output: taskOutput(execution, window),
        channel: undefined,
        runDirectory: directory,
      },
      tracker,
      events.wrote,
    );
    const factsOf = (trace: TaskTrace): ObservedFacts => ({
      trace,
      channel: silence,
      policy,
      workspaceRoot: execution.workspaceRoot,
      runnerDirectories: [
        ...ownDirectories(cacheLayout(cacheDirectory)),
        directory as AbsolutePath,
      ],
      inputMatches: [],
    });
    const stopFollowing = followWindowSize(window, task);
    const looking = lookWhileRunning(directory, tracker, factsOf);
    events.observing?.(looking.look);
    try {
      const { ending, stopped } = await attendTask(task, stopping);
      const trace = await task.trace;
      await events.flushed();
      return {
        status,
        ending,
        duration: performance.now() - start,
        saved: 0,
        observed: observeRun(factsOf(trace), viewWorkspace(execution.workspaceRoot)),
        ...(stopped !== undefined && { stopped }),
      };
    } finally {
      looking.end();
      stopFollowing();
    }
  } finally {
    removeRunDirectory(directory);
  }
}
