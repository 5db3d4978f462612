import type { VariableDependent, VariableUse } from '../../execute/explain/variable-use.js';
import { changeText } from './change-text.js';
import { processText } from './observer-text.js';

/** A variable with what tasks have to do with it. Its value is not told. */
export interface VariableExplanation {
  readonly name: string;
  readonly isSet: boolean;
  readonly dependents: readonly VariableDependent[];
}

/** What `vt why --env NAME` says, with newlines. */
export function variableExplanationText(explanation: VariableExplanation): string {
  const { name, isSet, dependents } = explanation;
  const head = `env '${name}' (${isSet ? 'set' : 'not set'})`;
  if (dependents.length === 0) {
    return `${head}\n  no task that was run here is known to have to do with it\n`;
  }
  return [
    head,
    ...dependents.flatMap(({ task, result, uses }) => [
      `  ${task}`,
      ...uses.map((use) => `    ${useText(use, (by) => processText(result.processes, by))}`),
    ]),
    '',
  ].join('\n');
}

function useText(use: VariableUse, who: (by: number) => string): string {
  switch (use.kind) {
    case 'key':
      return 'part of the key: in "env", or set before the command';
    case 'asked':
      return `asked for by ${who(use.by)}; ${use.change ? changeText(use.change) : 'unchanged'}`;
    case 'queried': {
      const pattern = 'glob' in use.pattern ? use.pattern.glob : `${use.pattern.prefix}*`;
      const since = use.change ? changeText(use.change) : 'unchanged';
      return `matches '${pattern}', asked for by ${who(use.by)}; ${since}`;
    }
    case 'untracked':
      return use.by === 'default'
        ? 'passed whatever its value, by default'
        : 'passed whatever its value, by "untrackedEnv"';
  }
}
