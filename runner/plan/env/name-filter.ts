/** As in tracker/native/shim-env.c. */
const FILTER_BYTES = 128;

/**
 * A Bloom filter of names, in hexadecimal: whether it may hold one costs a program next to nothing,
 * and it tells nobody which it holds who does not know the name.
 */
export function nameFilter(names: Iterable<string>): string {
  const filter = Buffer.alloc(FILTER_BYTES);
  for (const name of names) {
    const bytes = Buffer.from(name);
    for (const seed of [0x811c9dc5, 0x01234567]) {
      const bit = hash(bytes, seed) % (FILTER_BYTES * 8);
      filter[bit >> 3]! |= 1 << (bit & 7);
    }
  }
  return filter.toString('hex');
}

/** FNV-1a, its high bits mixed into the low ones. */
function hash(bytes: Uint8Array, seed: number): number {
  let value = seed;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
