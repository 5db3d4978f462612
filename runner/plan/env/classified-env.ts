import type { AbsolutePath, Digest } from '../../../cache/brands.js';
import { physicalPath } from '../../workspace/paths.js';
import { classifier } from './declared-env.js';
import type { DeclaredEnv, NameClass, RunnerEnv } from './declared-env.js';
import { digestValue } from './digest-value.js';
import { rememberedFor } from './remembered-for.js';

/** The runner's environment, sorted by what is declared of it. */
export interface ClassifiedEnv {
  readonly classOf: (name: string) => NameClass;
  /** What the rules let through to a cached task. */
  readonly passed: Readonly<Record<string, string>>;
  /** What of it is part of the key. */
  readonly fingerprinted: readonly (readonly [name: string, valueDigest: Digest])[];
  /** Everything that is set. */
  readonly all: Readonly<Record<string, string>>;
  /** Everything but the runner's control variables. */
  readonly served: ReadonlyMap<string, string>;
  /** The directory that PWD leads to; undefined when it leads nowhere. */
  readonly workingDirectory: AbsolutePath | undefined;
}

/**
 * Sorts an environment once for all tasks that declare the same; most tasks of a workspace do.
 *
 * @param runnerEnv not to be changed afterwards.
 */
export function classifyEnv(runnerEnv: RunnerEnv, declared: DeclaredEnv): ClassifiedEnv {
  const { env, untrackedEnv, assignments } = declared;
  const key = JSON.stringify([env, untrackedEnv, assignments.map(([name]) => name)]);
  return remembered(runnerEnv, key, () => classify(runnerEnv, declared));
}

const remembered = rememberedFor<ClassifiedEnv>();

function classify(runnerEnv: RunnerEnv, declared: DeclaredEnv): ClassifiedEnv {
  const classOf = classifier(declared);
  const passed: Record<string, string> = {};
  const all: Record<string, string> = {};
  const fingerprinted: (readonly [string, Digest])[] = [];
  const served = new Map<string, string>();
  for (const [name, value] of Object.entries(runnerEnv)) {
    if (value === undefined) continue;
    all[name] = value;
    const nameClass = classOf(name);
    if (nameClass !== 'control') served.set(name, value);
    if (nameClass === 'fingerprinted') fingerprinted.push([name, digestValue(value)]);
    if (nameClass === 'fingerprinted' || nameClass === 'untracked' || name === 'INIT_CWD') {
      passed[name] = value;
    }
  }
  return {
    classOf,
    all,
    passed,
    fingerprinted,
    served,
    workingDirectory: physical(runnerEnv['PWD']),
  };
}

function physical(directory: string | undefined): AbsolutePath | undefined {
  try {
    return directory === undefined ? undefined : physicalPath(directory);
  } catch {
    return undefined;
  }
}
