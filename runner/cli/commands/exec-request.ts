import path from 'node:path';
import type { ExecRequest } from '../../plan/plan-exec.js';
import type { PlanProblem } from '../../plan/plan-problem.js';
import { locate } from '../../workspace/find-workspace.js';
import type { Location } from '../../workspace/find-workspace.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import type { ParsedFlags } from '../flags/parse-flags.js';

/** Flags that say how a bare command is cached: of `vt exec`, and of questions about it. */
export const execRequestFlags = {
  input: {
    type: 'string',
    multiple: true,
    valueHint: 'glob',
    completion: 'files',
    description:
      "Files the result depends on, instead of those the command is seen to read:\n'src/**', '!**/*.log' to exclude, 'dir/' for all below it, 'auto' to keep\nwhat is seen as well, 'none' for nothing. Repeatable.",
  },
  output: {
    type: 'string',
    multiple: true,
    valueHint: 'glob',
    completion: 'files',
    description:
      'Files to keep and restore, instead of those the command is seen to write;\nwritten as for --input. Repeatable.',
  },
  env: {
    type: 'string',
    multiple: true,
    valueHint: 'name',
    completion: 'variables',
    description:
      "Variable the command gets and its result depends on; 'API_*', '!API_KEY'.\nRepeatable.",
  },
  'auto-env': {
    type: 'boolean',
    description:
      'Variables the command looks for (getenv) are passed when it does, and\nits result depends on them.',
  },
  'untracked-env': {
    type: 'string',
    multiple: true,
    valueHint: 'name',
    completion: 'variables',
    description: 'Variable the command gets, whatever its value. Repeatable.',
  },
  cwd: {
    type: 'string',
    valueHint: 'dir',
    completion: 'directories',
    description: 'Do all of this in another directory',
  },
  name: {
    type: 'string',
    valueHint: 'name',
    description: 'What messages call this command; default is the command line',
  },
  'no-opt-out': {
    type: 'boolean',
    description: 'Keep the result although the command asks not to be cached',
  },
  'not-secret': {
    type: 'string',
    multiple: true,
    valueHint: 'name',
    completion: 'variables',
    description:
      'Variable whose value may be in the results although it is called a key, a\ntoken, a secret or a password. Repeatable.',
  },
} as const satisfies FlagDefinitions;

/** What these flags ask for. */
export function execRequest(
  argv: ExecRequest['argv'],
  given: ParsedFlags<typeof execRequestFlags>,
  cache: boolean,
): ExecRequest {
  return {
    argv,
    input: given.values('input'),
    output: given.values('output'),
    env: given.values('env'),
    autoEnv: given.has('auto-env'),
    untrackedEnv: given.values('untracked-env'),
    optOut: !given.has('no-opt-out'),
    notSecret: given.values('not-secret'),
    cache,
    name: given.value('name'),
  };
}

/** A stranger's broken package.json does not concern a command: its problems are left aside. */
export function locateFor(cwd: string | undefined, runnerCwd: string): Location | PlanProblem {
  try {
    return locate(cwd === undefined ? runnerCwd : path.join(path.resolve(runnerCwd, cwd), '.'), []);
  } catch {
    return { kind: 'no-such-directory', directory: cwd ?? runnerCwd, at: undefined };
  }
}
