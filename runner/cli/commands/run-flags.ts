import type { RunnerEnv } from '../../plan/env/declared-env.js';
import type { PackageQuery, RunRequest } from '../../plan/run/run-request.js';
import { nearestName } from '../../config/nearest-name.js';
import { logModes } from '../../report/log/run-log.js';
import type { LogMode } from '../../report/log/run-log.js';
import { helpFlag } from '../flags/flag-definition.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import type { ParsedFlags } from '../flags/parse-flags.js';

/** As messages call the command. */
export const runName = 'vt run';

/** The flags of `vt run`. */
export const runFlags = {
  recursive: {
    type: 'boolean',
    alias: 'r',
    description: 'In every package that has the task, after those it needs',
  },
  transitive: {
    type: 'boolean',
    alias: 't',
    description: 'In this package and all that it needs, after those',
  },
  'workspace-root': { type: 'boolean', alias: 'w', description: 'In the workspace root' },
  filter: {
    type: 'string',
    alias: 'F',
    multiple: true,
    valueHint: 'packages',
    completion: 'packages',
    description:
      "In packages by name ('app', '@scope/*') or place ('./packages/**');\n'app...' with what it needs, '...app' with what needs it, 'app^...'\nwithout itself, '!app' not in it. Repeatable.",
  },
  'fail-if-no-match': {
    type: 'boolean',
    description: 'It is a mistake if --filter selects no package',
  },
  'ignore-depends-on': { type: 'boolean', description: 'Run nothing because of "dependsOn"' },
  parallel: {
    type: 'boolean',
    description: 'Nothing waits for anything, and any number runs at once',
  },
  'concurrency-limit': {
    type: 'string',
    valueHint: 'n',
    description: 'How many commands run at once; default: $VP_RUN_CONCURRENCY_LIMIT, or 4',
  },
  continue: {
    type: 'boolean',
    description: 'After a failure, go on with all that does not need what failed',
  },
  watch: {
    type: 'boolean',
    description: 'Run again whatever a change concerns, until interrupted',
  },
  strict: {
    type: 'boolean',
    description: 'Fail when tasks meet in files and nothing says which comes first',
  },
  log: {
    type: 'string',
    valueHint: 'mode',
    completion: logModes,
    description: 'How output is told apart: interleaved (the default), labeled or\ngrouped',
  },
  cache: { type: 'boolean', description: 'Cache package.json scripts too' },
  'no-cache': { type: 'boolean', description: 'Cache nothing; tasks get the full environment' },
  'dry-run': {
    type: 'boolean',
    description: 'Say what would be run and what the cache has; do nothing',
  },
  json: { type: 'boolean', description: 'Say all that happens in lines of JSON' },
  verbose: {
    type: 'boolean',
    alias: 'v',
    description: 'Details of every command at the end; -vv: also all that it depends on',
  },
  'last-details': { type: 'boolean', description: 'Show the details of the last run again' },
  ...helpFlag,
} as const satisfies FlagDefinitions;

type RunFlags = ParsedFlags<typeof runFlags>;

/** Reads the arguments after `vt run`. Throws a UsageError for what cannot be understood. */
export function parseRunFlags(argv: readonly string[]): RunFlags {
  const given = parseFlags(argv, {
    command: runName,
    flags: runFlags,
    endAtArgument: true,
  });
  logMode(given);
  excludeEachOther(given, 'cache', 'no-cache');
  excludeEachOther(given, 'json', 'log');
  for (const other of ['json', 'dry-run', 'strict', 'last-details'] as const) {
    excludeEachOther(given, 'watch', other);
  }
  excludeEachOther(given, 'json', 'verbose');
  excludeEachOther(given, 'json', 'last-details');
  excludeEachOther(given, 'recursive', 'transitive');
  excludeEachOther(given, 'recursive', 'filter');
  excludeEachOther(given, 'transitive', 'filter');
  return given;
}

