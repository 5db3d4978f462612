import { lstatSync } from 'node:fs';
import { relative } from 'node:path';
import type { Attempt } from './attempt.js';
import { BlobStore } from './blob-store.js';
import { isWorkspacePath } from './brands.js';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { cacheLayout, makeCacheDirectory } from './cache-directory.js';
import type { CacheLayout } from './cache-directory.js';
import { DEFAULT_LIMITS } from './cache-limits.js';
import type { CacheLimits } from './cache-limits.js';
import { discardStore } from './clean-cache.js';
import { collectWhenDue } from './collect-garbage.js';
import { contentDigest } from './content-digest.js';
import { DamagedRecord } from './damaged-record.js';
import { fileCrew } from './file-crew.js';
import { dropEntries } from './entry-table.js';
import type { Explainer } from './explain/explainer.js';
import { FileMemo } from './file-memo.js';
import { removeConfirmations } from './confirmation.js';
import type { Confirmation } from './confirmation.js';
import { findHit, noComparison } from './find-hit.js';
import { tellHits } from './hit-notes.js';
import { IndexDatabase } from './index-database.js';
import {
  UnsettledRestore,
  hasOpenRestore,
  settleRestores,
  sweepLeftovers,
} from './interrupted-restores.js';
import type { KeyParts } from './key.js';
import { recordAttempt } from './last-run-table.js';
import { ApplyFailure } from './restore-apply.js';
import { restoreEntry } from './restore-entry.js';
import type { OpenStore, Restoring } from './restore-entry.js';
import { RunningTask } from './running-tasks.js';
import { dropMixedUp, storeRun } from './store-run.js';
import type {
  BegunRun,
  Cache,
  Comparison,
  FinishedRun,
  Hit,
  Lookup,
  RestoreOutcome,
  StoreOutcome,
} from './stored-run.js';
import { workspaceName } from './workspace-name.js';
import type { World } from './world.js';

/** Something is wrong with the cache itself. The tasks are none the worse. */
export type CacheWarning =
  /** It was damaged and has been emptied. */
  | { readonly kind: 'cache-reset'; readonly directory: AbsolutePath; readonly detail: string }
  /** It cannot be used now: nothing is found and nothing is kept. */
  | { readonly kind: 'cache-unusable'; readonly directory: AbsolutePath; readonly detail: string };

export interface CacheOptions {
  /** Made when it is first needed. May be shared by workspaces. */
  readonly directory: AbsolutePath;
  /** Called at most once. */
  readonly warn: (warning: CacheWarning) => void;
  /** What is kept; DEFAULT_LIMITS unless given. */
  readonly limits?: CacheLimits;
  /** Called for each hit that was confirmed without the index and is being replayed. */
  readonly confirmed?: (confirmation: Confirmation) => void;
  /** Milliseconds to wait for other processes' transactions; see LOCK_PATIENCE. */
  readonly lockPatience?: number;
  /** Files are copied in JavaScript, as where the native module is missing; for tests. */
  readonly withoutNative?: boolean;
}

