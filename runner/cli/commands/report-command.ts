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

const labelFlags = {
  label: {
    type: 'string',
    valueHint: 'name',
    description: 'On whose behalf this is said, such as `plugin x`',
  },
  ...helpFlag,
} as const satisfies FlagDefinitions;

const globFlags = {
  exclude: {
    type: 'string',
    multiple: true,
    valueHint: 'glob',
    description: 'Files that are left out; may be repeated',
  },
  ...labelFlags,
} as const satisfies FlagDefinitions;

const completeFlags = {
  input: {
    type: 'string',
    multiple: true,
    valueHint: 'path',
    description: 'What is read, a directory with all below it; may be repeated',
  },
  output: {
    type: 'string',
    multiple: true,
    valueHint: 'path',
    description: 'What is written; may be repeated',
  },
  ...labelFlags,
} as const satisfies FlagDefinitions;

const envFlags = {
  untracked: { type: 'boolean', description: 'The result does not depend on the answer' },
  ...labelFlags,
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
  const command = <F extends typeof labelFlags>(
    help: Omit<CommandHelp, 'flags'>,
    flags: F,
    toRequest: (given: ParsedFlags<F>, name: string) => ReportRequest,
  ): LazyCommand => ({
    description: help.description,
    load: () =>
      Promise.resolve(
        leafCommand({ ...help, flags }, context, async (argv, { io, services }) => {
          const syntax = { command: help.name, flags, endAtArgument: false };
          const given = parseFlags(argv, syntax);
          const label = given.value('label');
          const request = { ...toRequest(given, help.name), ...(label !== undefined && { label }) };
          return { kind: 'code', code: await services.report(request, io) };
        }),
      ),
  });
  const path = (given: ParsedFlags<typeof labelFlags>, name: string): AbsolutePath =>
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
        labelFlags,
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
        labelFlags,
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
        labelFlags,
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
      'depend-on-glob': command(
        {
          name: 'vt report depend-on-glob',
          description: 'print the files that match; which there are counts',
          usage: '[flags] <glob>…',
          about: [
            'Prints the paths, relative to the working directory, one on a line. The result of\nthe task depends on which files match from now on, not on what is in them.',
          ],
          examples: [["vt report depend-on-glob 'src/**/*.ts'", 'all TypeScript below src']],
        },
        globFlags,
        (given, name) => {
          if (given.rest.length === 0) one(given.rest, 'a glob', name);
          return { kind: 'depend-on-glob', include: given.rest, exclude: given.values('exclude') };
        },
      ),
      'depend-on-exists': command(
        {
          name: 'vt report depend-on-exists',
          description: 'whether something is at a path; only that counts',
          usage: '[flags] <path>',
          about: ['Exits with 1 when nothing is there. Its content does not count.'],
          examples: [],
        },
        labelFlags,
        (given, name) => ({ kind: 'depend-on-exists', path: path(given, name) }),
      ),
      'depend-on-json': command(
        {
          name: 'vt report depend-on-json',
          description: 'print a value of a JSON file; only that counts',
          usage: '[flags] <path> <pointer>',
          about: [
            'Prints a string as it is, anything else as JSON; exits with 1, printing nothing,\nwhen there is no such value. The rest of the file does not count.',
          ],
          examples: [
            ['vt report depend-on-json package.json /version', 'pointers are those of RFC 6901'],
          ],
        },
        labelFlags,
        ({ rest: [file = '', ...pointer] }, name) => ({
          kind: 'depend-on-json',
          path: resolvePath(context.io.cwd as AbsolutePath, one([file], 'a path', name)),
          pointer:
            pointer.length === 0 ? one([], 'a pointer', name) : (optional(pointer, name) ?? ''),
        }),
      ),
      'declare-complete': command(
        {
          name: 'vt report declare-complete',
          description: 'all that the calling process reads and writes',
          usage: '[flags]',
          about: [
            'For what vt cannot trace: the process that runs this command, and every one it\nstarts, reads and writes nothing but these.',
          ],
          examples: [],
        },
        completeFlags,
        (given) => {
          const paths = (name: 'input' | 'output') =>
            given.values(name).map((each) => resolvePath(context.io.cwd as AbsolutePath, each));
          return { kind: 'declare-complete', inputs: paths('input'), outputs: paths('output') };
        },
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
