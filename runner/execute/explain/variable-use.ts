import { variableChange } from '../../../cache/explain/change.js';
import type { VariableChange } from '../../../cache/explain/change.js';
import type { LatestResult } from '../../../cache/explain/explainer.js';
import type { StoredResult } from '../../../cache/explain/stored-result.js';
import type { EnvPattern, Observer } from '../../../cache/observation.js';
import { isDefaultName } from '../../plan/env/default-names.js';
import { digestValue } from '../../plan/env/digest-value.js';
import { nameListMatcher, nameMatcher } from '../../workspace/glob/glob-matcher.js';

/** One way in which a result has to do with a variable. */
export type VariableUse =
  /** Part of the key: listed in `env`, or set before the command. */
  | { readonly kind: 'key' }
  /** Asked for by name over the channel. `by` is an index into the result's processes. */
  | { readonly kind: 'asked'; readonly by: Observer; readonly change: VariableChange | undefined }
  /** Matches what was asked for. */
  | {
      readonly kind: 'queried';
      readonly pattern: EnvPattern;
      readonly by: Observer;
      readonly change: VariableChange | undefined;
    }
  /** Passed whatever its value: by `untrackedEnv`, or by default. */
  | { readonly kind: 'untracked'; readonly by: 'configuration' | 'default' };

/** What a task's newest result has to do with a variable. */
export interface VariableDependent extends LatestResult {
  readonly result: StoredResult;
  readonly uses: readonly VariableUse[];
}

/** Tasks whose results have to do with a variable; those that only get it passed come with them. */
export function variableDependents(
  name: string,
  value: string | undefined,
  latest: readonly LatestResult[],
): readonly VariableDependent[] {
  return latest.flatMap((one) => {
    const { result } = one;
    if (result === undefined) return [];
    const uses = usesOf(result, name, value === undefined ? null : digestValue(value));
    return uses.length === 0 ? [] : [{ ...one, result, uses }];
  });
}

function usesOf(result: StoredResult, name: string, now: string | null): VariableUse[] {
  const uses: VariableUse[] = [];
  if (result.key.env.some((variable) => variable.name === name)) uses.push({ kind: 'key' });
  for (const observation of result.observations) {
    const by = observation.observer;
    if (observation.kind === 'env' && observation.name === name) {
      const [change] = variableChange(name, observation.valueDigest, now);
      uses.push({ kind: 'asked', by, change });
    } else if (observation.kind === 'env-query' && matches(observation.pattern, name)) {
      const match = observation.matches.find((variable) => variable.name === name);
      const isUntracked = untrackedBy(result, name) !== undefined;
      const [change] = isUntracked ? [] : variableChange(name, match?.valueDigest ?? null, now);
      uses.push({ kind: 'queried', pattern: observation.pattern, by, change });
    }
  }
  const untracked = untrackedBy(result, name);
  if (untracked !== undefined && !uses.some(({ kind }) => kind === 'key')) {
    uses.push({ kind: 'untracked', by: untracked });
  }
  return uses;
}

function untrackedBy(result: StoredResult, name: string): 'configuration' | 'default' | undefined {
  if (nameListMatcher(result.key.untrackedEnv)(name)) return 'configuration';
  return isDefaultName(name) ? 'default' : undefined;
}

function matches(pattern: EnvPattern, name: string): boolean {
  return 'glob' in pattern ? nameMatcher(pattern.glob)(name) : name.startsWith(pattern.prefix);
}
