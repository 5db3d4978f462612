import { join } from 'node:path';
import type { TaskTrace } from '../../tracker/task-trace.js';
import { observeRun } from '../derive/observe-run.js';
import type { ObservedFacts, ObservedRun } from '../derive/observe-run.js';
import { viewWorkspace } from '../derive/workspace-view.js';
import type { TaskTracker } from '../process/start-task.js';

/** That the log is not at its end is no news of a task at work; nor that a record is being written. */
const usual: ReadonlySet<string> = new Set(['supervisor-lost', 'survivors', 'log-damaged']);

/** A way to look at a task at work. */
export interface Looking {
  /** As `ExecutionEvents.observing` wants it. */
  readonly look: () => ObservedRun | undefined;
  /** The task is over, and its run directory about to go: there is nothing to see from now on. */
  readonly end: () => void;
}

/** Looks at what a task at work has done so far. */
export function lookWhileRunning(
  runDirectory: string,
  tracker: TaskTracker | undefined,
  factsOf: (trace: TaskTrace) => ObservedFacts,
): Looking {
  let progress = -1;
  let isOver = false;
  const look = (): ObservedRun | undefined => {
    if (isOver) return undefined;
    const peeked = tracker?.peek?.(join(runDirectory, 'trace'), progress);
    if (peeked === undefined) return undefined;
    progress = peeked.progress;
    const facts = factsOf(peeked.trace);
    const observed = observeRun(facts, viewWorkspace(facts.workspaceRoot));
    return {
      ...observed,
      incomplete: observed.incomplete.filter(({ cause }) => !usual.has(cause)),
    };
  };
  return {
    look,
    end: () => {
      isOver = true;
    },
  };
}
