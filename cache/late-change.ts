import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { lstatOrAbsent } from './file-identity.js';
import type { OwnChanges } from './own-changes.js';
import { ancestorsOf, parentOf } from './path-parts.js';

const SECOND = 1_000_000_000n;

/** File systems that keep coarser times than nanoseconds, by what divides them: FAT two seconds. */
const GRAIN: readonly (readonly [unit: bigint, atMost: bigint])[] = [
  [SECOND, 2n * SECOND],
  [SECOND / 100n, SECOND / 100n],
  [1000n, 1000n],
];

/**
 * By how much a time that a file system shows may lie before the moment it stands for. A time
 * that is round by chance is taken for a coarse one: then it is compared too carefully.
 */
export function grainOf(time: bigint): bigint {
  return GRAIN.find(([unit]) => time % unit === 0n)?.[1] ?? 0n;
}

/** Whether a file's ctime may be of a moment since `moment`, which takeFileStamp gave. */
export function changedSince({ ctimeNs }: { readonly ctimeNs: bigint }, moment: bigint): boolean {
  return ctimeNs >= moment - grainOf(ctimeNs);
}

/**
 * The directories above what a run has read. Whoever renames a directory changes what is at all
 * paths below it, and nothing there shows it. Only the directory itself has a new ctime then, later
 * than its mtime, which is that of the names in it; and the one above has other names.
 */
export class DirectoriesAbove {
  readonly #root: AbsolutePath;
  readonly #own: OwnChanges;
  readonly #startStamp: bigint;
  readonly #moved = new Map<WorkspacePath, boolean>();

  constructor(root: AbsolutePath, own: OwnChanges, startStamp: bigint) {
    this.#root = root;
    this.#own = own;
    this.#startStamp = startStamp;
  }

  /**
   * A directory above the path that somebody else moved there since the run began; undefined when
   * there is none. Not seen where names in it were changed after that.
   */
  movedSince(path: WorkspacePath): WorkspacePath | undefined {
    for (const above of ancestorsOf(path)) if (this.#isMoved(above)) return above;
    return undefined;
  }

  /** The same of a directory and those above it. */
  movedWith(directory: WorkspacePath): WorkspacePath | undefined {
    if (directory !== '' && this.#isMoved(directory)) return directory;
    return this.movedSince(directory);
  }

  #isMoved(directory: WorkspacePath): boolean {
    const known = this.#moved.get(directory) ?? this.#lookAt(directory);
    this.#moved.set(directory, known);
    return known;
  }

  #lookAt(directory: WorkspacePath): boolean {
    if (this.#own.changed(directory)) return false;
    const stat = this.#stat(directory);
    if (stat?.isDirectory() !== true || !changedSince(stat, this.#startStamp)) return false;
    if (stat.mtimeNs + grainOf(stat.mtimeNs) >= stat.ctimeNs) return false;
    // Without the names above a new ctime means nothing: overlayfs gives one to all directories
    // above the first file that is written in one of its layers.
    const above = this.#stat(parentOf(directory) ?? directory);
    return above === undefined || changedSince({ ctimeNs: above.mtimeNs }, this.#startStamp);
  }

  #stat(directory: WorkspacePath): BigIntStats | undefined {
    return lstatOrAbsent(join(this.#root, directory));
  }
}
