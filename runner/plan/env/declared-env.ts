import { nameListMatcher } from '../../workspace/glob/glob-matcher.js';
import { isControlName, isDefaultName } from './default-names.js';

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
