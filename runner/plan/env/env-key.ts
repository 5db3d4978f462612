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
  const digests = new Map<string, Digest>(asksForColors ? [['FORCE_COLOR', colorsDigest()]] : []);
  for (const [name, digest] of classifyEnv(runnerEnv, declared).fingerprinted) {
    digests.set(name, digest);
  }
  for (const [name, value] of declared.assignments) digests.set(name, digestValue(value));
  return [...digests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, valueDigest]) => ({ name, valueDigest }));
}

let digestOfOne: Digest | undefined;

function colorsDigest(): Digest {
  digestOfOne ??= digestValue('1');
  return digestOfOne;
}