/** The whole cache, with its index. Nothing is opened or made before the first call of a method. */
export class IndexedCache implements Cache {
  readonly #options: CacheOptions;
  readonly #layout: CacheLayout;
  readonly #hits = new WeakMap<Hit, Restoring>();
  readonly #comparisons = new WeakMap<Lookup, Comparison>();
  readonly #running = new Map<BegunRun, RunningTask>();
  #opening: Promise<OpenStore> | undefined;
  #fault: string | undefined;
  #isMadeHere = false;
  #hasStored = false;
  #warned = false;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#layout = cacheLayout(options.directory);
  }

  async lookup(task: string, key: KeyParts, world: World): Promise<Lookup> {
    if (this.#isNew()) return { kind: 'first-run' };
    return this.#degrading<Lookup>(
      async (store) => {
        store.memo.tick();
        await settle(store, world);
        const finding = await store.index.read((transaction) =>
          findHit(transaction, task, key, world, store),
        );
        const dropped = await this.#drop(finding.damaged, store);
        if ('hit' in finding) {
          const { name: entry, entry: stored, transcript } = finding.hit;
          const outputs = stored.outputs.map((output) => output.path);
          const hit: Hit = { kind: 'hit', entry, duration: stored.duration, transcript, outputs };
          this.#hits.set(hit, finding.hit);
          return hit;
        }
        const miss = dropped(finding.miss);
        this.#comparisons.set(miss, finding.comparison);
        return miss;
      },
      () => ({ kind: 'first-run' }),
    );
  }

  comparison(lookup: Lookup): Comparison {
    return this.#comparisons.get(lookup) ?? noComparison;
  }

  async restore(hit: Hit, world: World): Promise<RestoreOutcome> {
    const found = this.#hits.get(hit);
    if (found === undefined) throw new TypeError('restore takes a hit of the same cache');
    const blocked = (path: WorkspacePath, obstacle: string): RestoreOutcome => ({
      kind: 'failed',
      reason: { kind: 'restore-blocked', path, obstacle },
    });
    return this.#degrading<RestoreOutcome>(
      async (store) => {
        store.memo.tick();
        try {
          const restoring = { ...found, world };
          const outcome = await restoreEntry(restoring, store);
          if ('obstacle' in outcome) return blocked(outcome.path, outcome.obstacle);
          return { kind: 'restored', ...outcome };
        } catch (error) {
          if (error instanceof ApplyFailure) return blocked(error.path, error.code);
          const fault = workspaceFault(error, world, this.#layout);
          if (fault !== undefined) return blocked(fault.path, fault.code);
          if (!(error instanceof DamagedRecord)) throw error;
          const dropped = await this.#drop([hit.entry], store);
          return { ...dropped(damaged(error.detail)), kind: 'failed' };
        }
      },
      (detail) => blocked('' as WorkspacePath, detail),
    );
  }

  async repair(world: World): Promise<void> {
    try {
      if (!hasOpenRestore(world.root, this.#layout)) return;
    } catch {
      return; // There is no cache here, or none that can be read.
    }
    await this.#degrading(
      (store) => settle(store, world),
      () => undefined,
    );
  }

  async begin(task: string, world: World): Promise<BegunRun> {
    const begun: BegunRun = { task };
    const layout = this.#layout;
    const begin = (): Promise<void> => {
      this.#running.set(begun, RunningTask.begin(layout, world.root, task));
      return Promise.resolve();
    };
    // The index of a cache that is new is opened while the task is at work.
    if (this.#isMadeHere && this.#opening === undefined)
      await this.#guarded(begin, () => undefined);
    else await this.#degrading(begin, () => undefined);
    return begun;
  }

  async prepare(): Promise<void> {
    contentDigest('');
    await this.#degrading(
      () => Promise.resolve(),
      () => undefined,
    );
  }

  async store(run: FinishedRun, world: World, begun?: BegunRun): Promise<StoreOutcome> {
    const running = begun && this.#running.get(begun);
    return this.#degrading<StoreOutcome>(
      async (store) => {
        store.memo.tick();
        try {
          await settle(store, world);
          const outcome = await storeRun(run, world, store, running);
          if (outcome.kind === 'stored') this.#hasStored = true;
          else await this.#tellAbandoned(running, pathsOf(run), store);
          this.#end(begun);
          return outcome;
        } catch (error) {
          const fault = workspaceFault(error, world, this.#layout);
          if (fault === undefined) throw error;
          return { kind: 'unreadable-input', path: fault.path, detail: fault.code };
        }
      },
      (detail) => ({ kind: 'cache-unusable', detail }),
    );
  }

  async abandon(begun: BegunRun, written: readonly WorkspacePath[]): Promise<void> {
    const running = this.#running.get(begun);
    if (running === undefined) return;
    await this.#degrading(
      async (store) => {
        await this.#tellAbandoned(running, written, store);
        this.#end(begun);
      },
      () => undefined,
    );
  }

  async #tellAbandoned(
    running: RunningTask | undefined,
    written: readonly WorkspacePath[],
    { index, layout }: OpenStore,
  ): Promise<void> {
    if (running === undefined || running.hasTold || written.length === 0) return;
    await index.write(async (transaction) => {
      running.tell('', written);
      await dropMixedUp(transaction, running, '', written, layout);
    });
  }

  async note(task: string, attempt: Attempt, world: World): Promise<void> {
    await this.#degrading(
      async ({ index, layout }) => {
        const workspace = workspaceName(layout.root, world.root);
        await index.write((transaction) => recordAttempt(transaction, workspace, task, attempt));
      },
      () => undefined,
    );
  }

  /** Tells the index of hits that were left to be told. */
  async tellHits(): Promise<void> {
    await this.#degrading(
      ({ index, layout }) => tellHits(layout, index),
      () => undefined,
    );
  }

  /** See OpenCache. */
  async explainer(): Promise<Explainer | undefined> {
    if (this.#opening === undefined || this.#fault !== undefined) return undefined;
    const { explainerOn } = await import('./explain/explainer.js');
    return explainerOn(await this.#opening, () => Promise.resolve());
  }

  async close(): Promise<void> {
    for (const begun of [...this.#running.keys()]) this.#end(begun);
    if (this.#opening === undefined) return;
    const opening = this.#opening;
    await this.#degrading(
      async (store) => {
        const { index, memo } = store;
        if (memo.hasUnsaved) await index.write((transaction) => memo.save(transaction));
        // Only what has grown can have grown too large, and no hit has to wait for it.
        if (this.#hasStored) await collectWhenDue(store, this.#options.limits ?? DEFAULT_LIMITS);
      },
      () => undefined,
    );
    await opening.then(
      ({ index }) => index.close(),
      () => undefined,
    );
    this.#fault ??= 'closed';
  }

  #end(begun: BegunRun | undefined): void {
    if (begun === undefined) return;
    this.#running.get(begun)?.end();
    this.#running.delete(begun);
  }

  /** Drops damaged entries. What it returns tells damage from a collection that was faster. */
  async #drop(
    names: readonly string[],
    { index, layout }: OpenStore,
  ): Promise<<M extends Exclude<Lookup, Hit>>(miss: M) => M | Miss> {
    if (names.length === 0) return (miss) => miss;
    const count = await index.write((transaction) => dropEntries(transaction, names));
    removeConfirmations(layout);
    return (miss) => {
      const isGone = miss.kind === 'miss' && miss.reason.kind === 'entry-damaged' && count === 0;
      return isGone ? { kind: 'miss', reason: { kind: 'evicted' } } : miss;
    };
  }

  /**
   * Whether nothing was ever kept here, so that there is nothing to find, and nothing to undo. Makes the
   * directory then, which may be found to be impossible.
   */
  #isNew(): boolean {
    if (this.#opening !== undefined || this.#fault !== undefined) return false;
    if (this.#isMadeHere) return true;
    const { store } = this.#layout;
    try {
      if (lstatSync(store, { throwIfNoEntry: false }) !== undefined) return false;
      makeCacheDirectory(this.#layout);
      this.#isMadeHere = true;
    } catch {
      // Whoever opens it will say why.
    }
    return this.#isMadeHere;
  }

  /** Runs `work`; when the cache fails, warns once, gives up the cache and takes `otherwise`. */
  async #degrading<T>(
    work: (store: OpenStore) => Promise<T>,
    otherwise: (detail: string) => T,
  ): Promise<T> {
    return this.#guarded(async () => work(await (this.#opening ??= this.#open())), otherwise);
  }

  /** The same for what needs no more than the directory. */
  async #guarded<T>(work: () => Promise<T>, otherwise: (detail: string) => T): Promise<T> {
    if (this.#fault !== undefined) return otherwise(this.#fault);
    try {
      return await work();
    } catch (error) {
      const detail = faultDetail(error);
      if (detail === undefined) throw error;
      this.#fault ??= detail;
      if (isDamage(error) && this.#discard()) this.#warn('cache-reset', detail);
      else this.#warn('cache-unusable', detail);
      return otherwise(detail);
    }
  }

  async #open(): Promise<OpenStore> {
    const layout = this.#layout;
    const open = async () => {
      makeCacheDirectory(layout);
      return IndexDatabase.open(layout.index, layout.temporary, this.#options.lockPatience);
    };
    const index = await open().catch((error: unknown) => {
      if (!isDamage(error) || !this.#discard()) throw error;
      this.#warn('cache-reset', faultDetail(error) ?? '');
      return open();
    });
    sweepLeftovers(layout);
    await tellHits(layout, index);
    const crew = this.#options.withoutNative === true ? undefined : fileCrew;
    const memo = new FileMemo(layout.temporary, crew);
    return { layout, index, blobs: new BlobStore(layout, crew), memo };
  }

  #discard(): boolean {
    try {
      discardStore(this.#options.directory);
      return true;
    } catch {
      return false;
    }
  }

  #warn(kind: CacheWarning['kind'], detail: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.warn({ kind, directory: this.#options.directory, detail });
  }
}

/** Undoes restores that were broken off here, before anything is looked at. */
async function settle({ index, layout }: OpenStore, { root }: World): Promise<void> {
  if (!hasOpenRestore(root, layout)) return;
  await index.write((transaction) => settleRestores(transaction, root, layout));
}

function pathsOf(run: FinishedRun): WorkspacePath[] {
  return run.outputs.map(({ path }) => path);
}

type Miss = Extract<Lookup, { readonly kind: 'miss' }>;

function damaged(detail: string): Miss {
  return { kind: 'miss', reason: { kind: 'entry-damaged', detail } };
}

/** What went wrong with the cache or the machine, for people; undefined for a bug of ours. */
function faultDetail(error: unknown): string | undefined {
  if (error instanceof DamagedRecord) return error.detail;
  if (error instanceof UnsettledRestore) return error.message;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  return syscall !== undefined || code.startsWith('SQLITE_') ? message : undefined;
}

function isDamage(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB';
}

/** A file system error about a path of the workspace that is not the cache's. */
function workspaceFault(
  error: unknown,
  world: World,
  layout: CacheLayout,
): { readonly path: WorkspacePath; readonly code: string } | undefined {
  const { code, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  if (typeof code !== 'string' || path === undefined) return undefined;
  const within = (place: string, root: string) => !relative(root, place).startsWith('..');
  if ([path, dest].some((place) => place !== undefined && within(place, layout.root))) {
    return undefined;
  }
  const inside = relative(world.root, path);
  return within(path, world.root) && isWorkspacePath(inside) ? { path: inside, code } : undefined;
}
