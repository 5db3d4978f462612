import { nameMatcher } from '../../workspace/glob/glob-matcher.js';
import type { Matcher } from '../../workspace/glob/glob-matcher.js';
import type { EnvPattern } from '../../../cache/observation.js';
import type { EnvSource } from '../execution.js';
import { classifyEnv } from './classified-env.js';
import type { DeclaredEnv, RunnerEnv } from './declared-env.js';

/**
 * What a task may ask for over the channel: the runner's own environment under the command's
 * assignments, without the runner's control variables. A name that the configuration or the
 * defaults leave untracked is answered, and never tracked.
 */
export function createEnvSource(runnerEnv: RunnerEnv, declared: DeclaredEnv): EnvSource {
  const { classOf, served } = classifyEnv(runnerEnv, declared);
  const values =
    declared.assignments.length === 0 ? served : new Map([...served, ...declared.assignments]);
  return {
    get: (name) => values.get(name),
    query(pattern) {
      const matches = matcherOf(pattern);
      return new Map([...values].filter(([name]) => matches(name)));
    },
    mayTrack(name) {
      const nameClass = classOf(name);
      return nameClass !== 'untracked' && nameClass !== 'control';
    },
  };
}

function matcherOf(pattern: EnvPattern): Matcher {
  if ('glob' in pattern) return nameMatcher(pattern.glob);
  const { prefix } = pattern;
  return (name) => name.startsWith(prefix);
}
