import type { Found } from '../../../cache/attempt.js';
import type { Cache } from '../../../cache/stored-run.js';
import { createWorld, placeOf } from '../../plan/create-world.js';
import type { CachePolicy } from '../../plan/execution.js';
import type { PlannedExecution } from '../../plan/plan.js';
import type { Stopping } from '../schedule/stopping.js';
import { mayNotBegin } from '../schedule/stopping.js';
import type { CacheStatus, ExecutionEvents, Outcome } from '../outcome.js';
import { replay } from '../process/replay.js';
import type { Performer } from './create-performer.js';

/** Replays an execution if a stored result still holds, else runs it and keeps what it did. */
export async function runCached(
  planned: PlannedExecution,
  policy: CachePolicy,
  cache: Cache,
  performer: () => Promise<Pick<Performer, 'runTracked'>>,
  stopping: Stopping,
  events: ExecutionEvents,
): Promise<Outcome | undefined> {
  const start = performance.now();
  const { execution, envSource } = planned;
  const world = createWorld(execution.workspaceRoot, envSource, placeOf(execution));
  const found = await cache.lookup(execution.task, policy.key, world);
  if (mayNotBegin(stopping)) return undefined;
  let status: Exclude<CacheStatus, { kind: 'disabled' | 'hit' }>;
  let before: Found;
  if (found.kind === 'hit') {
    const restored = await cache.restore(found, world);
    if (restored.kind === 'restored') {
      const status = { kind: 'hit' } as const;
      events.decided({ status, inherits: false });
      await replay(found.transcript, events.wrote, stopping);
      await events.flushed();
      const duration = performance.now() - start;
      return {
        status,
        ending: { kind: 'exited', code: 0 },
        duration,
        saved: Math.max(0, found.duration - duration),
        entry: found.entry,
        restored: { written: restored.written, unchanged: restored.unchanged },
        ...(stopping.reason !== undefined && { stopped: stopping.reason }),
      };
    }
    if (restored.warning !== undefined) events.warned(restored.warning);
    status = { kind: 'miss', reason: restored.reason };
    before = { ...status, nearest: found.entry };
  } else if (found.kind === 'miss') {
    const { reason } = found;
    const { differences, ...compared } = cache.comparison(found);
    status = { kind: 'miss', reason, differences };
    before = { kind: 'miss', reason, ...compared };
  } else {
    status = before = found;
  }
  const { runTracked } = await performer();
  if (mayNotBegin(stopping)) return undefined;
  const run = { planned, policy, cache, world, status, found: before, start, stopping, events };
  return runTracked(run);
}
