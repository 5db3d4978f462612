import { Pen, PEN_RESET } from './pen.js';

/** Cells of an unfinished line beyond which it is given out as it stands, to bound memory. */
const LONGEST_LINE = 1 << 16;

/** Runs of bytes that simply print, as a latin1 string: one character is one byte. */
const PRINTABLE = /[\t\x20-\x7e\x80-\xff]+/y;

/** A UTF-8 character: a lead byte with its continuation bytes, or continuation bytes cut off from theirs. */
const CHARACTERS = /[\x80-\xbf]+|[^\x80-\xbf][\x80-\xbf]*/g;

type State =
  | 'ground'
  | 'escape' // after ESC
  | 'intermediate' // ESC, then bytes 0x20-0x2f
  | 'control' // ESC [ : parameters and a final byte
  | 'string'; // ESC ] P X ^ _ : up to BEL or ESC \

/**
 * Turns what a program wrote to a terminal into what a log should hold: control sequences and
 * `\r\n` are taken off, and each line is given out in the state it had when it was finished. Colours
 * are taken off too, or each line gets its own and leaves none to the next.
 *
 * Why the final state: a progress line is rewritten dozens of times by `\r`, erasing and moving
 * within the line. Keeping every version reads as noise, and dropping `\r` alone glues the versions
 * together; the last one is what a person at the terminal was left with. Moves to other lines are
 * dropped without effect, so nothing that scrolled by is ever lost.
 *
 * Works on bytes and in any split of the input: characters and sequences may be cut anywhere, and
 * bytes that are not UTF-8 come out as they went in.
 */
export class TerminalText {
  /** Undefined: colours are taken off. */
  readonly #pen: Pen | undefined;
  /** By cell, the sequence of the pen that wrote it. */
  #pens: string[] = [];
  #state: State = 'ground';
  #parameters = '';
  /** The line while it was only ever appended to. */
  #line = '';
  /** The line as characters once the cursor moved within it; `#line` is empty then. */
  #cells: string[] | undefined;
  #column = 0;
  /** A `\r` was seen and nothing after it yet: usually the first half of `\r\n`. */
  #returned = false;

  constructor({ colors = false }: { readonly colors?: boolean } = {}) {
    this.#pen = colors ? new Pen() : undefined;
  }

  /** Gives out the lines finished by these bytes. */
  push(bytes: Uint8Array): Buffer {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const finished: string[] = [];
    let at = 0;
    while (at < text.length) {
      if (this.#state === 'ground') {
        PRINTABLE.lastIndex = at;
        const run = PRINTABLE.exec(text)?.[0];
        if (run !== undefined) {
          this.#print(run, finished);
          at += run.length;
          continue;
        }
      }
      this.#take(text[at] ?? '', finished);
      at++;
    }
    return Buffer.from(finished.join(''), 'latin1');
  }

  /** Gives out the unfinished last line. The object can be used anew afterwards. */
  end(): Buffer {
    const rest = this.#currentLine();
    this.#startLine();
    this.#state = 'ground';
    return Buffer.from(rest, 'latin1');
  }

