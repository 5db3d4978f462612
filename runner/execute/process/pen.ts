/** What codes set (ECMA-48 and what terminals have added), by the property that they are about. */
const SET: readonly (readonly [from: number, to: number, property: string])[] = [
  [1, 1, 'bold'],
  [2, 2, 'dim'],
  [3, 3, 'italic'],
  [4, 4, 'underline'],
  [5, 6, 'blink'],
  [7, 7, 'inverse'],
  [8, 8, 'hidden'],
  [9, 9, 'struck'],
  [21, 21, 'underline'],
  [30, 38, 'color'],
  [40, 48, 'ground'],
  [53, 53, 'overline'],
  [58, 58, 'line-color'],
  [90, 97, 'color'],
  [100, 107, 'ground'],
];

/** What codes put back. */
const UNSET: ReadonlyMap<number, readonly string[]> = new Map([
  [22, ['bold', 'dim']],
  [23, ['italic']],
  [24, ['underline']],
  [25, ['blink']],
  [27, ['inverse']],
  [28, ['hidden']],
  [29, ['struck']],
  [39, ['color']],
  [49, ['ground']],
  [55, ['overline']],
  [59, ['line-color']],
]);

/** Colours by their number among 256, and by red, green and blue: how many values follow. */
const FOLLOWED_BY: Readonly<Record<string, number>> = { 5: 1, 2: 3 };

/** Puts the pen of a terminal back to what it is at the start. */
export const PEN_RESET = '\x1b[0m';

/** The colours and weights that a stream of SGR sequences has set. */
export class Pen {
  readonly #codes = new Map<string, string>();
  /** The sequence that sets all of it where nothing is set; empty for nothing. */
  sequence = '';

  /** Takes the parameters of one sequence: what stands between `ESC [` and `m`. */
  apply(parameters: string): void {
    const codes = parameters.split(';');
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at] ?? '';
      const number = Number.parseInt(code, 10) || 0;
      const rest = code.includes(':') ? 0 : restOf(number, codes[at + 1]);
      this.#set(number, codes.slice(at, at + 1 + rest).join(';'));
      at += rest;
    }
    const all = [...this.#codes.values()];
    this.sequence = all.length === 0 ? '' : `\x1b[${all.join(';')}m`;
  }

  #set(number: number, code: string): void {
    if (number === 0 || code === '4:0') {
      if (number === 0) this.#codes.clear();
      this.#codes.delete('underline');
      return;
    }
    for (const property of UNSET.get(number) ?? []) this.#codes.delete(property);
    const found = SET.find(([from, to]) => from <= number && number <= to);
    if (found !== undefined) this.#codes.set(found[2], code);
  }
}

/** How many of the codes behind 38, 48 or 58 belong to it. */
function restOf(number: number, next: string | undefined): number {
  const hasValues = number === 38 || number === 48 || number === 58;
  return hasValues && next !== undefined ? 1 + (FOLLOWED_BY[next] ?? 0) : 0;
}
