import type { CommandGroup } from './command.js';
import { helpFlag } from './flags/flag-definition.js';
import type { CommandContext } from './services.js';

/** `vt` itself. */
export function rootCommand(context: CommandContext): CommandGroup {
  return {
    help: {
      name: 'vt',
      description: 'runs commands and remembers what they did',
      usage: '<command> [args…]',
      about: [
        'A result is kept only when everything it depends on is known: the files a command\nreads are observed, and tools can tell the runner more while they run. When nothing\nof it has changed, the output is replayed and the files are put back.',
      ],
      examples: [
        ['vt run build', 'a task of vite-task.json or a script of package.json'],
        ['vt exec -- make docs', 'any command, in any directory, no configuration'],
        ['vt why build', 'what decided the last time, and what would now'],
      ],
      flags: {
        ...helpFlag,
        version: { type: 'boolean', alias: 'V', description: 'Show the version' },
      },
    },
    commands: {
      run: {
        description: 'run a task of vite-task.json, or a script of package.json',
        load: async () => (await import('./commands/run-command.js')).runCommand(context),
      },
      exec: {
        description: 'run one command, or replay what it did the last time',
        load: async () => (await import('./commands/exec-command.js')).execCommand(context),
      },
      init: {
        description: 'write a first vite-task.json',
        load: async () => (await import('./commands/init-command.js')).initCommand(context),
      },
      cache: {
        description: 'look after stored results',
        load: async () => (await import('./commands/cache-command.js')).cacheCommand(context),
      },
      why: {
        description: 'say what decides about a task, or what depends on a file or variable',
        load: async () => (await import('./commands/why-command.js')).whyCommand(context),
      },
      completion: {
        description: 'print what makes a shell complete commands of vt',
        load: async () =>
          (await import('./commands/completion-command.js')).completionCommand(context),
      },
      complete: {
        description: 'what the scripts of `vt completion` ask',
        isInternal: true,
        load: async () =>
          (await import('./commands/complete-command.js')).completeCommand(context, () =>
            rootCommand(context),
          ),
      },
      report: {
        description: 'tell the runner something, from a script that is part of a task',
        load: async () => (await import('./commands/report-command.js')).reportCommand(context),
      },
      conformance: {
        description: 'put a client of the channel to the test',
        load: async () =>
          (await import('./commands/conformance-command.js')).conformanceCommand(context),
      },
    },
  };
}
