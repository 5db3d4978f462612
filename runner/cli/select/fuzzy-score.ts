/** Points of a character of the query, by where it is found. */
const FOUND = 1;
/** At the start of the name, or of a word in it: `tc` means `type-check`. */
const STARTS_WORD = 3;
/** At the start of the name itself. */
const STARTS_NAME = 5;
/** Right behind the one before. */
const CONTINUES = 4;

/**
 * How well the characters of a query, in order, are found in a name: the sum of the best way to find them, with
 * a little taken off for what else is in the name; 0 when they are not all there. Case does not count.
 * Costs a step for each pair of characters.
 */
export function fuzzyScore(query: string, name: string): number {
  const wanted = [...query.toLowerCase()];
  const letters = [...name];
  const lower = letters.map((letter) => letter.toLowerCase());
  if (wanted.length === 0 || wanted.length > letters.length) return 0;
  /** By letter: the best sum of the query so far with its last character found there; 0 if it is not. */
  let ending: number[] = [];
  wanted.forEach((character, position) => {
    let best = position === 0 ? 0.5 : 0;
    ending = letters.map((letter, at) => {
      const before = ending[at - 1] ?? 0;
      const sum = best;
      best = Math.max(best, ending[at] ?? 0);
      if (lower[at] !== character || (sum === 0 && before === 0)) return 0;
      const word = pointsAt(letters[at - 1], letter);
      return Math.max(sum === 0 ? 0 : sum + word, before === 0 ? 0 : before + CONTINUES);
    });
  });
  const score = ending.reduce((most, some) => Math.max(most, some), 0);
  return score === 0 ? 0 : score - letters.length / 1000;
}

function pointsAt(before: string | undefined, letter: string): number {
  if (before === undefined) return STARTS_NAME;
  const isHump = /\p{Ll}/u.test(before) && /\p{Lu}/u.test(letter);
  return isHump || /[^\p{L}\p{N}]/u.test(before) ? STARTS_WORD : FOUND;
}
