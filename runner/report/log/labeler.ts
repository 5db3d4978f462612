const NEWLINE = 0x0a;

/** Puts a label before every line of a stream of bytes, when the first byte of the line is there. */
export class Labeler {
  readonly #label: Uint8Array;
  #isAtStart = true;

  constructor(label: string) {
    this.#label = Buffer.from(label);
  }

  push(bytes: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.#isAtStart) pieces.push(this.#label);
      const end = bytes.indexOf(NEWLINE, at);
      const next = end < 0 ? bytes.length : end + 1;
      pieces.push(bytes.subarray(at, next));
      this.#isAtStart = end >= 0;
      at = next;
    }
    return Buffer.concat(pieces);
  }
}

/** The same for whole lines of text. */
export function labeled(label: string, text: string): string {
  return text.replace(/^(?=.|\n)/gm, label);
}
