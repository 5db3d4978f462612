import path from 'node:path';

/**
 * Where runner/repeat/native/places.c looks for the cache of an invocation. A cache elsewhere, as that of the main
 * worktree of a linked one, or with `vt exec --cwd`, is not found there.
 */
export function placesFor(cwd: string, chosen: string | undefined): readonly string[] {
  if (chosen?.startsWith('/') === true) return [chosen];
  const places: string[] = [];
  for (let at = cwd; ; at = path.dirname(at)) {
    const above = at === '/' ? '' : at;
    if (chosen !== undefined && chosen !== '') places.push(`${above}/${chosen}`);
    else places.push(`${above}/node_modules/.cache/vt`, `${above}/.vt/cache`);
    if (above === '') return places;
  }
}
