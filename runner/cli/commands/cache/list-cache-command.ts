import type { EntrySummary } from '../../../../cache/manage/manager.js';
import { nearestName } from '../../../config/nearest-name.js';
import { summaryJson } from '../../../report/cache/cache-json.js';
import { entryListText } from '../../../report/cache/cache-text.js';
import { leafCommand } from '../../command.js';
import type { CommandHelp, LeafCommand } from '../../command.js';
import { parseFlags, UsageError } from '../../flags/parse-flags.js';
import type { CommandContext, Exit } from '../../services.js';
import { cacheFlags, expectNoArguments, print, withManager } from './workspace-cache.js';

const help: CommandHelp = {
  name: 'vt cache ls',
  description: 'list stored results, the most recently used first',
  usage: '[--json] [task]',
  about: [
    'Size is that of the files a result restores, those it shares with others\nincluded; hits, how often it was restored. A task may have many results: one for\neach state of what it depends on.',
  ],
  examples: [['vt cache ls app#build', 'the results of one task']],
  flags: cacheFlags,
};

/** `vt cache ls`. */
export function listCacheCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, list);
}

async function list(argv: readonly string[], { io }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags: cacheFlags, endAtArgument: false });
  const [task, ...others] = given.rest;
  expectNoArguments(others, command);
  return withManager(io, async (manager, directory) => {
    const all = (await manager?.entries()) ?? [];
    const entries = task === undefined ? all : resultsOf(task, all);
    return print(io, given.has('json'), directory, entryListText(entries, Date.now()), () => ({
      entries: entries.map(summaryJson),
    }));
  });
}

/** By the whole name or without the package; throws a UsageError when there is none. */
function resultsOf(task: string, entries: readonly EntrySummary[]): readonly EntrySummary[] {
  const found = entries.filter(
    (entry) => entry.task === task || entry.task?.endsWith(`#${task}`) === true,
  );
  if (found.length > 0) return found;
  const known = [...new Set(entries.flatMap((entry) => entry.task ?? []))];
  throw new UsageError({ kind: 'no-results', task, nearest: nearestName(task, known) });
}
