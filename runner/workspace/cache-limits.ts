import { DEFAULT_LIMITS } from '../../cache/cache-limits.js';
import type { CacheLimits } from '../../cache/cache-limits.js';

/** A limit that cannot be read. */
export interface BadLimit {
  readonly kind: 'bad-limit';
  /** The variable or flag that gave it. */
  readonly source: string;
  readonly value: string;
  readonly measures: 'size' | 'time';
}

/** What the environment says about the limits; the default where it says nothing that can be read. */
export function limitsOf(env: Readonly<Record<string, string | undefined>>): {
  readonly limits: CacheLimits;
  readonly problems: readonly BadLimit[];
} {
  const problems: BadLimit[] = [];
  const read = (source: string, measures: BadLimit['measures'], otherwise: number): number => {
    const value = env[source];
    if (value === undefined || value === '') return otherwise;
    const limit = parseLimit(value, measures);
    if (limit === undefined) problems.push({ kind: 'bad-limit', source, value, measures });
    return limit ?? otherwise;
  };
  const limits = {
    maxBytes: read('VT_CACHE_MAX_SIZE', 'size', DEFAULT_LIMITS.maxBytes),
    maxAge: read('VT_CACHE_MAX_AGE', 'time', DEFAULT_LIMITS.maxAge),
  };
  return { limits, problems };
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const times: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', MINUTE],
  ['h', 60 * MINUTE],
  ['d', DAY],
  ['w', 7 * DAY],
]);

/**
 * `2GiB`, `500MB`, `1.5G` in bytes, `30d`, `12h` in milliseconds; `none` is Infinity. Undefined for
 * anything else. Letters may be in upper or lower case.
 */
export function parseLimit(text: string, measures: BadLimit['measures']): number | undefined {
  if (text.toLowerCase() === 'none') return Infinity;
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const factor = measures === 'time' ? times.get(unit.toLowerCase()) : bytesIn(unit.toLowerCase());
  return factor === undefined ? undefined : Math.floor(Number(digits) * factor);
}

/** `k` and `kib` are 1024, `kb` is 1000. */
function bytesIn(unit: string): number | undefined {
  if (unit === '' || unit === 'b') return 1;
  const [, prefix, rest] = /^([kmgt])(i?b)?$/.exec(unit) ?? [];
  if (prefix === undefined) return undefined;
  return (rest === 'b' ? 1000 : 1024) ** ('kmgt'.indexOf(prefix) + 1);
}
