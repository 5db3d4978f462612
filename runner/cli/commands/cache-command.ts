import { cacheDirectory } from '../../workspace/cache-directory.js';
import { locate } from '../../workspace/find-workspace.js';
import { removeLastDetails } from '../last-details.js';
import { leafCommand } from '../command.js';
import type { CommandGroup } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import type { CommandContext, Exit } from '../services.js';

const cleanHelp = {
  name: 'vt cache clean',
  description: 'forget every stored result of this workspace',
  usage: '',
  about: [
    'Removes the cache of the workspace this directory belongs to: it lies in\nnode_modules/.cache/vt, in .vt/cache where there is no package.json, or where\nVT_CACHE_DIR says. Linked git worktrees share one.',
  ],
  examples: [],
  flags: helpFlag,
} as const;

/** `vt cache`. */
export function cacheCommand(context: CommandContext): CommandGroup {
  return {
    help: {
      name: 'vt cache',
      description: 'look after stored results',
      usage: '<command>',
      about: [],
      examples: [],
      flags: helpFlag,
    },
    commands: {
      clean: {
        description: cleanHelp.description,
        load: () => Promise.resolve(leafCommand(cleanHelp, context, clean)),
      },
    },
  };
}

function clean(argv: readonly string[], { io, services }: CommandContext): Exit {
  const command = cleanHelp.name;
  const given = parseFlags(argv, { command, flags: helpFlag, endAtArgument: false });
  const [argument] = given.rest;
  if (argument !== undefined) {
    throw new UsageError({ kind: 'unexpected-argument', argument, command });
  }
  const { workspace } = locate(io.cwd, []);
  const directory = cacheDirectory(workspace.root, io.env.VT_CACHE_DIR);
  removeLastDetails(directory);
  const outcome = services.cleanCache(directory);
  if (outcome.kind === 'failed') {
    io.stderr.write(`vt: cannot clean ${directory}: ${outcome.path}: ${outcome.detail}\n`);
    return { kind: 'code', code: 1 };
  }
  io.stdout.write(
    outcome.stores === 0
      ? `vt: nothing was stored in ${directory}\n`
      : `vt: removed what was stored in ${directory}\n`,
  );
  return { kind: 'code', code: 0 };
}
