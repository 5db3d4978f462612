import { distance } from 'fastest-levenshtein';

/**
 * The known name a misspelt one most likely means: differing in case or separators only, or by
 * few edits for its length: 1 below 4 characters, 2 below 9, else 3. `undefined` when nothing is near.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const allowed = name.length < 4 ? 1 : name.length < 9 ? 2 : 3;
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of known) {
    const edits = fold(candidate) === fold(name) ? 0 : distance(name, candidate);
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_:.]/g, '');
}
