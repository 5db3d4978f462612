import type { CacheLimits } from '../../../cache/cache-limits.js';
import type { Collection } from '../../../cache/collect-garbage.js';
import type { EntryDetails, EntrySummary, Statistics } from '../../../cache/manage/manager.js';
import { resultJson } from '../explain/explanation-json.js';
import type { Json } from '../explain/explanation-json.js';

/** Grows by fields only; another number if one changes its meaning. See docs/cache.md. */
const VERSION = 1;

/** What every `vt cache … --json` prints, with what is its own. */
export function cacheJson(directory: string, fields: { readonly [name: string]: Json }): Json {
  return { version: VERSION, directory, ...fields };
}

export function statisticsJson(statistics: Statistics, limits: CacheLimits) {
  const { oldestUse, lastCollection, ...figures } = statistics;
  return {
    ...figures,
    oldestUse: oldestUse === undefined ? null : timeJson(oldestUse),
    lastCollection: timeJson(lastCollection),
    limits: { bytes: limitJson(limits.maxBytes), milliseconds: limitJson(limits.maxAge) },
  };
}

export function summaryJson({ name, task, bytes, stored, used, hits, duration }: EntrySummary) {
  return {
    name,
    task: task ?? null,
    bytes,
    stored: timeJson(stored),
    used: timeJson(used),
    hits,
    milliseconds: duration ?? null,
  };
}

export function detailsJson({ summary, result, printed }: EntryDetails) {
  const { key, processes } = result;
  return {
    entry: {
      ...summaryJson(summary),
      ...(resultJson(result, undefined) as { readonly [name: string]: Json }),
      key: {
        program: key.program,
        args: key.args,
        cwd: key.cwd,
        env: key.env.map(({ name, valueDigest }) => ({ name, valueDigest })),
        untrackedEnv: key.untrackedEnv,
        input: JSON.parse(key.inputConfig) as Json,
        output: JSON.parse(key.outputConfig) as Json,
        capture: key.capture,
      },
      printed: printed === undefined ? null : { ...printed },
      processes: processes.map(({ pid, parent, exe, argv }) => ({
        pid,
        parent: parent < 0 ? null : parent,
        exe,
        argv,
      })),
    },
  };
}

export function collectionJson(collection: Collection) {
  const { evicted, removedBlobs, freedBytes, removedStores } = collection;
  return {
    removedEntries: { ...evicted },
    removedFiles: removedBlobs,
    freedBytes,
    removedStores,
    entries: collection.remainingEntries,
    bytes: collection.remainingBytes,
  };
}

function timeJson(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function limitJson(limit: number): number | null {
  return limit === Infinity ? null : limit;
}
