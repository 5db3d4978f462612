import type { KeyParts } from './key.js';
import type { MissReason } from './miss-reason.js';

/**
 * Which part of the key changed, the first in this order: program, arguments, directory,
 * variables, untracked names, input rules, output rules. Undefined when the keys are equal.
 * The way of capture is passed over: it is no change that a user made.
 * What the user typed comes before what is configured: it is what they are most likely to expect.
 */
export function keyDifference(before: KeyParts, now: KeyParts): MissReason | undefined {
  if (before.program !== now.program) return { kind: 'program-changed' };
  if (!sameList(before.args, now.args)) return { kind: 'args-changed' };
  if (before.cwd !== now.cwd) return { kind: 'cwd-changed' };
  const names = changedNames(
    new Map(before.env.map((variable) => [variable.name, variable.valueDigest])),
    new Map(now.env.map((variable) => [variable.name, variable.valueDigest])),
  );
  if (names.length > 0) return { kind: 'env-changed', names };
  if (!sameList([...before.untrackedEnv].sort(), [...now.untrackedEnv].sort())) {
    return { kind: 'untracked-env-changed' };
  }
  if (before.inputConfig !== now.inputConfig) return { kind: 'input-config-changed' };
  if (before.outputConfig !== now.outputConfig) return { kind: 'output-config-changed' };
  return undefined;
}

/** Names whose value differs or that only one of the two has, sorted. */
export function changedNames(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].filter((name) => before.get(name) !== now.get(name)).sort();
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
