import { existsSync } from 'node:fs';
import { leafCommand } from '../../command.js';
import type { CommandHelp, LeafCommand } from '../../command.js';
import { parseFlags } from '../../flags/parse-flags.js';
import type { CommandContext, Exit } from '../../services.js';
import { cacheFlags, directoryOf, expectNoArguments, print } from './workspace-cache.js';

const help: CommandHelp = {
  name: 'vt cache path',
  description: 'print where results of this workspace are stored',
  usage: '[--json]',
  about: ['The directory need not exist. It may be removed, or kept between CI runs.'],
  examples: [['du -sh "$(vt cache path)"', 'how much room it takes']],
  flags: cacheFlags,
};

/** `vt cache path`. */
export function pathCacheCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, path);
}

function path(argv: readonly string[], { io }: CommandContext): Exit {
  const command = help.name;
  const given = parseFlags(argv, { command, flags: cacheFlags, endAtArgument: false });
  expectNoArguments(given.rest, command);
  const directory = directoryOf(io);
  return print(io, given.has('json'), directory, `${directory}\n`, () => ({
    exists: existsSync(directory),
  }));
}
