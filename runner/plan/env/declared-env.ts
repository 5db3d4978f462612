import type { Digest } from '../../../cache/brands.js';
import { nameListMatcher } from '../../workspace/glob/glob-matcher.js';
import { isControlName, isDefaultName } from './default-names.js';
import { digestValue } from './digest-value.js';

/** The runner's own environment, as the user started it. */
export type RunnerEnv = Readonly<Record<string, string | undefined>>;

/** What the configuration and the command line say about a task's variables. */
export interface DeclaredEnv {
  /** Globs, `!` excludes. */
  readonly env: readonly string[];
  /** Globs, `!` excludes. */
  readonly untrackedEnv: readonly string[];
  /** `NAME=value` before the command; a later one wins. */
  readonly assignments: readonly (readonly [name: string, value: string])[];
}

/** A name's place in the rules. `withheld`: a task gets it only by asking over the channel. */
export type NameClass = 'control' | 'assigned' | 'fingerprinted' | 'untracked' | 'withheld';

/** Sorts names into their classes: an assignment wins over `env`, `env` over what is untracked. */
export function classifier(declared: DeclaredEnv): (name: string) => NameClass {
  const assigned = new Set(declared.assignments.map(([name]) => name));
  const fingerprinted = nameListMatcher(declared.env);
  const untracked = nameListMatcher(declared.untrackedEnv);
  return (name) => {
    if (assigned.has(name)) return 'assigned';
    if (isControlName(name)) return 'control';
    if (fingerprinted(name)) return 'fingerprinted';
    return untracked(name) || isDefaultName(name) ? 'untracked' : 'withheld';
  };
}

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
  const classOf = classifier(declared);
  const values = new Map<string, string>(asksForColors ? [['FORCE_COLOR', '1']] : []);
  for (const [name, value] of Object.entries(runnerEnv)) {
    if (value !== undefined && classOf(name) === 'fingerprinted') values.set(name, value);
  }
  for (const [name, value] of declared.assignments) values.set(name, value);
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, valueDigest: digestValue(value) }));
}
