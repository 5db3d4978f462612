const units = ['KiB', 'MiB', 'GiB', 'TiB'];

/** A size a person can read: `512 B`, `1.5 MiB`, `10 GiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let size = bytes;
  let unit = 'B';
  for (const next of units) {
    // What would be rounded to 1024 of a unit is 1 of the next.
    if (size < 1023.5) break;
    size /= 1024;
    unit = next;
  }
  const rounded = size < 10 ? Math.round(size * 10) / 10 : Math.round(size);
  return `${rounded} ${unit}`;
}
