import { DamagedRecord } from './damaged-record.js';
import { listVariants, loadEntry } from './entry-table.js';
import type { Transaction } from './index-database.js';
import { keyDifference } from './key-difference.js';
import { keyDigest } from './key-digest.js';
import type { KeyParts } from './key.js';
import { lastKey } from './last-run-table.js';
import { chooseReason } from './miss-choice.js';
import type { MissReason } from './miss-reason.js';
import { withOneExpansion } from './one-expansion.js';
import { PresentFiles } from './present-files.js';
import type { OpenStore, Restoring } from './restore-entry.js';
import { decodeTranscript } from './stored-entry.js';
import type { Comparison, Hit, Lookup } from './stored-run.js';
import { VariantSearch } from './variant-search.js';
import { workspaceName } from './workspace-name.js';
import type { World } from './world.js';

/** What a lookup found, with the names of entries to drop. */
export type Finding = { readonly damaged: readonly string[] } & (
  | { readonly hit: Restoring }
  | { readonly miss: Exclude<Lookup, Hit>; readonly comparison: Comparison }
);

/**
 * Looks for a result of this key whose observations hold and that is complete. Without one, the
 * reason: damage that was found, else what differs from the nearest result of this key, else what
 * part of the key differs from the task's last one; undefined when there is nothing to compare.
 */
export async function findHit(
  transaction: Transaction,
  task: string,
  key: KeyParts,
  world: World,
  store: OpenStore,
): Promise<Finding> {
  const started = performance.now();
  const digest = keyDigest(key);
  const variants = await listVariants(transaction, digest);
  const files = new PresentFiles(world.root, store.memo);
  const present = withOneExpansion(world);
  const search = new VariantSearch(transaction, digest, variants, files, present);
  for await (const variant of search.holding()) {
    try {
      const entry = await loadEntry(transaction, variant.name);
      const transcript = decodeTranscript(store.blobs.read(entry.transcript));
      const facts = () => search.facts(variant);
      const hit = { world, task, key, name: variant.name, entry, facts, transcript, started };
      return { hit, damaged: damagedNames(search) };
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
      search.markDamaged(variant, error);
    }
  }
  const miss =
    foundDamage(search) ??
    (await nearestMiss(search)) ??
    (await keyMiss(transaction, task, key, world, store));
  const damaged = damagedNames(search);
  if (miss === undefined) return { miss: { kind: 'first-run' }, comparison: noComparison, damaged };
  const { reason, ...comparison } = miss;
  return { miss: { kind: 'miss', reason }, comparison, damaged };
}

type Miss = Comparison & { readonly reason: MissReason };

/** Nothing was compared. */
export const noComparison: Comparison = { differences: [] };

function foundDamage(search: VariantSearch): Miss | undefined {
  const [damage] = search.damaged.values();
  if (damage === undefined) return undefined;
  const reason: MissReason = { kind: 'entry-damaged', detail: damage.detail };
  return { reason, differences: [] };
}

async function nearestMiss(search: VariantSearch): Promise<Miss | undefined> {
  const nearest = await search.nearest();
  const reason = nearest && chooseReason(nearest.differences);
  if (nearest === undefined || reason === undefined) return undefined;
  const { differences, variant } = nearest;
  return { reason, differences, nearest: variant.name };
}

function damagedNames(search: VariantSearch): string[] {
  return [...search.damaged.keys()].map((variant) => variant.name);
}

async function keyMiss(
  transaction: Transaction,
  task: string,
  key: KeyParts,
  world: World,
  store: OpenStore,
): Promise<Miss | undefined> {
  const before = await lastKey(transaction, workspaceName(store.layout.root, world.root), task);
  const reason = before && keyDifference(before, key);
  if (before === undefined || reason === undefined) return undefined;
  return { reason, differences: [], keyBefore: before };
}
