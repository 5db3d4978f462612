import { statisticsJson } from '../../../report/cache/cache-json.js';
import { statisticsText } from '../../../report/cache/cache-text.js';
import { limitsOf } from '../../../workspace/cache-limits.js';
import { leafCommand } from '../../command.js';
import type { CommandHelp, LeafCommand } from '../../command.js';
import { parseFlags } from '../../flags/parse-flags.js';
import { reportProblems } from '../../report-problems.js';
import type { CommandContext, Exit } from '../../services.js';
import { cacheFlags, expectNoArguments, print, withManager } from './workspace-cache.js';

const help: CommandHelp = {
  name: 'vt cache stats',
  description: 'say how much is stored, and what the limits are',
  usage: '[--json]',
  about: [],
  examples: [],
  flags: cacheFlags,
};

const nothing = {
  ...{ entries: 0, tasks: 0, hits: 0, files: 0, bytes: 0, indexBytes: 0 },
  oldestUse: undefined,
};

/** `vt cache stats`. */
export function statsCacheCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, stats);
}

async function stats(argv: readonly string[], { io }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags: cacheFlags, endAtArgument: false });
  expectNoArguments(given.rest, command);
  const { limits, problems } = limitsOf(io.env);
  reportProblems(problems, io);
  return withManager(io, async (manager, directory) => {
    const now = Date.now();
    const figures = (await manager?.statistics()) ?? { ...nothing, lastCollection: now };
    const text = statisticsText(directory, figures, limits, now);
    return print(io, given.has('json'), directory, text, () => statisticsJson(figures, limits));
  });
}
