import { lstatSync } from 'node:fs';
import type { BlobStore } from './blob-store.js';
import type { Digest, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { removeConfirmation, writeConfirmation } from './confirmation.js';
import { touchEntry } from './entry-table.js';
import type { FileMemo, PresentFile } from './file-memo.js';
import { lstatOrAbsent } from './file-identity.js';
import type { IndexDatabase, Transaction } from './index-database.js';
import type { KeyParts } from './key.js';
import { LastManifest, otherManifests, recordLastRun } from './last-run-table.js';
import { makeConfirmation } from './make-confirmation.js';
import type { Fact } from './observation-codec.js';
import { onDisk, within } from './path-on-disk.js';
import { ancestorsOf, parentOf } from './path-parts.js';
import { settleOwn, settleRestores, tidyUp } from './interrupted-restores.js';
import { changeJournaled } from './journaled-change.js';
import type { RestoreName } from './journaled-change.js';
import { planRestore } from './restore-plan.js';
import type { Obstacle, Placement, RestorePlan } from './restore-plan.js';
import { tellRestored } from './running-tasks.js';
import { Staging } from './staging.js';
import type { ManifestItem, StoredEntry } from './stored-entry.js';
import type { OutputChunk } from './stored-run.js';
import { temporaryToken } from './temporary-names.js';
import { workspaceName } from './workspace-name.js';
import type { World } from './world.js';

/** A result to restore, and where. */
export interface Restoring {
  readonly world: World;
  readonly task: string;
  readonly key: KeyParts;
  /** Name of the entry. */
  readonly name: string;
  readonly entry: StoredEntry;
  /** The entry's observations. */
  readonly facts: () => readonly Fact[];
  readonly transcript: readonly OutputChunk[];
  /** performance.now() when it was looked up. */
  readonly started: number;
}

/** The parts of an open cache. */
export interface OpenStore {
  readonly layout: CacheLayout;
  readonly index: IndexDatabase;
  readonly blobs: BlobStore;
  readonly memo: FileMemo;
}

/** After so many rounds in which other processes changed the outputs the index stays locked. */
const ROUNDS_UNLOCKED = 3;

/**
 * Puts the outputs of a result in place, all or none, and records that the task wrote them.
 *
 * What has to be written is staged and verified first. The changes themselves are made within a
 * write transaction of the index, so that processes sharing a cache restore one after the other
 * and each sees a whole result; they are planned anew there, for the case that another process was
 * faster, and if more has to be written than was staged the lock is given up and staging resumed.
 *
 * A journal of the changes is on disk before the first of them, and names its own token, which the
 * transaction records with the task: whoever finds the journal of a dead process undoes the changes
 * or, where the token was recorded, has nothing left to do (interrupted-restores.ts).
 *
 * Throws DamagedRecord for a bad blob, ApplyFailure for an error in the workspace, with nothing
 * changed in either case; and errors of the index.
 */
export async function restoreEntry(
  restoring: Restoring,
  store: OpenStore,
): Promise<{ readonly written: number; readonly unchanged: number } | Obstacle> {
  const { world, entry } = restoring;
  const { layout } = store;
  const token = temporaryToken();
  const workspace = workspaceName(layout.root, world.root);
  const last = new LastManifest(workspace, restoring.task);
  const staging = new Staging(world.root, layout, token);
  const stage = (outputs: readonly Placement[]) => staging.stage(outputs, store.blobs);
  try {
    for (let round = 0; ; round++) {
      const locked = round >= ROUNDS_UNLOCKED;
      if (!locked) {
        const plan = await store.index.read(async (transaction) => {
          const present = presentFiles(restoring);
          const stats = present.map(({ stat }) => stat);
          await store.memo.load(transaction, stats);
          await store.memo.digestAll(present);
          return planWithin(transaction, restoring, store);
        });
        // An obstacle may be another process' restore that is under way.
        if (!('obstacle' in plan)) {
          await stage(plan.placements.filter(({ path }) => staging.isInCache(path)));
        }
      }
      const outcome = await store.index.write(async (transaction) => {
        await settleRestores(transaction, world.root, layout);
        const plan = await planWithin(transaction, restoring, store);
        if ('obstacle' in plan) return plan;
        const missing = plan.placements.filter(({ path }) => staging.staged(path) === undefined);
        if (!locked && missing.some(({ path }) => staging.isInCache(path))) return 'again';
        const changes =
          plan.placements.length +
          plan.removals.length +
          plan.emptied.length +
          plan.directories.length;
        const save = () => record(transaction, restoring, store, plan, token, last);
        if (changes === 0) confirm(await save());
        else {
          const stageMissing = () => stage(missing);
          const changed = [...plan.placements.map((output) => output.path), ...plan.removals];
          tellRestored(layout, world.root, restoring.name, changed);
          await changeJournaled(plan, staging, nameRestore(token, restoring, layout), {
            stageMissing,
            save,
          });
        }
        return { written: changes, unchanged: plan.unchanged };
      });
      if (outcome === 'again') continue;
      tidyUp(staging, 'written' in outcome && outcome.written > 0);
      return outcome;
    }
  } catch (error) {
    // Where the index could not commit, that undoes it all.
    await settleOwn(staging, store).catch(() => undefined);
    throw error;
  }

  /** With the lock: the index knows of nothing later that the task wrote. */
  function confirm(manifest: readonly ManifestItem[]): void {
    const confirmation = makeConfirmation(restoring, manifest, store.memo, layout);
    if (confirmation !== undefined) writeConfirmation(layout, confirmation);
  }

  function presentFiles({ entry: { outputs } }: Restoring) {
    const isThere = new Map<WorkspacePath | undefined, boolean>();
    return outputs.flatMap((output): PresentFile[] => {
      if (output.kind !== 'file') return [];
      const parent = parentOf(output.path);
      if (!isThere.has(parent)) {
        const stat = parent && lstatOrAbsent(within(world.root, parent));
        isThere.set(parent, parent === undefined || parent === '' || stat !== undefined);
      }
      if (isThere.get(parent) === false) return [];
      const path = within(world.root, output.path);
      const stat = lstatOrAbsent(path);
      return stat?.isFile() && stat.size === output.size ? [{ path, stat }] : [];
    });
  }

  async function planWithin(
    transaction: Transaction,
    { task, facts }: Restoring,
    { memo }: OpenStore,
  ): Promise<RestorePlan | Obstacle> {
    const outputs = new Map(entry.outputs.map((output) => [output.path, output.kind]));
    const needed = new Set(
      entry.outputs.flatMap(({ path, kind }) =>
        kind === 'deletion' ? [] : [...ancestorsOf(path)],
      ),
    );
    const made = (await last.read(transaction)).filter((item) => {
      const kind = outputs.get(item.path);
      // What is replaced by its like is no business of tidying up, nor what cannot be removed.
      const isOther = !kind || (kind === 'directory') !== (item.kind === 'directory');
      if (!item.made || !isOther) return false;
      if (item.kind === 'directory' && needed.has(item.path)) return false;
      return lstatOrAbsent(onDisk(world.root, item.path)) !== undefined;
    });
    // Most often the last result is the one that is restored, or wrote the same paths: what all other
    // tasks wrote is not looked at then.
    const kept = new Set<string>();
    if (made.length > 0) {
      for (const item of await otherManifests(transaction, workspace, task)) kept.add(item.path);
      for (const path of pathsRelied(facts())) kept.add(path);
    }
    const stale = made.filter((item) => !kept.has(item.path));
    const observed = new Map<WorkspacePath, Digest>();
    for (const fact of facts()) if (fact.kind === 'content') observed.set(fact.path, fact.digest);
    return planRestore(world.root, entry.outputs, stale, memo, observed);
  }
}

/** Paths that a result depends on being there: they are inputs, whoever wrote them. */
function* pathsRelied(facts: readonly Fact[]): Generator<string> {
  for (const fact of facts) {
    switch (fact.kind) {
      case 'content':
      case 'existence':
      case 'link':
      case 'json':
        yield fact.path;
        break;
      case 'listing':
        yield fact.path;
        for (const name of fact.names) yield fact.path === '' ? name : `${fact.path}/${name}`;
        break;
      case 'glob':
        yield* fact.matches;
        break;
      case 'absence':
      case 'root':
      case 'program':
      case 'env':
      case 'env-query':
        break;
    }
  }
}

function nameRestore(token: string, { world, task }: Restoring, layout: CacheLayout): RestoreName {
  const { dev, ino } = lstatSync(world.root, { bigint: true });
  const workspace = workspaceName(layout.root, world.root);
  return { token, workspace, root: { device: dev, inode: ino }, task };
}

/** Returns what the task has written now. */
async function record(
  transaction: Transaction,
  { task, key, name, entry, world, started }: Restoring,
  store: OpenStore,
  plan: RestorePlan,
  token: string,
  last: LastManifest,
): Promise<readonly ManifestItem[]> {
  const workspace = workspaceName(store.layout.root, world.root);
  const before = await last.read(transaction);
  const manifest = nextManifest(before, entry.outputs, (path) => plan.made.has(path));
  const listed = new Set(manifest.map((item) => item.path));
  for (const { path } of plan.directories) {
    if (!listed.has(path)) manifest.push({ path, kind: 'directory', mode: 0, made: true });
  }
  const attempt = {
    ended: Date.now(),
    duration: performance.now() - started,
    found: { kind: 'hit', entry: name },
    outcome: undefined,
  } as const;
  removeConfirmation(store.layout, workspace, task);
  await recordLastRun(transaction, workspace, task, {
    key,
    manifest,
    restoration: token,
    attempt,
  });
  await touchEntry(transaction, name);
  await store.memo.save(transaction);
  return manifest;
}

/**
 * What a task has written in a workspace after it wrote `outputs`. Paths it once made remain its
 * own when it writes them again; directories it made are remembered while it may have files there.
 */
export function nextManifest(
  before: readonly ManifestItem[],
  outputs: StoredEntry['outputs'],
  madeNow: (path: WorkspacePath) => boolean,
): ManifestItem[] {
  const madeBefore = new Set(before.filter((item) => item.made).map((item) => item.path));
  const manifest = outputs
    .filter((output) => output.kind !== 'deletion')
    .map((output) => ({
      ...output,
      made: madeNow(output.path) || madeBefore.has(output.path),
    }));
  const listed = new Set(outputs.map((output) => output.path));
  const directories = before.filter((item) => item.kind === 'directory' && !listed.has(item.path));
  return [...manifest, ...directories];
}
