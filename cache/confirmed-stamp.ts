import type { BigIntStats, Stats } from 'node:fs';

/** How many numbers a stamp has. */
export const STAMP_LENGTH = 5;

/**
 * What identifies a file's present content, as fileIdentity does, in numbers that cost less. Times
 * are milliseconds, exact to a quarter of a microsecond: of a file whose stamp was settled (FileMemo)
 * any change comes later than that, as the clock was read, and the file opened, in between.
 */
export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): readonly number[] {
  return [dev, ino, size, mtimeMs, ctimeMs];
}

/** The stamp that `stampOf` gives for the same state. */
export function stampOfExact(stat: BigIntStats): readonly number[] {
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return [Number(dev), Number(ino), Number(size), milliseconds(mtimeNs), milliseconds(ctimeNs)];
}

/** By the same steps as Node, so that it is the same number. */
function milliseconds(nanoseconds: bigint): number {
  const second = 1_000_000_000n;
  return Number(nanoseconds / second) * 1000 + Number(nanoseconds % second) / 1_000_000;
}
