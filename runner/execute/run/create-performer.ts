import { existsSync } from 'node:fs';
import type { AbsolutePath } from '../../../cache/brands.js';
import { cacheLayout } from '../../../cache/cache-directory.js';
import type { PlannedExecution } from '../../plan/plan.js';
import {
  nativePaths,
  readTaskTrace,
  traceProgress,
  untrackedTrace,
} from '../../tracker/load-tracker.js';
import { runDirectoryBase, sweepRunDirectories } from '../channel/run-directory.js';
import type { Surroundings } from '../executor.js';
import type { ExecutionEvents, Outcome } from '../outcome.js';
import type { TaskTracker } from '../process/start-task.js';
import type { ExecutorOptions } from './create-executor.js';
import { runObservedUncached } from './run-observed-uncached.js';
import { runTracked } from './run-tracked.js';
import type { MissedRun, RunContext } from './run-tracked.js';
import { runUncached } from './run-uncached.js';

/** Runs tasks: what an executor needs for all that cannot be replayed. */
export interface Performer {
  readonly runTracked: (run: MissedRun) => Promise<Outcome>;
  runUncached(
    planned: PlannedExecution,
    surroundings: Surroundings,
    events: ExecutionEvents,
  ): Promise<Outcome | undefined>;
  /** To be called once, after the last run has resolved. */
  close(): Promise<void>;
}

/** Cheap: leftovers of dead runners are swept when a run needs a directory. */
export function createPerformer({
  cacheDirectory,
  window,
  nodeClient,
}: ExecutorOptions): Performer {
  let sweeping: Promise<unknown> | undefined;
  const context: RunContext = {
    get window() {
      return window();
    },
    nodeClient,
    tracker: trackerFor,
    cacheDirectory,
    stampDirectory: () => {
      sweeping ??= sweepRunDirectories();
      const { temporary } = cacheLayout(cacheDirectory);
      // A cache that cannot be written keeps nothing, so that any clock will do.
      return existsSync(temporary) ? temporary : runDirectoryBase();
    },
  };
  return {
    runTracked: (run) => runTracked(run, context),
    runUncached: (planned, surroundings, events) => {
      if (surroundings.observes === true) {
        return runObservedUncached(planned, surroundings.stopping, events, context);
      }
      const launcher = trackerFor(planned.execution.workspaceRoot)?.launcher;
      return runUncached(planned, surroundings, events, window(), launcher);
    },
    async close() {
      await sweeping;
    },
  };
}

/** The launcher's words for why it could not track, or not to the end (runner/tracker/native/control.h). */
const untrackedCauses = ['no-listener', 'listener-busy', 'no-tracker', 'supervisor-lost'] as const;

function trackerFor(workspaceRoot: AbsolutePath): TaskTracker | undefined {
  const native = nativePaths();
  if (native.kind === 'unavailable') return undefined;
  return {
    launcher: native.launcher,
    root: workspaceRoot,
    ...(native.shim === undefined ? {} : { shim: native.shim }),
    peek: (path, before) => {
      const progress = traceProgress(path);
      return progress === before
        ? undefined
        : { progress, trace: readTaskTrace(path, workspaceRoot) };
    },
    readTrace: (path, survivors, untracked) => {
      if (untracked !== undefined) {
        const cause = untrackedCauses.find((known) => known === untracked) ?? 'no-tracker';
        return Promise.resolve(untrackedTrace({ cause }));
      }
      const trace = readTaskTrace(path, workspaceRoot);
      // The log names them too, with what they are, unless it is damaged.
      const logged = new Set(trace.incomplete.map(({ pid }) => pid));
      const left = survivors.flatMap((pid) =>
        logged.has(pid) ? [] : [{ cause: 'survivors', pid } as const],
      );
      return Promise.resolve({ ...trace, incomplete: [...trace.incomplete, ...left] });
    },
  };
}
