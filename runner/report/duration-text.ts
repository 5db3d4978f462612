/** A time a person can read: `64ms`, `1.2s`, `2m 5s`. */
export function durationText(milliseconds: number): string {
  const whole = Math.round(milliseconds);
  if (whole < 1000) return `${whole}ms`;
  const tenths = Math.round(whole / 100);
  if (tenths < 600) return `${tenths / 10}s`;
  const seconds = Math.round(whole / 1000);
  return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}
