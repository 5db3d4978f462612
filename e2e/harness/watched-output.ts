import type { Started } from './workspace.js';

/** What a command prints, for tests that go on when it has printed something. */
export class WatchedOutput {
  readonly #finished: Promise<unknown>;
  #text = '';
  #seen = 0;
  #wake: (() => void) | undefined;

  constructor({ child, finished }: Started) {
    this.#finished = finished;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#text += chunk.toString('latin1');
        this.#wake?.();
      });
    }
  }

  /** Resolves when `text` has been printed after what was waited for before; rejects at the end. */
  async printed(text: string): Promise<void> {
    const wanted = Buffer.from(text).toString('latin1');
    let hasEnded = false;
    const ended = this.#finished.then(() => (hasEnded = true));
    for (;;) {
      const at = this.#text.indexOf(wanted, this.#seen);
      if (at !== -1) {
        this.#seen = at + wanted.length;
        return;
      }
      const all = Buffer.from(this.#text, 'latin1').toString();
      if (hasEnded)
        throw new Error(`it ended and had not printed ${JSON.stringify(text)}:\n${all}`);
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), ended]);
    }
  }
}
