import { existsSync } from 'node:fs';
import type { AbsolutePath } from '../../../cache/brands.js';
import { openCache } from '../../../cache/cache.js';
import type { CacheWarning } from '../../../cache/cache.js';
import { cacheLayout } from '../../../cache/cache-directory.js';
import type { CacheLimits } from '../../../cache/cache-limits.js';
import { createWorld, placeOf } from '../../plan/create-world.js';
import { nativePaths, readTaskTrace, untrackedTrace } from '../../tracker/load-tracker.js';
import { runDirectoryBase, sweepRunDirectories } from '../channel/run-directory.js';
import type { Executor } from '../executor.js';
import type { TaskTracker } from '../process/start-task.js';
import { runCached } from './run-cached.js';
import type { RunContext } from './run-tracked.js';
import { runUncached } from './run-uncached.js';
import type { WindowStream } from './window-size.js';

export interface ExecutorOptions {
  readonly cacheDirectory: AbsolutePath;
  /** What the cache may keep. */
  readonly limits: CacheLimits;
  /** Its size is that of the terminals of tasks. */
  readonly window: WindowStream;
  /** Absolute path of the CommonJS client that tools load by themselves. */
  readonly nodeClient: string;
  /** Called at most once, when the cache itself is at fault. */
  readonly warn: (warning: CacheWarning) => void;
}

/** Cheap: the cache is opened, and leftovers of dead runners are swept, when a run needs it. */
export function createExecutor(options: ExecutorOptions): Executor {
  const { cacheDirectory, limits, window, nodeClient, warn } = options;
  const cache = openCache({ directory: cacheDirectory, limits, warn });
  let sweeping: Promise<unknown> | undefined;
  const context: RunContext = {
    window,
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
    async run(planned, surroundings, events) {
      const { execution } = planned;
      const { cache: policy, workspaceRoot } = execution;
      if (policy !== undefined) {
        return runCached(planned, policy, cache, context, surroundings.stopping, events);
      }
      await cache.repair(createWorld(workspaceRoot, planned.envSource, placeOf(execution)));
      const launcher = trackerFor(workspaceRoot)?.launcher;
      return runUncached(planned, surroundings, events, window, launcher);
    },
    async close() {
      await cache.close();
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
