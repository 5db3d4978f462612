/** What was found at a path; the numbers are those of runner/repeat/native/record.h. */
export const lookKinds = {
  /** Something: device, inode, size, mtime, ctime and mode count. */
  stamp: 1,
  /** A directory: device, inode and mode count. What is done to its entries is another look's matter. */
  place: 2,
  /** Something, whatever it is. */
  there: 3,
  /** Nothing (ENOENT, ENOTDIR). */
  absent: 4,
  /** A directory, whichever: no link has taken its place. */
  directory: 5,
} as const;

export type LookKind = keyof typeof lookKinds;

/** One look of this process at the file system, as it can be repeated by one system call. */
export interface Look {
  readonly kind: LookKind;
  /** With `stat`, or with `lstat`. */
  readonly follows: boolean;
  readonly path: string;
  /** As `stampOf` gives it; zeros where nothing of it counts. */
  readonly stamp: readonly number[];
  readonly mode: number;
}
