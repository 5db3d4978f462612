import { nameListMatcher } from '../../workspace/glob/glob-matcher.js';
import { isControlName } from '../env/default-names.js';
import { classifier } from '../env/declared-env.js';
import type { DeclaredEnv, RunnerEnv } from '../env/declared-env.js';
import { rememberedFor } from '../env/remembered-for.js';
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
  const { env, untrackedEnv, assignments } = declared;
  const key = JSON.stringify([env, untrackedEnv]);
  const given = remembered(runnerEnv, key, () => givenValues(runnerEnv, { env, untrackedEnv }));
  const typed = typedAssignments(argv);
  if (typed.length === 0 && assignments.length === 0) return given;
  return new Map([...typed, ...given, ...assignments]);
}

const remembered = rememberedFor<ConfidentialValues>();

/** Of the runner's own environment: the same for all tasks that declare the same. */
function givenValues(
  runnerEnv: RunnerEnv,
  { env, untrackedEnv }: Pick<DeclaredEnv, 'env' | 'untrackedEnv'>,
): ConfidentialValues {
  const classOf = classifier({ env, untrackedEnv, assignments: [] });
  const isDeclared = nameListMatcher(untrackedEnv);
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(runnerEnv)) {
    if (value === undefined || isControlName(name)) continue;
    if (classOf(name) === 'fingerprinted' || isDeclared(name) || isSecretName(name)) {
      values.set(name, value);
    }
  }
  return values;
}