/** What --log says; undefined when it was not given. Throws a UsageError for any other word. */
export function logMode(given: RunFlags): LogMode | undefined {
  const value = given.value('log');
  const found = logModes.find((mode) => mode === value);
  if (value === undefined || found !== undefined) return found;
  throw new UsageError({
    kind: 'bad-choice',
    flag: '--log',
    value,
    choices: logModes,
    nearest: nearestName(value, logModes),
    command: runName,
  });
}

/**
 * What is asked for; undefined when no task is named. Throws a UsageError for contradictions.
 *
 * @param env only what was said for this run: a run in a command has its place in the outer one's limit.
 */
export function runRequest(given: RunFlags, env: RunnerEnv): RunRequest | undefined {
  const [task] = given.rest;
  if (task === undefined) return undefined;
  const selecting = (['recursive', 'filter', 'workspace-root'] as const).find((f) => given.has(f));
  if (selecting !== undefined && task.includes('#')) {
    const flag = `--${selecting}`;
    throw new UsageError({ kind: 'package-and-flag', task, flag, command: runName });
  }
  return requestFor(task, given, env);
}

/** The same for another task than the one that is named, with the same arguments. */
export function requestFor(task: string, given: RunFlags, env: RunnerEnv): RunRequest {
  return {
    task,
    args: given.rest.slice(1),
    packages: packageQuery(given),
    cache: given.has('cache') ? true : given.has('no-cache') ? false : undefined,
    ignoreDependsOn: given.has('ignore-depends-on'),
    failIfNoMatch: given.has('fail-if-no-match'),
    parallel: given.has('parallel'),
    limit: concurrencyLimit(given, env),
    keepGoing: given.has('continue'),
  };
}

/** Whether a flag says which packages a task is run in. */
export function choosesPackages(given: RunFlags): boolean {
  return packageQuery(given).kind !== 'own';
}

export function missingTask(): UsageError {
  const argument = 'the name of a task';
  return new UsageError({ kind: 'missing-argument', argument, command: runName });
}

function concurrencyLimit(given: RunFlags, env: RunnerEnv): number | undefined {
  const flag = given.value('concurrency-limit');
  if (flag !== undefined) return count('--concurrency-limit', flag);
  // What holds for runs in general does not hold for one that is to know no limit.
  if (given.has('parallel')) return undefined;
  const { VP_RUN_CONCURRENCY_LIMIT: variable } = env;
  if (variable === undefined || variable === '') return undefined;
  return count('VP_RUN_CONCURRENCY_LIMIT', variable);
}

function count(source: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number > 0) return number;
  throw new UsageError({ kind: 'bad-count', source, value, command: runName });
}

/** What makes something else of a run than its tasks. */
const forProcess = ['help', 'last-details', 'watch', 'dry-run', 'json'] as const;

/**
 * Reads a `vt run` that stands in a task's command. Undefined for one that only a process of its
 * own can do, or complain about. How much is said is for the outer run to decide.
 */
export function readNestedRun(
  argv: readonly string[],
  assigned: RunnerEnv,
): RunRequest | undefined {
  try {
    const given = parseRunFlags(argv);
    return forProcess.some((flag) => given.has(flag)) ? undefined : runRequest(given, assigned);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function packageQuery(given: RunFlags): PackageQuery {
  const root = given.has('workspace-root');
  if (given.has('filter')) return { kind: 'filters', filters: given.values('filter'), root };
  if (given.has('recursive')) return { kind: 'all' };
  if (given.has('transitive')) return { kind: 'transitive', from: root ? 'root' : 'own' };
  return root ? { kind: 'root' } : { kind: 'own' };
}

function excludeEachOther(
  given: RunFlags,
  one: keyof typeof runFlags,
  other: keyof typeof runFlags,
): void {
  if (!given.has(one) || !given.has(other)) return;
  const flags = [`--${one}`, `--${other}`];
  throw new UsageError({ kind: 'conflicting-flags', flags, command: runName });
}
