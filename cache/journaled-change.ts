import { removeJournal, writeJournal } from './restore-journal.js';
import type { RestoreJournal, RestoreStep } from './restore-journal.js';
import { applyRestore, restoreSteps } from './restore-apply.js';
import type { RestorePlan } from './restore-plan.js';
import { rollBack } from './restore-rollback.js';
import type { Staging } from './staging.js';

/** What a journal says of a restore before anything is decided. */
export type RestoreName = Omit<RestoreJournal, 'places' | 'steps'>;

/**
 * Carries out a plan within the lock of the index: with a journal on disk from before the first
 * change, and all undone when one fails. The journal stays, for `settleOwn`: whether the index
 * commits is not known here.
 *
 * `stageMissing` stages what could not be staged before; `save` records the restore in the index.
 * Throws what they throw, ApplyFailure, and file system errors of the cache.
 */
export async function changeJournaled(
  plan: RestorePlan,
  staging: Staging,
  name: RestoreName,
  work: {
    readonly stageMissing: () => Promise<void>;
    readonly save: () => Promise<unknown>;
  },
): Promise<void> {
  const write = (steps: readonly RestoreStep[]) =>
    writeJournal(staging.layout, { ...name, places: staging.places, steps });
  for (const path of [...plan.removals, ...plan.placements.map((output) => output.path)]) {
    staging.choosePlace(path);
  }
  // A folder in the workspace is not made before it can be found again.
  if (staging.places.length > 0) write([]);
  await work.stageMissing();
  const steps = restoreSteps(plan, staging);
  write(steps);
  try {
    applyRestore(staging, steps);
    await work.save();
  } catch (error) {
    const leftovers = rollBack(staging, steps);
    // Else the next process tries again.
    if (leftovers.length === 0) removeJournal(staging.layout, name.token);
    throw error;
  }
}
