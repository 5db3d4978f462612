/** Control sequences, strings, and characters. */
// eslint-disable-next-line no-control-regex
const PIECES = /\x1b\[[0-9;?]*[@-~]|\x1b\][^\x07]*\x07|[^]/gu;

// eslint-disable-next-line no-control-regex
const CUT_OFF = /\x1b(?:\[[0-9;?]*|\][^\x07]*)?$/;

/**
 * For tests: as much of a terminal as tells whether output is where it should be. Any number of lines;
 * those that have scrolled by are kept.
 */
export class TerminalRig {
  /** Cells, each a character. */
  readonly #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** The beginning of a sequence. */
  #cut = '';

  constructor(readonly columns: number) {}

  write(text: string): void {
    const all = this.#cut + text;
    this.#cut = CUT_OFF.exec(all)?.[0] ?? '';
    const whole = all.slice(0, all.length - this.#cut.length);
    for (const [piece] of whole.matchAll(PIECES)) this.#take(piece);
  }

  /** What a person sees, without spaces at the ends of lines. */
  get lines(): readonly string[] {
    return this.#rows.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  /** Where the next character goes. */
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  #take(piece: string): void {
    if (piece === '\n') this.#down();
    else if (piece === '\r') this.#column = 0;
    else if (piece.startsWith('\x1b[')) this.#control(piece.at(-1) ?? '', piece.slice(2, -1));
    else if (piece >= ' ') this.#print(piece); // strings begin with ESC, which is less
  }

  #print(character: string): void {
    if (this.#column >= this.columns) this.#down();
    this.#current[this.#column++] = character;
  }

  /** As with the terminal driver's ONLCR. */
  #down(): void {
    this.#column = 0;
    if (++this.#row === this.#rows.length) this.#rows.push([]);
  }

  #control(final: string, parameters: string): void {
    const count = Number(parameters) || 1;
    switch (final) {
      case 'A':
        this.#row = Math.max(0, this.#row - count);
        break;
      case 'G':
        this.#column = Math.min(count, this.columns) - 1;
        break;
      case 'C':
        this.#column = Math.min(this.#column + count, this.columns - 1);
        break;
      case 'K':
        if (parameters === '2') this.#current.length = 0;
        else this.#current.length = Math.min(this.#current.length, this.#column);
        break;
      case 'J':
        this.#current.length = Math.min(this.#current.length, this.#column);
        this.#rows.length = this.#row + 1;
        break;
    }
  }

  get #current(): string[] {
    return (this.#rows[this.#row] ??= []);
  }
}
