import type { Digest } from '../../../cache/brands.js';
import { classifyEnv } from './classified-env.js';
import type { DeclaredEnv, RunnerEnv } from './declared-env.js';
import { digestValue } from './digest-value.js';

/**
 * What of the variables belongs in the key, sorted by name.
 *
 * @param asksForColors the runner asks the task for colours: a bare command with the same arguments
 *   prints something else, and must not share its results.
 */
export function envKey(
  declared: DeclaredEnv,
  runnerEnv: RunnerEnv,
  asksForColors: boolean,
): readonly { readonly name: string; readonly valueDigest: Digest }[] {
  const digests = new Map<string, Digest>(asksForColors ? [['FORCE_COLOR', COLORS_DIGEST]] : []);
  for (const [name, digest] of classifyEnv(runnerEnv, declared).fingerprinted) {
    digests.set(name, digest);
  }
  for (const [name, value] of declared.assignments) digests.set(name, digestValue(value));
  return [...digests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, valueDigest]) => ({ name, valueDigest }));
}

/** Of `1`: most keys have it and no other, and node:crypto takes long to load. */
export const COLORS_DIGEST =
  '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b' as Digest;