  #take(char: string, finished: string[]): void {
    if (char === '\n') {
      // Also inside a control string: an unterminated title must not swallow the rest of the log.
      this.#state = this.#state === 'string' ? 'ground' : this.#state;
      this.#finishLine(finished);
    } else if (char === '\x1b') {
      this.#state = 'escape';
      this.#parameters = '';
    } else if (char === '\x18' || char === '\x1a') {
      this.#state = 'ground';
    } else if (this.#state === 'ground') {
      this.#control(char);
    } else {
      this.#sequence(char, finished);
    }
  }

  #sequence(char: string, finished: string[]): void {
    if (this.#state === 'string') {
      if (char === '\x07') this.#state = 'ground';
    } else if (char < ' ') {
      this.#control(char); // terminals act on control characters inside a sequence
    } else if (char > '\x7e') {
      this.#state = 'ground';
      if (char !== '\x7f') this.#print(char, finished);
    } else if (this.#state === 'control') {
      if (char < '@') {
        if (this.#parameters.length < 64) this.#parameters += char;
      } else {
        this.#state = 'ground';
        this.#edit(char);
      }
    } else if (this.#state === 'escape' && char === '[') {
      this.#state = 'control';
    } else if (this.#state === 'escape' && ']PX^_'.includes(char)) {
      this.#state = 'string';
    } else {
      this.#state = char < '0' ? 'intermediate' : 'ground';
    }
  }

  #control(char: string): void {
    if (char === '\r') {
      this.#returned = true;
    } else if (char === '\b') {
      this.#moveTo(this.#position() - 1);
    }
  }

  /** Control sequences that change the current line; all others only colour or move elsewhere. */
  #edit(final: string): void {
    const count = Math.min(Number.parseInt(this.#parameters, 10) || 0, LONGEST_LINE);
    switch (final) {
      case 'G':
      case '`':
        this.#moveTo(Math.max(count, 1) - 1);
        break;
      case 'C':
        this.#moveTo(this.#position() + Math.max(count, 1));
        break;
      case 'D':
        this.#moveTo(this.#position() - Math.max(count, 1));
        break;
      case 'J':
      case 'K':
        this.#erase(count);
        break;
      case 'm':
        // Not what only begins alike (`ESC [ > 4 m`), nor one that was too long to be kept.
        if (/^[0-9:;]{0,63}$/.test(this.#parameters)) this.#pen?.apply(this.#parameters);
        break;
    }
  }

  #erase(part: number): void {
    const column = this.#position();
    const cells = this.#editable();
    if (part === 0) {
      cells.length = Math.min(cells.length, column);
    } else if (part === 1) {
      cells.fill(' ', 0, column + 1);
      this.#pens.fill('', 0, column + 1);
    } else {
      cells.length = 0;
    }
    this.#pens.length = Math.min(this.#pens.length, cells.length);
    this.#column = column;
  }

  #position(): number {
    if (this.#returned) return 0;
    return this.#cells === undefined ? (this.#line.match(CHARACTERS)?.length ?? 0) : this.#column;
  }

  #moveTo(column: number): void {
    this.#editable();
    this.#column = Math.min(Math.max(column, 0), LONGEST_LINE);
  }

  #editable(): string[] {
    this.#returned = false;
    if (this.#cells === undefined) {
      this.#cells = this.#line.match(CHARACTERS) ?? [];
      this.#column = this.#cells.length;
      this.#line = '';
    }
    return this.#cells;
  }

  #print(run: string, finished: string[]): void {
    if (this.#returned) this.#moveTo(0);
    if (this.#pen !== undefined && this.#pen.sequence !== '') this.#editable();
    if (this.#cells === undefined) {
      this.#line += run;
    } else {
      for (const character of run.match(CHARACTERS) ?? []) this.#put(this.#cells, character);
    }
    if ((this.#cells ?? this.#line).length > LONGEST_LINE) {
      finished.push(this.#currentLine());
      this.#startLine();
    }
  }

  #put(cells: string[], character: string): void {
    if (character >= '\x80' && character < '\xc0' && this.#column > 0) {
      cells[this.#column - 1] += character; // the rest of a character cut by a chunk boundary
      return;
    }
    while (cells.length < this.#column) cells.push(' ');
    cells[this.#column] = character;
    if (this.#pen !== undefined) {
      while (this.#pens.length < this.#column) this.#pens.push('');
      this.#pens[this.#column] = this.#pen.sequence;
    }
    this.#column++;
  }

  #finishLine(finished: string[]): void {
    finished.push(this.#currentLine(), '\n');
    this.#startLine();
  }

  #currentLine(): string {
    if (this.#cells === undefined) return this.#line;
    return this.#pens.length === 0 ? this.#cells.join('') : colored(this.#cells, this.#pens);
  }

  #startLine(): void {
    this.#line = '';
    this.#cells = undefined;
    this.#pens = [];
    this.#column = 0;
    this.#returned = false;
  }
}

/** A line that begins and ends without colours. */
function colored(cells: readonly string[], pens: readonly string[]): string {
  let line = '';
  let current = '';
  cells.forEach((cell, column) => {
    const pen = pens[column] ?? '';
    if (pen !== current) line += (current === '' ? '' : PEN_RESET) + pen;
    current = pen;
    line += cell;
  });
  return current === '' ? line : line + PEN_RESET;
}
