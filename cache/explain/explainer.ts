import { existsSync } from 'node:fs';
import type { Attempt } from '../attempt.js';
import { BlobStore } from '../blob-store.js';
import type { AbsolutePath, Digest, WorkspacePath } from '../brands.js';
import { cacheLayout } from '../cache-directory.js';
import { DamagedRecord } from '../damaged-record.js';
import { listVariants, loadEntry } from '../entry-table.js';
import type { Variant } from '../entry-table.js';
import { FileMemo } from '../file-memo.js';
import { findHit } from '../find-hit.js';
import { tellHits } from '../hit-notes.js';
import { IndexDatabase } from '../index-database.js';
import type { Transaction } from '../index-database.js';
import { keyDigest } from '../key-digest.js';
import type { KeyParts } from '../key.js';
import { lastAttempts, lastKey } from '../last-run-table.js';
import type { MissReason } from '../miss-reason.js';
import { withOneExpansion } from '../one-expansion.js';
import { PresentFiles } from '../present-files.js';
import type { OpenStore } from '../restore-entry.js';
import { VariantSearch } from '../variant-search.js';
import { workspaceName } from '../workspace-name.js';
import type { World } from '../world.js';
import { changesOf } from './change.js';
import { compareObservations } from './compare-results.js';
import type { ChangedObservation } from './compare-results.js';
import { keyChanges } from './key-change.js';
import type { KeyChange } from './key-change.js';
import { usesOf } from './path-use.js';
import type { PathUse } from './path-use.js';
import { previewRestore } from './restore-preview.js';
import type { RestorePreview } from './restore-preview.js';
import { loadResult } from './stored-result.js';
import type { StoredResult } from './stored-result.js';

/** A stored result and what differs from it. */
export interface Compared {
  readonly result: StoredResult;
  readonly changes: readonly ChangedObservation[];
}

/** How the last run of a task went, and why. */
export interface LastRunExplanation {
  readonly attempt: Attempt;
  /** What it stored or restored, if that is still there. */
  readonly result: StoredResult | undefined;
  /** For a miss: the result that came nearest then, and what had changed since it was made. */
  readonly compared: Compared | undefined;
  /** For a miss that the key decided: what of it had changed. */
  readonly keyChanges: readonly KeyChange[];
}

/** What would happen if the task were run now. */
export interface NextRunExplanation {
  readonly verdict:
    | { readonly kind: 'hit'; readonly result: StoredResult; readonly restore: RestorePreview }
    | { readonly kind: 'miss'; readonly reason: MissReason }
    | { readonly kind: 'first-run' };
  /** Results stored under its key. */
  readonly variants: number;
  /**
   * The result, of all that do not hold, with the fewest differing observations; where none is stored
   * under the key, of those under the task's last key.
   */
  readonly nearest: Compared | undefined;
  /** For a miss without any result under the key: what differs from the task's last key. */
  readonly keyChanges: readonly KeyChange[];
}

/** The newest result of a task in a workspace. */
export interface LatestResult {
  readonly task: string;
  readonly attempt: Attempt;
  /**
   * What the last run stored or restored; if that run left none, the most recently used one under
   * its key; undefined if there is none.
   */
  readonly result: StoredResult | undefined;
}

/** What a task's newest result has to do with a path. */
export interface Dependent extends LatestResult {
  readonly result: StoredResult;
  readonly uses: readonly PathUse[];
}

/**
 * Answers questions about a cache; writes nothing to the workspace, and to the cache only the hits
 * that the index had not been told of. Its methods reject with errors of sqlite or of the file system when the cache cannot be read; what is
 * damaged in part is left out.
 */
export interface Explainer {
  /** Undefined: the task was never run here since explanations are kept. */
  lastRun(task: string, root: AbsolutePath): Promise<LastRunExplanation | undefined>;
  nextRun(task: string, key: KeyParts, world: World): Promise<NextRunExplanation>;
  /** Of every task that was run in the workspace, sorted by name. */
  latest(root: AbsolutePath): Promise<readonly LatestResult[]>;
  /** Files and symlinks that the last run of each task in the workspace left, where it stored or restored a result. */
  outputs(root: AbsolutePath): Promise<ReadonlyMap<string, readonly WorkspacePath[]>>;
  /** Tasks whose newest result has to do with the path; see `usesOf`. */
  dependents(path: string, world: World): Promise<readonly Dependent[]>;
  /** A stored result; undefined when it is gone or damaged. */
  result(name: string): Promise<StoredResult | undefined>;
  close(): Promise<void>;
}

/** Undefined when nothing was ever stored there. Rejects when the cache cannot be opened. */
export async function openExplainer(directory: AbsolutePath): Promise<Explainer | undefined> {
  const layout = cacheLayout(directory);
  if (!existsSync(layout.index)) return undefined;
  const index = await IndexDatabase.open(layout.index, layout.temporary);
  // An index that cannot be written may still be read.
  await tellHits(layout, index).catch(() => undefined);
  return explainerOn({ layout, index, blobs: new BlobStore(layout) }, () => index.close());
}

/** Answers questions about a cache that is open already. */
export function explainerOn(
  opened: Pick<OpenStore, 'layout' | 'index' | 'blobs'>,
  close: () => Promise<void>,
): Explainer {
  const store: OpenStore = { ...opened, memo: new FileMemo() };
  const { index } = store;
  const read = <T>(question: (transaction: Transaction) => Promise<T>) => index.read(question);
  return {
    lastRun: (task, root) => read((transaction) => lastRun(transaction, store, task, root)),
    nextRun: (task, key, world) =>
      read((transaction) => nextRun(transaction, store, task, key, withOneExpansion(world))),
    latest: (root) => read((transaction) => latest(transaction, store, root)),
    outputs: (root) => read((transaction) => outputs(transaction, store, root)),
    dependents: (path, world) =>
      read((transaction) => dependents(transaction, store, path, withOneExpansion(world))),
    result: (name) => read((transaction) => whole(loadResult(transaction, name))),
    close,
  };
}

