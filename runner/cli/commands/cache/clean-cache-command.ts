import { removeLastDetails } from '../../last-details.js';
import { leafCommand } from '../../command.js';
import type { CommandHelp, LeafCommand } from '../../command.js';
import { parseFlags } from '../../flags/parse-flags.js';
import type { CommandContext, Exit } from '../../services.js';
import { cacheFlags, directoryOf, expectNoArguments, print } from './workspace-cache.js';

const help: CommandHelp = {
  name: 'vt cache clean',
  description: 'forget every stored result of this workspace',
  usage: '[--json]',
  about: [
    'Removes the cache of the workspace this directory belongs to: it lies in\nnode_modules/.cache/vt, in .vt/cache where there is no package.json, or where\nVT_CACHE_DIR says. Linked git worktrees share one.',
  ],
  examples: [],
  flags: cacheFlags,
};

/** `vt cache clean`. */
export function cleanCacheCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, clean);
}

async function clean(argv: readonly string[], { io, services }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags: cacheFlags, endAtArgument: false });
  expectNoArguments(given.rest, command);
  const directory = directoryOf(io);
  removeLastDetails(directory);
  const outcome = await services.cleanCache(directory);
  if (outcome.kind === 'failed') {
    io.stderr.write(`vt: cannot clean ${directory}: ${outcome.path}: ${outcome.detail}\n`);
    return { kind: 'code', code: 1 };
  }
  const text =
    outcome.stores === 0
      ? `vt: nothing was stored in ${directory}\n`
      : `vt: removed what was stored in ${directory}\n`;
  return print(io, given.has('json'), directory, text, () => ({ removedStores: outcome.stores }));
}
