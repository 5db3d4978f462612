import type { Digest } from './brands.js';
import type { CacheLimits } from './cache-limits.js';

/** A stored result as far as a decision about it goes. */
export interface Candidate {
  readonly id: number;
  /** Microseconds since the epoch. */
  readonly used: number;
  /** Of its record in the index. */
  readonly recordBytes: number;
  /** Its blobs; undefined when the record is damaged, so that it can never be used. */
  readonly blobs: readonly Digest[] | undefined;
}

export interface Eviction {
  readonly candidate: Candidate;
  readonly because: 'age' | 'size' | 'damage';
}

/**
 * Which results have to go so that the limits are kept: the damaged, those that were not used for
 * too long, and then the least recently used until the rest is small enough.
 *
 * @param candidates the least recently used first
 * @param blobSizes bytes of the blobs there are
 * @param now milliseconds since the epoch
 */
export function planEviction(
  candidates: readonly Candidate[],
  blobSizes: ReadonlyMap<Digest, number>,
  limits: CacheLimits,
  now: number,
): readonly Eviction[] {
  const evictions: Eviction[] = [];
  const remaining: (Candidate & { readonly blobs: readonly Digest[] })[] = [];
  const oldest = (now - limits.maxAge) * 1000;
  for (const candidate of candidates) {
    const { blobs } = candidate;
    if (blobs === undefined) evictions.push({ candidate, because: 'damage' });
    else if (candidate.used < oldest) evictions.push({ candidate, because: 'age' });
    else remaining.push({ ...candidate, blobs });
  }
  const needed = new Map<Digest, number>();
  let total = 0;
  for (const { blobs, recordBytes } of remaining) {
    total += recordBytes;
    for (const digest of blobs) {
      const users = needed.get(digest) ?? 0;
      if (users === 0) total += blobSizes.get(digest) ?? 0;
      needed.set(digest, users + 1);
    }
  }
  for (const candidate of remaining) {
    if (total <= limits.maxBytes) break;
    evictions.push({ candidate, because: 'size' });
    total -= candidate.recordBytes;
    for (const digest of candidate.blobs) {
      const users = needed.get(digest)! - 1;
      needed.set(digest, users);
      if (users === 0) total -= blobSizes.get(digest) ?? 0;
    }
  }
  return evictions;
}