async function lastRun(
  transaction: Transaction,
  { layout }: OpenStore,
  task: string,
  root: AbsolutePath,
): Promise<LastRunExplanation | undefined> {
  const workspace = workspaceName(layout.root, root);
  const attempt = (await lastAttempts(transaction, workspace, task)).get(task);
  if (attempt === undefined) return undefined;
  const { found, key } = attempt;
  const name = entryOf(attempt);
  const result = name === undefined ? undefined : await whole(loadResult(transaction, name));
  if (found.kind !== 'miss') return { attempt, result, compared: undefined, keyChanges: [] };
  const before =
    found.nearest === undefined ? undefined : await whole(loadResult(transaction, found.nearest));
  const compared = before &&
    result && {
      result: before,
      changes: compareObservations(before.observations, result.observations),
    };
  const changed = found.keyBefore === undefined ? [] : keyChanges(found.keyBefore, key);
  return { attempt, result, compared, keyChanges: changed };
}

async function nextRun(
  transaction: Transaction,
  store: OpenStore,
  task: string,
  key: KeyParts,
  world: World,
): Promise<NextRunExplanation> {
  const digest = keyDigest(key);
  const variants = await listVariants(transaction, digest);
  const files = new PresentFiles(world.root, store.memo);
  const nearestOf = async (key: Digest, among: readonly Variant[]) => {
    const search = new VariantSearch(transaction, key, among, files, world);
    const near = await search.nearest(among.length);
    return near && compareToPresent(transaction, near.variant.name, files, world);
  };
  const found = await findHit(transaction, task, key, world, store);
  if ('hit' in found) {
    const result = await whole(loadResult(transaction, found.hit.name));
    if (result !== undefined) {
      const restore = await previewRestore(result.outputs, files);
      const verdict = { kind: 'hit', result, restore } as const;
      const nearest = await nearestOf(digest, variants);
      return { verdict, variants: variants.length, nearest, keyChanges: [] };
    }
  }
  const verdict = 'miss' in found ? found.miss : ({ kind: 'first-run' } as const);
  const before =
    variants.length > 0
      ? undefined
      : await lastKey(transaction, workspaceName(store.layout.root, world.root), task);
  if (before === undefined) {
    const nearest = await nearestOf(digest, variants);
    return { verdict, variants: variants.length, nearest, keyChanges: [] };
  }
  const others = await listVariants(transaction, keyDigest(before));
  const nearest = await nearestOf(keyDigest(before), others);
  return { verdict, variants: 0, nearest, keyChanges: keyChanges(before, key) };
}

async function compareToPresent(
  transaction: Transaction,
  name: string,
  files: PresentFiles,
  world: World,
): Promise<Compared | undefined> {
  const result = await whole(loadResult(transaction, name));
  if (result === undefined) return undefined;
  const contents = result.observations.flatMap((o) => (o.kind === 'content' ? [o.path] : []));
  await files.load(transaction, contents);
  const changes: ChangedObservation[] = [];
  for (const observation of result.observations) {
    const found = await changesOf(observation, files, world);
    if (found.length > 0) changes.push({ observation, changes: found });
  }
  return { result, changes };
}

async function latest(
  transaction: Transaction,
  { layout }: OpenStore,
  root: AbsolutePath,
): Promise<readonly LatestResult[]> {
  const attempts = await lastAttempts(transaction, workspaceName(layout.root, root));
  const results: LatestResult[] = [];
  for (const [task, attempt] of attempts) {
    const name =
      entryOf(attempt) ?? (await listVariants(transaction, keyDigest(attempt.key)))[0]?.name;
    const result = name === undefined ? undefined : await whole(loadResult(transaction, name));
    results.push({ task, attempt, result });
  }
  return results;
}

async function outputs(
  transaction: Transaction,
  { layout }: OpenStore,
  root: AbsolutePath,
): Promise<ReadonlyMap<string, readonly WorkspacePath[]>> {
  const found = new Map<string, readonly WorkspacePath[]>();
  for (const [task, attempt] of await lastAttempts(transaction, workspaceName(layout.root, root))) {
    const name = entryOf(attempt);
    const entry = name === undefined ? undefined : await whole(loadEntry(transaction, name));
    const files = entry?.outputs.filter(({ kind }) => kind === 'file' || kind === 'symlink');
    if (files !== undefined && files.length > 0)
      found.set(
        task,
        files.map(({ path }) => path),
      );
  }
  return found;
}

async function dependents(
  transaction: Transaction,
  store: OpenStore,
  path: string,
  world: World,
): Promise<readonly Dependent[]> {
  const files = new PresentFiles(world.root, store.memo);
  const found: Dependent[] = [];
  for (const { task, attempt, result } of await latest(transaction, store, world.root)) {
    if (result === undefined) continue;
    const uses = await usesOf(result, path, files, world);
    if (uses.length > 0) found.push({ task, attempt, result, uses });
  }
  return found;
}

/** Name of the entry that an attempt stored or restored. */
function entryOf({ found, outcome }: Attempt): string | undefined {
  if (found.kind === 'hit') return found.entry;
  return outcome?.kind === 'stored' ? outcome.entry : undefined;
}

/** What is damaged or gone explains nothing. */
async function whole<T>(loading: Promise<T>): Promise<T | undefined> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}
