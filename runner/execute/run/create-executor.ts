import type { AbsolutePath } from '../../../cache/brands.js';
import { openCache } from '../../../cache/cache.js';
import type { CacheWarning } from '../../../cache/cache.js';
import type { Confirmation } from '../../../cache/confirmation.js';
import type { CacheLimits } from '../../../cache/cache-limits.js';
import { createWorld, placeOf } from '../../plan/create-world.js';
import type { Executor } from '../executor.js';
import type { Performer } from './create-performer.js';
import { runCached } from './run-cached.js';
import type { WindowStream } from './window-size.js';

export interface ExecutorOptions {
  readonly cacheDirectory: AbsolutePath;
  /** What the cache may keep. */
  readonly limits: CacheLimits;
  /** Its size is that of the terminals of tasks; asked for when there is one. */
  readonly window: () => WindowStream;
  /** Absolute path of the CommonJS client that tools load by themselves. */
  readonly nodeClient: string;
  /** Called at most once, when the cache itself is at fault. */
  readonly warn: (warning: CacheWarning) => void;
  /** Called for each hit that was confirmed without the index (cache/confirmation.ts). */
  readonly confirmed?: ((confirmation: Confirmation) => void) | undefined;
}

/**
 * Cheap: the cache is opened, and what running takes is loaded, when a run needs it. A replay needs
 * little of either.
 */
export function createExecutor(options: ExecutorOptions): Executor {
  const { cacheDirectory, limits, warn, confirmed } = options;
  const cache = openCache({
    directory: cacheDirectory,
    limits,
    warn,
    ...(confirmed !== undefined && { confirmed }),
  });
  let loading: Promise<Performer> | undefined;
  const performer = (): Promise<Performer> =>
    (loading ??= import('./create-performer.js').then(({ createPerformer }) =>
      createPerformer(options),
    ));
  return {
    async run(planned, surroundings, events) {
      const { execution } = planned;
      const { cache: policy, workspaceRoot } = execution;
      if (policy !== undefined) {
        return runCached(planned, policy, cache, performer, surroundings.stopping, events);
      }
      await cache.repair(createWorld(workspaceRoot, planned.envSource, placeOf(execution)));
      return (await performer()).runUncached(planned, surroundings, events);
    },
    explainer: () => cache.explainer(),
    async close() {
      await cache.close();
      await (await loading)?.close();
    },
  };
}
