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
    const edits = editsBetween(name, candidate);
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

function editsBetween(name: string, candidate: string): number {
  if (fold(candidate) === fold(name)) return 0;
  // The commonest slip, letters in the wrong order, counts as two edits otherwise.
  return sorted(candidate) === sorted(name) ? 1 : distance(name, candidate);
}

function sorted(name: string): string {
  return [...name].sort().join('');
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_:.]/g, '');
}
