import { distance } from 'fastest-levenshtein';

/**
 * The known name a misspelt one most likely means: differing in case or separators only, or within
 * a third of its length (at least 1, at most 3 edits). `undefined` when nothing is near.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const allowed = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
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
