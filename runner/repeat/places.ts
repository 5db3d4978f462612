import path from 'node:path';
import type { AbsolutePath } from '../../cache/brands.js';
import { cacheDirectory } from '../workspace/cache-directory.js';

/**
 * Whether runner/repeat/native/places.c looks for the cache of an invocation there. One that has nothing to do with the
 * working directory, as with `vt exec --cwd`, it does not find.
 */
export function isFoundFrom(cwd: string, chosen: string | undefined, cache: AbsolutePath): boolean {
  if (chosen?.startsWith('/') === true) return cache === chosen;
  for (let at = cwd; ; at = path.dirname(at)) {
    const above = at === '/' ? '' : at;
    const places =
      chosen !== undefined && chosen !== ''
        ? [`${above}/${chosen}`]
        : [
            `${above}/node_modules/.cache/vt`,
            `${above}/.vt/cache`,
            cacheDirectory(at as AbsolutePath, ''),
          ];
    if (places.includes(cache)) return true;
    if (above === '') return false;
  }
}
