import { Pen } from '../../execute/process/pen.js';

const ESCAPE = 0x1b;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BELL = 0x07;

/** Begins a sequence, moves to another line or chooses other characters: ESC, VT, FF, SO. */
const STEERING = [ESCAPE, 0x0b, 0x0c, 0x0e];

/** Longest parameters, or string, that are looked at. */
const MOST_KEPT = 256;

/** Control sequences that leave the cursor in its line: colours, and edits of the line. */
const WITHIN_LINE = new Set('mKPX@');

/** Modes that change nothing about where and how text is written: the cursor's look, pasting, mouse. */
const HARMLESS_MODES =
  /^\?(?:12|25|1004|2004|2026|100[0-36])(?:;(?:12|25|1004|2004|2026|100[0-36]))*$/;

/**
 * Follows what is written to a terminal, just enough to know when a line of one's own may stand there and
 * be taken away again, as if it had never been.
 */
export class CursorWatch {
  readonly #pen = new Pen();
  #state: 'ground' | 'escape' | 'control' | 'string' | 'string-escape' = 'ground';
  #kept = '';
  /** Nothing stands in the line that the cursor is in, as far as the writers have kept to lines. */
  #isFresh = true;
  /** The cursor may be anywhere, or text not be written as usual. */
  #isLost = false;
  #isInLink = false;

  /** Whether the cursor is at the beginning of an empty line below all that was written. */
  get isFree(): boolean {
    const { sequence } = this.#pen;
    return (
      this.#isFresh &&
      !this.#isLost &&
      !this.#isInLink &&
      sequence === '' &&
      this.#state === 'ground'
    );
  }

  see(bytes: Uint8Array): void {
    const isText = !STEERING.some((byte) => bytes.includes(byte));
    if (this.#state === 'ground' && isText) this.#seeText(bytes);
    else for (const byte of bytes) this.#take(byte);
  }

  /**
   * A program has ended that might do anything. It leaves the screen to whoever comes next, as it would
   * to a shell: in order, but maybe in the middle of a line.
   */
  handBack(): void {
    this.#state = 'ground';
    this.#pen.apply('');
    this.#isLost = this.#isInLink = false;
  }

  /** Something was written that was not seen. */
  miss(): void {
    this.#isFresh = false;
  }

  #seeText(bytes: Uint8Array): void {
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === RETURN) end--;
    if (end > 0) this.#isFresh = bytes[end - 1] === NEWLINE;
  }

  #take(byte: number): void {
    if (byte === ESCAPE) {
      this.#state = this.#state === 'string' ? 'string-escape' : 'escape';
      if (this.#state === 'escape') this.#kept = '';
      return;
    }
    switch (this.#state) {
      case 'ground':
        if (byte === NEWLINE) this.#isFresh = true;
        else if (byte >= 0x20 || byte === 0x09) this.#isFresh = false;
        else if (STEERING.includes(byte)) this.#isLost = true;
        break;
      case 'escape':
        this.#state = 'ground';
        if (byte === 0x5b) this.#state = 'control';
        else if (']PX^_'.includes(String.fromCharCode(byte))) this.#state = 'string';
        else this.#isLost = true;
        break;
      case 'control':
        if (byte < 0x40) {
          this.#keep(byte);
        } else {
          this.#state = 'ground';
          this.#control(String.fromCharCode(byte), this.#kept);
        }
        break;
      case 'string':
        if (byte === BELL) this.#endString();
        else this.#keep(byte);
        break;
      case 'string-escape':
        // ESC \ ends it; anything else is a sequence of its own.
        this.#endString();
        if (byte !== 0x5c) {
          this.#state = 'escape';
          this.#take(byte);
        }
        break;
    }
  }

  #keep(byte: number): void {
    if (this.#kept.length < MOST_KEPT) this.#kept += String.fromCharCode(byte);
    else this.#isLost = true;
  }

  #control(final: string, parameters: string): void {
    if (final === 'm' && /^[0-9:;]*$/.test(parameters)) this.#pen.apply(parameters);
    else if (final === 'G' || final === '`') this.#isFresh &&= /^[01]?$/.test(parameters);
    else if (final === 'C') this.#isFresh = false;
    else if ((final === 'h' || final === 'l') && HARMLESS_MODES.test(parameters)) return;
    else if (final !== 'D' && !WITHIN_LINE.has(final)) this.#isLost = true;
  }

  #endString(): void {
    this.#state = 'ground';
    const link = /^8;[^;]*;(.*)$/s.exec(this.#kept);
    if (link !== null) this.#isInLink = link[1] !== '';
  }
}
