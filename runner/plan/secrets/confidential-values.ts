import { nameListMatcher } from '../../workspace/glob/glob-matcher.js';
import { isControlName } from '../env/default-names.js';
import { classifier } from '../env/declared-env.js';
import type { DeclaredEnv, RunnerEnv } from '../env/declared-env.js';
import { isSecretName } from './secret-names.js';
import { typedAssignments } from './typed-assignments.js';

/** Variables by name whose values must not be written to the disk. */
export type ConfidentialValues = ReadonlyMap<string, string>;

/**
 * The variables that the configuration or the command (`argv`) gives to a task, and all whose names
 * say that they are secret. Not the defaults (HOME, PATH, LANG …): paths and languages are in everything.
 */
export function confidentialValues(
  runnerEnv: RunnerEnv,
  declared: DeclaredEnv,
  argv: readonly string[],
): ConfidentialValues {
  const classOf = classifier(declared);
  const isDeclared = nameListMatcher(declared.untrackedEnv);
  const values = new Map<string, string>(typedAssignments(argv));
  for (const [name, value] of Object.entries(runnerEnv)) {
    if (value === undefined || isControlName(name)) continue;
    if (classOf(name) === 'fingerprinted' || isDeclared(name) || isSecretName(name)) {
      values.set(name, value);
    }
  }
  for (const [name, value] of declared.assignments) values.set(name, value);
  return values;
}
