import type { CommandGroup, LazyCommand, LeafCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import type { CommandContext } from '../services.js';
import { cleanCacheCommand } from './cache/clean-cache-command.js';
import { collectCacheCommand } from './cache/collect-cache-command.js';
import { listCacheCommand } from './cache/list-cache-command.js';
import { pathCacheCommand } from './cache/path-cache-command.js';
import { showCacheCommand } from './cache/show-cache-command.js';
import { statsCacheCommand } from './cache/stats-cache-command.js';

/** `vt cache`. */
export function cacheCommand(context: CommandContext): CommandGroup {
  const command = (make: (context: CommandContext) => LeafCommand): LazyCommand => {
    const leaf = make(context);
    return { description: leaf.help.description, load: () => Promise.resolve(leaf) };
  };
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
      stats: command(statsCacheCommand),
      ls: command(listCacheCommand),
      show: command(showCacheCommand),
      path: command(pathCacheCommand),
      gc: command(collectCacheCommand),
      clean: command(cleanCacheCommand),
    },
  };
}
