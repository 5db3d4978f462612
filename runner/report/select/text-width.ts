/** Letters that take two columns of a terminal, as far as names and commands are likely to hold them. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** Those that take none: they are drawn over the one before. */
const EMPTY = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

/** Columns that a text without control sequences takes on a terminal. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  return [...text].reduce(
    (sum, letter) => sum + (EMPTY.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1),
    0,
  );
}
