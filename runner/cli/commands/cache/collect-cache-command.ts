import type { Collection } from '../../../../cache/collect-garbage.js';
import { collectionJson } from '../../../report/cache/cache-json.js';
import { collectionText } from '../../../report/cache/cache-text.js';
import type { BadLimit } from '../../../workspace/cache-limits.js';
import { limitsOf, parseLimit } from '../../../workspace/cache-limits.js';
import { leafCommand } from '../../command.js';
import type { CommandHelp, LeafCommand } from '../../command.js';
import { parseFlags, UsageError } from '../../flags/parse-flags.js';
import type { FlagDefinitions } from '../../flags/flag-definition.js';
import { reportProblems } from '../../report-problems.js';
import type { CommandContext, Exit } from '../../services.js';
import { cacheFlags, expectNoArguments, print, withManager } from './workspace-cache.js';

const flags = {
  'max-size': {
    type: 'string',
    valueHint: 'size',
    description: 'How much to keep, such as 2GiB; default: VT_CACHE_MAX_SIZE, else 10GiB',
  },
  'max-age': {
    type: 'string',
    valueHint: 'time',
    description:
      'How long unused results are kept, such as 12h or 30d; default:\nVT_CACHE_MAX_AGE, else 30d',
  },
  ...cacheFlags,
} as const satisfies FlagDefinitions;

const help: CommandHelp = {
  name: 'vt cache gc',
  description: 'remove what exceeds the limits, and what nothing needs any more',
  usage: '[--max-size <size>] [--max-age <time>] [--json]',
  about: [
    'Results that were not used for too long go, then the least recently used until the\nrest is small enough. The same happens by itself after runs, at most once a day\nunless the cache has grown too large. Other processes may use the cache meanwhile.',
  ],
  examples: [
    ['vt cache gc --max-size 2GiB', 'before CI uploads the cache'],
    ['vt cache gc --max-size 0', 'remove every result'],
  ],
  flags,
};

const nothing: Collection = {
  evicted: { age: 0, size: 0, damage: 0 },
  ...{ removedBlobs: 0, freedBytes: 0, removedStores: 0, remainingEntries: 0, remainingBytes: 0 },
};

/** `vt cache gc`. */
export function collectCacheCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, collect);
}

async function collect(argv: readonly string[], { io }: CommandContext): Promise<Exit> {
  const command = help.name;
  const given = parseFlags(argv, { command, flags, endAtArgument: false });
  expectNoArguments(given.rest, command);
  const limit = (flag: 'max-size' | 'max-age', measures: BadLimit['measures']) => {
    const value = given.value(flag);
    if (value === undefined) return undefined;
    const parsed = parseLimit(value, measures);
    if (parsed !== undefined) return parsed;
    throw new UsageError({ kind: 'bad-limit', source: `--${flag}`, value, measures });
  };
  const { limits, problems } = limitsOf(io.env);
  const maxBytes = limit('max-size', 'size') ?? limits.maxBytes;
  const maxAge = limit('max-age', 'time') ?? limits.maxAge;
  reportProblems(problems, io);
  return withManager(io, async (manager, directory) => {
    const collection = (await manager?.collect({ maxBytes, maxAge })) ?? nothing;
    return print(io, given.has('json'), directory, collectionText(collection), () =>
      collectionJson(collection),
    );
  });
}
