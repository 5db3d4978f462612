import { readdirSync } from 'node:fs';
import type { Attempt } from './attempt.js';
import type { WorkspacePath } from './brands.js';
import { cacheLayout } from './cache-directory.js';
import type { CacheLayout } from './cache-directory.js';
import { confirmHit } from './confirm-hit.js';
import type { Confirmation } from './confirmation.js';
import type { Explainer } from './explain/explainer.js';
import { leaveHitNotes } from './hit-notes.js';
import type { HitNote } from './hit-notes.js';
import type { CacheOptions, IndexedCache } from './indexed-cache.js';
import { isJournalName } from './journal-name.js';
import type { KeyParts } from './key.js';
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
import type { World } from './world.js';

export type { CacheOptions, CacheWarning } from './indexed-cache.js';

/** A cache that can answer questions about itself. */
export interface OpenCache extends Cache {
  /**
   * What answers questions about the cache, if its index is open; else it is not opened for that. May be
   * used until `close`.
   */
  explainer(): Promise<Explainer | undefined>;
}

/**
 * A cache in a directory. Nothing is loaded, opened or made before the first call of a method; and
 * nothing of the index as long as all lookups are confirmed by what the last ones were decided by.
 */
export function openCache(options: CacheOptions): OpenCache {
  return new ConfirmingCache(options);
}

interface ConfirmedHit {
  readonly confirmation: Confirmation;
  /** performance.now() when it was looked up. */
  readonly started: number;
}

class ConfirmingCache implements OpenCache {
  readonly #options: CacheOptions;
  readonly #layout: CacheLayout;
  readonly #confirmed = new WeakMap<Hit, ConfirmedHit>();
  readonly #notes: HitNote[] = [];
  #loading: Promise<IndexedCache> | undefined;
  #indexed: IndexedCache | undefined;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#layout = cacheLayout(options.directory);
  }

  async lookup(task: string, key: KeyParts, world: World): Promise<Lookup> {
    const started = performance.now();
    const confirmation = await confirmHit(this.#layout, task, key, world);
    if (confirmation === undefined) return (await this.#index()).lookup(task, key, world);
    const { entry, duration, transcript, outputs } = confirmation;
    const hit: Hit = { kind: 'hit', entry, duration, transcript, outputs };
    this.#confirmed.set(hit, { confirmation, started });
    return hit;
  }

  comparison(lookup: Lookup): Comparison {
    return this.#indexed?.comparison(lookup) ?? { differences: [] };
  }

  async restore(hit: Hit, world: World): Promise<RestoreOutcome> {
    const confirmed = this.#confirmed.get(hit);
    if (confirmed === undefined) return (await this.#index()).restore(hit, world);
    const { workspace, task, entry, outputs } = confirmed.confirmation;
    this.#options.confirmed?.(confirmed.confirmation);
    const duration = performance.now() - confirmed.started;
    this.#notes.push({ workspace, task, entry, ended: Date.now(), duration });
    return { kind: 'restored', written: 0, unchanged: outputs.length };
  }

  async repair(world: World): Promise<void> {
    try {
      if (!readdirSync(this.#layout.temporary).some(isJournalName)) return;
    } catch {
      return; // There is no cache here, or none that can be read.
    }
    await (await this.#index()).repair(world);
  }

  async begin(task: string, world: World): Promise<BegunRun> {
    return (await this.#index()).begin(task, world);
  }

  async prepare(): Promise<void> {
    await (await this.#index()).prepare();
  }

  async store(run: FinishedRun, world: World, begun?: BegunRun): Promise<StoreOutcome> {
    return (await this.#index()).store(run, world, begun);
  }

  async abandon(begun: BegunRun, written: readonly WorkspacePath[]): Promise<void> {
    await (await this.#index()).abandon(begun, written);
  }

  async note(task: string, attempt: Attempt, world: World): Promise<void> {
    await (await this.#index()).note(task, attempt, world);
  }

  async explainer(): Promise<Explainer | undefined> {
    return this.#indexed?.explainer();
  }

  async close(): Promise<void> {
    const notes = this.#notes.splice(0);
    if (notes.length > 0) {
      const isOpen = this.#loading !== undefined;
      // They are told by who opens the index next, which may be this very process.
      if (leaveHitNotes(this.#layout, notes) || isOpen) await (await this.#index()).tellHits();
    }
    await this.#indexed?.close();
  }

  /** With the native module: loaded when first needed. */
  async #index(): Promise<IndexedCache> {
    this.#loading ??= import('./indexed-cache.js').then(
      ({ IndexedCache }) => (this.#indexed = new IndexedCache(this.#options)),
    );
    return this.#loading;
  }
}
