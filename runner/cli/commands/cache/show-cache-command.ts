import type { FoundEntry } from '../../../../cache/manage/manager.js';
import { nearestName } from '../../../config/nearest-name.js';
import { detailsJson } from '../../../report/cache/cache-json.js';
import { entryText } from '../../../report/cache/cache-text.js';
import { leafCommand } from '../../command.js';
import type { CommandHelp, LeafCommand } from '../../command.js';
import { parseFlags, UsageError } from '../../flags/parse-flags.js';
import type { CommandContext, Exit } from '../../services.js';
import { cacheFlags, expectNoArguments, print, withManager } from './workspace-cache.js';

const help: CommandHelp = {
  name: 'vt cache show',
  description: 'show all that is known of a stored result',
  usage: '[--json] <entry>',
  about: [
    'What its key is made of, what it depends on with who looked at it, what it\nrestores with who wrote it, and its processes. An entry is named by the beginning\nof its name as `vt cache ls` shows it, as long as only one begins so.',
  ],
  examples: [['vt cache show 3fa2c1', 'the one result whose name begins with that']],
  flags: cacheFlags,
};

/** `vt cache show`. */
export function showCacheCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, show);
}

async function show(argv: readonly string[], { io }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags: cacheFlags, endAtArgument: false });
  const [prefix, ...others] = given.rest;
  if (prefix === undefined || prefix === '') {
    throw new UsageError({ kind: 'missing-argument', argument: 'the name of an entry', command });
  }
  expectNoArguments(others, command);
  return withManager(io, async (manager, directory) => {
    const found = (await manager?.find(prefix)) ?? { kind: 'unknown', entries: [] };
    if (found.kind !== 'found') throw notFound(prefix, found);
    return print(io, given.has('json'), directory, entryText(found.entry, Date.now()), () =>
      detailsJson(found.entry),
    );
  });
}

function notFound(entry: string, found: Exclude<FoundEntry, { kind: 'found' }>): UsageError {
  switch (found.kind) {
    case 'ambiguous':
      return new UsageError({
        kind: 'ambiguous-entry',
        entry,
        matches: found.entries.map(({ name, task }) => ({ name, task })),
      });
    case 'damaged':
      return new UsageError({ kind: 'damaged-entry', entry: found.name, detail: found.detail });
    case 'unknown': {
      const { entries } = found;
      const ofTask = entries.find(
        ({ task }) => task === entry || task?.endsWith(`#${entry}`) === true,
      );
      const beginnings = entries.map(({ name }) => name.slice(0, entry.length));
      const nearest = ofTask?.name ?? nearestName(entry, beginnings);
      return new UsageError({ kind: 'unknown-entry', entry, nearest, ofTask: ofTask?.task });
    }
  }
}
