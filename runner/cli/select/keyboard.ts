import { emitKeypressEvents } from 'node:readline';
import type { Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Key } from './selection.js';

/** What a user who sits at the terminal does. */
export interface KeyboardEvents {
  readonly pressed: (key: Key) => void;
  /** The terminal has another size. */
  readonly resized: () => void;
  /** vt is told to end, or the terminal is gone. */
  readonly ended: (signal: NodeJS.Signals) => void;
  /** vt goes on after it was suspended. */
  readonly continued: () => void;
}

/** A terminal whose keys can be read one by one, and whose size is known. */
export interface Keyboard {
  readonly columns: number;
  readonly rows: number;
  /** Takes the keys. While they are taken nothing is shown that vt does not write. */
  take(events: KeyboardEvents): HeldKeyboard;
}

/** Keys that are taken. */
interface HeldKeyboard {
  /** Gives them back, and the terminal is as it was. */
  release(): void;
  /** Gives them back until vt has been suspended and goes on. */
  suspend(): void;
}

/** milliseconds after which an escape alone is one: a sequence of a key comes at once. */
const ESCAPE_TIMEOUT = 50;

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The keyboard of the terminal that `input` and `output` are. */
export function terminalKeyboard(input: ReadStream, output: WriteStream): Keyboard {
  return {
    // A terminal that does not tell has 0.
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
    take: (events) => new Held(input, output, events),
  };
}

class Held implements HeldKeyboard {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #events: KeyboardEvents;
  readonly #hangUp: () => void;

  constructor(input: ReadStream, output: WriteStream, events: KeyboardEvents) {
    this.#input = input;
    this.#output = output;
    this.#events = events;
    this.#hangUp = () => {
      events.ended('SIGHUP');
    };
    // Of an Interface, only this is read.
    emitKeypressEvents(input, { escapeCodeTimeout: ESCAPE_TIMEOUT } as unknown as Interface);
    for (const signal of ENDING_SIGNALS) process.on(signal, events.ended);
    process.on('exit', this.#restore);
    input.on('end', this.#hangUp);
    input.on('error', this.#hangUp);
    output.on('resize', events.resized);
    this.#read();
  }

  release(): void {
    this.#restore();
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#events.ended);
    process.off('exit', this.#restore);
    this.#input.off('end', this.#hangUp);
    this.#input.off('error', this.#hangUp);
    this.#output.off('resize', this.#events.resized);
  }

  suspend(): void {
    this.#restore();
    // Nothing else keeps vt alive until it is told to go on.
    const awake = setInterval(() => undefined, 2 ** 30);
    process.once('SIGCONT', () => {
      clearInterval(awake);
      this.#read();
      this.#events.continued();
    });
    // As the terminal does: to all that whoever started vt has in the foreground.
    process.kill(0, 'SIGTSTP');
  }

  #read(): void {
    this.#input.on('keypress', this.#press);
    this.#input.setRawMode(true);
    this.#input.resume();
  }

  readonly #restore = (): void => {
    this.#input.off('keypress', this.#press);
    // What is typed from now on is for whoever reads next: a task may.
    this.#input.pause();
    this.#input.setRawMode(false);
  };

  readonly #press = (text: string | undefined, key: Partial<Key> & { sequence?: string }): void => {
    const { name, ctrl = false, meta = false } = key;
    this.#events.pressed({ name, ctrl, meta, text: text ?? '' });
  };
}
