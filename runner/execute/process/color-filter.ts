/** Longest colour sequence that is taken off; a longer "sequence" is a task's own business. */
const LONGEST = 64;

/** `ESC [ parameters m`, complete. */
// eslint-disable-next-line no-control-regex
const COLOR = /\x1b\[[0-9;:]*m/g;

/** The beginning of one, cut off by the end of a chunk. */
// eslint-disable-next-line no-control-regex
const CUT_OFF = /\x1b(?:\[[0-9;:]*)?$/;

/**
 * Takes colours (SGR sequences) off a byte stream. A task that writes to pipes is asked for colours
 * all the same (FORCE_COLOR), because what is kept may be replayed on a terminal; where it goes to
 * a file or a pipe now, they are in the way. Nothing else is touched: such a task does not take its
 * output for a terminal.
 */
export class ColorFilter {
  #rest = '';

  /** The bytes without colours; the beginning of a sequence waits for the next call. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#rest === '' && !bytes.includes(0x1b)) return bytes;
    const text = this.#rest + Buffer.from(bytes).toString('latin1');
    this.#rest = '';
    const plain = text.replace(COLOR, '');
    const cut = CUT_OFF.exec(plain);
    if (cut === null || cut[0].length > LONGEST) return Buffer.from(plain, 'latin1');
    this.#rest = cut[0];
    return Buffer.from(plain.slice(0, cut.index), 'latin1');
  }

  /** What still waited: no colour after all. */
  end(): Uint8Array {
    const rest = Buffer.from(this.#rest, 'latin1');
    this.#rest = '';
    return rest;
  }
}
