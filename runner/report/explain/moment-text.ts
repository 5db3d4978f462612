/** A moment: `2026-11-24 03:10:05 UTC`. */
export function momentText(milliseconds: number): string {
  const iso = new Date(milliseconds).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
