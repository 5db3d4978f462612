import type { PackageQuery, RunRequest } from '../../plan/run/run-request.js';
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
    description:
      "In packages by name ('app', '@scope/*') or place ('./packages/**'); 'app...'\nwith what it needs, '...app' with what needs it, 'app^...' without itself,\n'!app' not in it. Repeatable.",
  },
  'fail-if-no-match': {
    type: 'boolean',
    description: 'It is a mistake if --filter selects no package',
  },
  'ignore-depends-on': { type: 'boolean', description: 'Run nothing because of "dependsOn"' },
  cache: { type: 'boolean', description: 'Cache package.json scripts too' },
  'no-cache': { type: 'boolean', description: 'Cache nothing; tasks get the full environment' },
  verbose: {
    type: 'boolean',
    alias: 'v',
    description: 'Details of every command at the end; -vv: also all that it depends on',
  },
  'last-details': { type: 'boolean', description: 'Show the details of the last run again' },
  ...helpFlag,
} as const satisfies FlagDefinitions;

const laterFlags = [
  ...['--parallel', '--concurrency-limit', '--log'],
  ...['--dry-run', '--json', '--watch', '--continue'],
];

type RunFlags = ParsedFlags<typeof runFlags>;

/** Reads the arguments after `vt run`. Throws a UsageError for what cannot be understood. */
export function parseRunFlags(argv: readonly string[]): RunFlags {
  const given = parseFlags(argv, {
    command: runName,
    flags: runFlags,
    laterFlags,
    endAtArgument: true,
  });
  excludeEachOther(given, 'cache', 'no-cache');
  excludeEachOther(given, 'recursive', 'transitive');
  excludeEachOther(given, 'recursive', 'filter');
  excludeEachOther(given, 'transitive', 'filter');
  return given;
}

/** What is asked for; undefined when no task is named. Throws a UsageError for contradictions. */
export function runRequest(given: RunFlags): RunRequest | undefined {
  const [task, ...args] = given.rest;
  if (task === undefined) return undefined;
  const selecting = (['recursive', 'filter', 'workspace-root'] as const).find((f) => given.has(f));
  if (selecting !== undefined && task.includes('#')) {
    const flag = `--${selecting}`;
    throw new UsageError({ kind: 'package-and-flag', task, flag, command: runName });
  }
  return {
    task,
    args,
    packages: packageQuery(given),
    cache: given.has('cache') ? true : given.has('no-cache') ? false : undefined,
    ignoreDependsOn: given.has('ignore-depends-on'),
    failIfNoMatch: given.has('fail-if-no-match'),
    parallel: false,
    limit: 1,
    keepGoing: false,
  };
}

/**
 * Reads a `vt run` that stands in a task's command. Undefined for one that only a process of its
 * own can do, or complain about. How much is said is for the outer run to decide.
 */
export function readNestedRun(argv: readonly string[]): RunRequest | undefined {
  try {
    const given = parseRunFlags(argv);
    return given.has('help') || given.has('last-details') ? undefined : runRequest(given);
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
