import type { CacheWarning } from '../../cache/cache.js';

/** What is wrong with the cache itself, on one line. */
export function cacheWarningText(warning: CacheWarning): string {
  const detail = warning.detail === '' ? '' : ` (${warning.detail})`;
  switch (warning.kind) {
    case 'cache-reset':
      return `the cache in ${warning.directory} was damaged and has been emptied${detail}`;
    case 'cache-unusable':
      return `the cache in ${warning.directory} cannot be used, so nothing is kept${detail}`;
  }
}
