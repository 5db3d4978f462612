import type { Keyboard, KeyboardEvents } from './keyboard.js';
import type { Key } from './selection.js';

/** For tests: a keyboard on which the test types. */
export class KeyboardRig implements Keyboard {
  columns = 80;
  rows = 24;
  /** How often the keys have been given back. */
  released = 0;
  suspended = 0;
  #events: KeyboardEvents | undefined;
  #taken: (() => void) | undefined;

  take(events: KeyboardEvents): { release(): void; suspend(): void } {
    this.#events = events;
    this.#taken?.();
    return {
      release: () => {
        this.released++;
        this.#events = undefined;
      },
      suspend: () => {
        this.suspended++;
      },
    };
  }

  /** Resolves when somebody takes the keys. */
  async taken(): Promise<KeyboardEvents> {
    if (this.#events === undefined) await new Promise<void>((resolve) => (this.#taken = resolve));
    if (this.#events === undefined) throw new Error('the keys were given back at once');
    return this.#events;
  }

  /** Types a text, or presses keys by name: `<down>`, `<ctrl-c>`. */
  type(text: string): void {
    for (const [, named, character = ''] of text.matchAll(/<([a-z-]+)>|([\s\S])/g)) {
      const ctrl = named?.startsWith('ctrl-') === true;
      const name = named === undefined ? character : named.replace('ctrl-', '');
      const key: Key = { name, ctrl, meta: false, text: named === undefined ? character : '' };
      this.#events?.pressed(key);
    }
  }
}
