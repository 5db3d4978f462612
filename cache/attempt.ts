import type { KeyParts } from './key.js';
import type { MissReason } from './miss-reason.js';

/** What a lookup found before a run: as much of it as explains the run later. */
export type Found =
  /** A result, which was restored: name of the entry. */
  | { readonly kind: 'hit'; readonly entry: string }
  /** Nothing to compare with. */
  | { readonly kind: 'first-run' }
  | ({ readonly kind: 'miss'; readonly reason: MissReason } & Compared);

/** What a miss was compared with: a stored result, the key the task had before, or neither. */
export interface Compared {
  /** Name of the entry that came nearest. */
  readonly nearest?: string;
  /** Set when no result of the same key is stored. */
  readonly keyBefore?: KeyParts;
}

/** Why a run is not stored, for the one who asks later. */
export type AttemptOutcome =
  | { readonly kind: 'stored'; readonly entry: string }
  /** `reason` is JSON, which the cache does not read: most reasons are the runner's. */
  | { readonly kind: 'not-cached'; readonly reason: string }
  | { readonly kind: 'failed'; readonly ending: AttemptEnding }
  | { readonly kind: 'interrupted' };

/** How a run failed. */
type AttemptEnding =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'not-started'; readonly errno: string };

/** How the last run of a task in a workspace went. */
export interface Attempt {
  /** When it was over, in milliseconds since the epoch. */
  readonly ended: number;
  /** milliseconds it took */
  readonly duration: number;
  readonly key: KeyParts;
  readonly found: Found;
  /** Undefined for a hit. */
  readonly outcome: AttemptOutcome | undefined;
}
