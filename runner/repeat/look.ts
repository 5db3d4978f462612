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

/** S_IFMT and S_IFREG of Linux. */
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

/** Without looks of which another one at the same path says as much. */
export function withoutImplied(looks: readonly Look[]): readonly Look[] {
  const named = (kind: LookKind, follows: boolean, { path }: Look): string =>
    `${kind}${follows ? '+' : '-'}${path}`;
  const all = new Map(looks.map((look) => [named(look.kind, look.follows, look), look]));
  const isImplied = (look: Look): boolean => {
    if (!look.follows) return false;
    switch (look.kind) {
      case 'there':
        return all.has(named('stamp', true, look)) || all.has(named('place', true, look));
      case 'absent':
        return all.has(named('absent', false, look));
      case 'stamp': {
        // What is no link is the same either way.
        const other = all.get(named('stamp', false, look));
        if (other === undefined || (other.mode & FILE_TYPE) !== REGULAR) return false;
        return other.mode === look.mode && other.stamp.every((part, at) => part === look.stamp[at]);
      }
      case 'place':
      case 'directory':
        return false;
    }
  };
  return looks.filter((look) => !isImplied(look));
}
