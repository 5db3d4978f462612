import type { Candidate } from './complete-words.js';

/** A command line up to the cursor, as bash hands it over. */
export interface BashLine {
  /** The words, as the command would get them; the last one is being typed. */
  readonly words: readonly string[];
  /** The last word as it is written. */
  readonly written: string;
  /** The quote that is open in it. */
  readonly quote: '"' | "'" | undefined;
}

/** Splits a line into words as bash does, as far as quotes and backslashes go. */
export function splitBashLine(line: string): BashLine {
  const words: string[] = [];
  let word = '';
  let start = 0;
  let isOpen = false;
  let quote: BashLine['quote'];
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote === undefined && /[ \t\n]/.test(character)) {
      if (isOpen) words.push(word);
      isOpen = false;
      word = '';
      continue;
    }
    if (!isOpen) start = at;
    isOpen = true;
    if (character === '\\' && quote !== "'") {
      word += line[++at] ?? '';
    } else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else word += character;
  }
  return { words: [...words, word], written: isOpen ? line.slice(start) : '', quote };
}

/**
 * What bash is to put in the place of the part of the word that it completes: it takes what follows the last
 * character at which its line editor breaks words (`:` and `=`, say) for the word.
 */
export function bashReplies(
  candidates: readonly Candidate[],
  { words, written, quote }: BashLine,
  breaks: string,
): readonly string[] {
  const word = words.at(-1) ?? '';
  // What is quoted is completed as a whole.
  const isPlain = quote === undefined && word === written;
  const at = isPlain
    ? Math.max(-1, ...[...breaks].map((character) => word.lastIndexOf(character)))
    : -1;
  // Bash breaks words before an `@`, for the sake of names of hosts, and behind all others.
  const cut = word[at] === '@' ? at : at + 1;
  return candidates.map(({ value }) => quoted(value.slice(cut), quote));
}

function quoted(text: string, quote: BashLine['quote']): string {
  if (quote === "'") return text.replaceAll("'", `'\\''`);
  if (quote === '"') return text.replaceAll(/[\\"$`]/g, '\\$&');
  return text.replaceAll(/[^\w@%+=:,./#-]/g, '\\$&');
}
