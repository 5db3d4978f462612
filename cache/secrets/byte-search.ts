/** Looks for many byte strings at once in one pass over the data. */
export class ByteSearch<T> {
  /** Length of the shortest pattern: so many bytes are compared at a time. */
  readonly #window: number;
  /** By the last two bytes of a window: how far the next place of a pattern can be at least. */
  readonly #shifts: Uint16Array;
  readonly #byBlock = new Map<number, { readonly bytes: Uint8Array; readonly meaning: T }[]>();

  /** `patterns` must have at least 2 bytes each. */
  constructor(patterns: readonly { readonly bytes: Uint8Array; readonly meaning: T }[]) {
    this.#window = Math.min(0xffff, ...patterns.map(({ bytes }) => bytes.length));
    this.longest = Math.max(0, ...patterns.map(({ bytes }) => bytes.length));
    this.#shifts = new Uint16Array(1 << 16).fill(this.#window - 1);
    for (const pattern of patterns) {
      for (let end = 1; end < this.#window; end++) {
        const block = blockAt(pattern.bytes, end);
        this.#shifts[block] = Math.min(this.#shifts[block]!, this.#window - 1 - end);
      }
      const last = blockAt(pattern.bytes, this.#window - 1);
      const others = this.#byBlock.get(last) ?? [];
      this.#byBlock.set(last, [...others, pattern]);
    }
  }

  /** Bytes of the longest pattern. */
  readonly longest: number;

  /** The meaning of the first pattern that is in the data. */
  find(data: Uint8Array): T | undefined {
    const shifts = this.#shifts;
    const last = this.#window - 1;
    for (let at = last; at < data.length;) {
      const block = (data[at - 1]! << 8) | data[at]!;
      const shift = shifts[block]!;
      if (shift > 0) {
        at += shift;
        continue;
      }
      for (const { bytes, meaning } of this.#byBlock.get(block) ?? []) {
        if (standsAt(bytes, data, at - last)) return meaning;
      }
      at++;
    }
    return undefined;
  }
}

function blockAt(bytes: Uint8Array, end: number): number {
  return (bytes[end - 1]! << 8) | bytes[end]!;
}

function standsAt(pattern: Uint8Array, data: Uint8Array, start: number): boolean {
  if (start + pattern.length > data.length) return false;
  for (let index = 0; index < pattern.length; index++) {
    if (pattern[index] !== data[start + index]) return false;
  }
  return true;
}
