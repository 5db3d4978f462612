import { join } from 'node:path';
import { archiveOutputs } from './archive-outputs.js';
import type { WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { removeConfirmation, removeConfirmations } from './confirmation.js';
import { observe } from './dependency-observation.js';
import { dropEntries, entryName, insertEntry } from './entry-table.js';
import { lstatOrAbsent } from './file-identity.js';
import type { PresentFile } from './file-memo.js';
import { takeFileStamp } from './file-stamp.js';
import { hasOpenRestore, settleRestores } from './interrupted-restores.js';
import type { Transaction } from './index-database.js';
import { keyDigest } from './key-digest.js';
import { DirectoriesAbove } from './late-change.js';
import { lastManifest, recordLastRun } from './last-run-table.js';
import { noteWritten } from './housekeeping.js';
import { groupObservations } from './observation-group.js';
import type { Observation } from './observation.js';
import { OwnChanges } from './own-changes.js';
import { rootTeller } from './names-root.js';
import { nextManifest } from './restore-entry.js';
import type { OpenStore } from './restore-entry.js';
import type { RunningTask } from './running-tasks.js';
import { findSecret } from './secrets/find-secret.js';
import { blobsOf, encodeTranscript } from './stored-entry.js';
import type { FinishedRun, StoreOutcome } from './stored-run.js';
import { workspaceName } from './workspace-name.js';
import type { World } from './world.js';

/**
 * How often a run is archived again because a collection (collect-garbage.ts) took files that it
 * wanted to share with results that were going. What was written for it is not taken: twice is
 * enough unless several are collecting.
 */
const ROUNDS = 4;

/**
 * Keeps a finished run: first its observations, as they were before it, then its outputs, as they
 * are now; and records that the task wrote them. Throws errors of the index, and file system
 * errors with the path concerned.
 *
 * `running`: the run itself, if others were told of it; refused where they wrote the same files.
 */
export async function storeRun(
  run: FinishedRun,
  world: World,
  store: OpenStore,
  running?: RunningTask,
): Promise<StoreOutcome> {
  const { index, memo, blobs, layout } = store;
  const endStamp = takeFileStamp(layout.temporary);
  const present = [...presentFiles(run, world)];
  const stats = present.map(({ stat }) => stat);
  await index.read((transaction) => memo.load(transaction, stats));
  await memo.digestAll(present, Buffer.from(world.root));

  const own = new OwnChanges(world.root, run.outputs);
  const { startStamp } = run;
  const above = new DirectoriesAbove(world.root, own, startStamp);
  const observed = { world, memo, own, above, startStamp };
  const observations: Observation[] = [];
  for (const dependency of run.dependencies) {
    const observation = await observe(dependency, observed);
    if (!('observer' in observation)) return observation;
    observations.push(observation);
  }

  const secret = findSecret(run, world);
  if (secret !== undefined) return secret;

  const teller = rootTeller(run, world.root, (stat) => memo.holds(stat));
  if (teller !== undefined) {
    observations.push({ kind: 'root', observer: teller, path: world.root });
  }

  const { task, key, duration, processes } = run;
  const grouped = groupObservations(observations);
  const { observers } = grouped;
  const writer = new Map(run.outputs.map((output) => [output.path, output.writer ?? -1]));
  const { ignored = [], withheld = [], found = { kind: 'first-run' } } = run;
  const workspace = workspaceName(layout.root, world.root);
  for (let round = 0; round < ROUNDS; round++) {
    const outputs = await archiveOutputs(run.outputs, {
      world,
      memo,
      blobs,
      startStamp: run.startStamp,
      endStamp,
    });
    if ('kind' in outputs) return outputs;
    const transcript = blobs.put(encodeTranscript(run.transcript));
    const writers = outputs.map(({ path }) => writer.get(path) ?? -1);
    const entry = {
      ...{
        task,
        key,
        duration,
        processes,
        observers,
        outputs,
        writers,
        transcript,
        ignored,
        withheld,
      },
    };
    const result = entryName(
      keyDigest(key),
      grouped.groups.map((group) => group.digest),
    );
    const written = outputs.map((output) => output.path);
    const filled = new Set(
      run.dependencies.flatMap((it) =>
        it.kind === 'listing' && own.changedNamesIn(it.path) ? [it.path] : [],
      ),
    );
    let disturbed: WorkspacePath | undefined;
    const name = await index.write(async (transaction) => {
      // One that is complete, and its journal still there, would be undone by who finds that the
      // index says something else of the task.
      if (hasOpenRestore(world.root, layout)) {
        await settleRestores(transaction, world.root, layout);
        return undefined;
      }
      // Told within the lock: whoever stores later knows.
      running?.tell(result, written);
      disturbed = running?.disturbed(result, written, filled);
      if (disturbed !== undefined) {
        await dropMixedUp(transaction, running, result, written, layout);
        return undefined;
      }
      if (blobsOf(entry).some((digest) => !blobs.exists(digest))) return undefined;
      removeConfirmation(layout, workspace, task);
      const { name: stored, hasDropped } = await insertEntry(
        transaction,
        keyDigest(key),
        entry,
        grouped,
      );
      if (hasDropped) removeConfirmations(layout);
      const before = await lastManifest(transaction, workspace, task);
      const manifest = nextManifest(before, outputs, (path) => own.made(path));
      const outcome = { kind: 'stored', entry: stored } as const;
      const attempt = { ended: Date.now(), duration, found, outcome };
      await recordLastRun(transaction, workspace, task, { key, manifest, attempt });
      await noteWritten(transaction, blobs.takeWritten());
      await memo.save(transaction);
      return stored;
    });
    if (disturbed !== undefined) return { kind: 'modified-during-run', path: disturbed };
    if (name !== undefined) return { kind: 'stored', entry: name };
  }
  return { kind: 'cache-unusable', detail: 'its files are removed while they are written' };
}

/**
 * A run that is not kept, and which files it wrote: other runs at the same time may have taken them
 * for theirs. `result`: as whom it would have been stored.
 */
export async function dropMixedUp(
  transaction: Transaction,
  running: RunningTask | undefined,
  result: string,
  written: readonly WorkspacePath[],
  layout: CacheLayout,
): Promise<void> {
  const names = running?.mixedUp(result, written) ?? [];
  if (names.length === 0) return;
  await dropEntries(transaction, names);
  removeConfirmations(layout);
}

/** The files whose digests will be asked for. */
function* presentFiles(run: FinishedRun, world: World): Generator<PresentFile> {
  for (const item of [...run.dependencies, ...run.outputs]) {
    if ('kind' in item && item.kind !== 'content') continue;
    const path = join(world.root, item.path);
    const stat = lstatOrAbsent(path);
    if (stat?.isFile()) yield { path, stat };
  }
}
