import type { RepeatedHit } from '../../cache/repeat-store.js';
import type { Look } from './look.js';

/** A piece of what an invocation printed, or keeps as its details. `hit` is an index. */
export type Piece =
  | { readonly kind: 'out' | 'err' | 'details'; readonly bytes: Uint8Array }
  /** For stdout: how much time was saved, with a comma before it; or nothing. */
  | { readonly kind: 'total' }
  /** For the details: what the replay of a hit took, or saved. */
  | { readonly kind: 'duration' | 'saved'; readonly hit: number };

/** All that has to be the case, and has to be done, for an invocation to be answered as it was. */
export interface RepeatRecord {
  /** Milliseconds since the epoch; at other times it is not to be used. */
  readonly made: number;
  readonly until: number;
  /** The cache's directory. */
  readonly cache: string;
  /** Where `node` was found on PATH. */
  readonly node: string;
  readonly looks: readonly Look[];
  /** The directory of the looks that come first. */
  readonly confirmed: string;
  /** `duration`: milliseconds the stored run had taken. */
  readonly hits: readonly (RepeatedHit & { readonly duration: number })[];
  readonly printed: readonly Piece[];
  /** Empty: none are kept. */
  readonly details: readonly Piece[];
}
