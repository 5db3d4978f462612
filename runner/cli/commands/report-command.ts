import type { AbsolutePath } from '../../../cache/brands.js';
import type { EnvPattern } from '../../../cache/observation.js';
import { resolvePath } from '../../workspace/paths.js';
import { leafCommand } from '../command.js';
import type { CommandGroup, CommandHelp, LazyCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import type { FlagDefinitions } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import type { ParsedFlags } from '../flags/parse-flags.js';
import type { CommandContext, ReportRequest } from '../services.js';

const envFlags = {
  untracked: { type: 'boolean', description: 'The result does not depend on the answer' },
  ...helpFlag,
} as const satisfies FlagDefinitions;

const envsFlags = {
  prefix: {
    type: 'string',
    valueHint: 'prefix',
    description: 'Variables whose names start with this, instead of a pattern',
  },
  ...envFlags,
} as const satisfies FlagDefinitions;

const about = ['Does nothing outside a task run by vt.'];

/** `vt report`. */
export function reportCommand(context: CommandContext): CommandGroup {
  const command = <F extends FlagDefinitions>(
    help: Omit<CommandHelp, 'flags'>,
    flags: F,
    toRequest: (given: ParsedFlags<F>, name: string) => ReportRequest,
  ): LazyCommand => ({
    description: help.description,
    load: () =>
      Promise.resolve(
        leafCommand({ ...help, flags }, context, async (argv, { io, services }) => {
          const syntax = { command: help.name, flags, endAtArgument: false };
          const request = toRequest(parseFlags(argv, syntax), help.name);
          return { kind: 'code', code: await services.report(request, io) };
        }),
      ),
  });
  const path = (given: ParsedFlags<typeof helpFlag>, name: string): AbsolutePath =>
    resolvePath(context.io.cwd as AbsolutePath, one(given.rest, 'a path', name));
  return {
    help: {
      name: 'vt report',
      description: 'tell the runner something, from a script that is part of a task',
      usage: '<command>',
      about: [
        'For shell scripts and tools that do not talk to the runner themselves. It is never\nan error to use it outside a task: statements then do nothing.',
      ],
      examples: [
        ['vt report ignore-input node_modules/.vite', "a tool's private cache does not count"],
        ['API_URL=$(vt report get-env API_URL)', 'the result depends on API_URL from now on'],
      ],
      flags: helpFlag,
    },
    commands: {
      'ignore-input': command(
        {
          name: 'vt report ignore-input',
          description: 'reads at or below a path are not inputs',
          usage: '<path>',
          about,
          examples: [],
        },
        helpFlag,
        (given, name) => ({ kind: 'ignore-input', path: path(given, name) }),
      ),
      'ignore-output': command(
        {
          name: 'vt report ignore-output',
          description: 'writes at or below a path are not outputs',
          usage: '<path>',
          about,
          examples: [],
        },
        helpFlag,
        (given, name) => ({ kind: 'ignore-output', path: path(given, name) }),
      ),
      'disable-cache': command(
        {
          name: 'vt report disable-cache',
          description: 'the result of this run is not kept',
          usage: '[reason]',
          about,
          examples: [],
        },
        helpFlag,
        (given, name) => {
          const reason = optional(given.rest, name);
          return { kind: 'disable-cache', ...(reason === undefined ? {} : { reason }) };
        },
      ),
      'get-env': command(
        {
          name: 'vt report get-env',
          description: "print a variable of the runner's environment",
          usage: '[flags] <name>',
          about: [
            'Prints the value and a newline; exits with 1, printing nothing, when it is not set.\nThe result of the task depends on the answer from now on.',
          ],
          examples: [],
        },
        envFlags,
        (given, name) => ({
          kind: 'get-env',
          name: one(given.rest, 'the name of a variable', name),
          tracked: !given.has('untracked'),
        }),
      ),
      'get-envs': command(
        {
          name: 'vt report get-envs',
          description: 'print the variables that match a pattern',
          usage: '[flags] <pattern> | --prefix <prefix>',
          about: [
            'Prints one NAME=value line for each. The result of the task depends on the set\nfrom now on: a variable added, removed or changed is a miss.',
          ],
          examples: [["vt report get-envs 'API_*'", 'all API_ variables']],
        },
        envsFlags,
        (given, name) => ({
          kind: 'get-envs',
          pattern: patternOf(given, name),
          tracked: !given.has('untracked'),
        }),
      ),
    },
  };
}

function patternOf(given: ParsedFlags<typeof envsFlags>, command: string): EnvPattern {
  const prefix = given.value('prefix');
  if (prefix === undefined) return { glob: one(given.rest, 'a pattern or --prefix', command) };
  const [argument] = given.rest;
  if (argument !== undefined) {
    throw new UsageError({ kind: 'unexpected-argument', argument, command });
  }
  return { prefix };
}

function one(rest: readonly string[], argument: string, command: string): string {
  const value = optional(rest, command);
  if (value === undefined || value === '') {
    throw new UsageError({ kind: 'missing-argument', argument, command });
  }
  return value;
}

function optional(rest: readonly string[], command: string): string | undefined {
  const [value, unexpected] = rest;
  if (unexpected !== undefined) {
    throw new UsageError({ kind: 'unexpected-argument', argument: unexpected, command });
  }
  return value;
}
