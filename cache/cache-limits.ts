/** How much is kept. What was not used for the longest time goes first. */
export interface CacheLimits {
  /** Bytes of all files that results need, each counted once however many results share it. */
  readonly maxBytes: number;
  /** Milliseconds since a result was stored or last restored. */
  readonly maxAge: number;
}

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/**
 * 10 GiB, as much as hosted CI services keep for a repository. 30 days: a branch that is taken up
 * again is so within weeks; after a month its dependencies have been updated and nothing would hold.
 */
export const DEFAULT_LIMITS: CacheLimits = { maxBytes: 10 * 2 ** 30, maxAge: 30 * DAY };

/** Milliseconds between two collections that nothing but the time asks for. */
export const COLLECTION_INTERVAL = DAY;
