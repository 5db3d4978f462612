import { lstatSync, readdirSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Fact } from './fact.js';

/** That the system watches no more directories. */
export class WatchLimitReached extends Error {
  constructor(
    readonly directories: number,
    readonly errno: string,
  ) {
    super(errno);
  }
}

/**
 * Watches the directories in which facts can change: those of files and names, and all above them up to the
 * root, so that one that is moved away, or appears, is noticed. Files themselves are not watched: editors put
 * another one in their place.
 */
export class DirectoryWatch {
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: bigint }>();

  /** @param changed called with the relative path of what has changed, and its directory is '' for the root. */
  constructor(
    private readonly root: AbsolutePath,
    private readonly changed: (path: string) => void,
  ) {}

  get size(): number {
    return this.#watchers.size;
  }

  /** Watches for these facts as well. Throws WatchLimitReached. */
  also(facts: Iterable<Fact>): void {
    for (const directory of this.#directoriesOf(facts)) {
      if (!this.#watchers.has(directory)) this.#watch(directory);
    }
  }

  /** Watches for these facts and no others. Throws WatchLimitReached. */
  follow(facts: Iterable<Fact>): void {
    const wanted = this.#directoriesOf(facts);
    for (const [directory, { watcher, inode }] of this.#watchers) {
      if (wanted.has(directory) && this.#inodeOf(directory) === inode) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of wanted) if (!this.#watchers.has(directory)) this.#watch(directory);
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #directoriesOf(facts: Iterable<Fact>): ReadonlySet<string> {
    const wanted = new Set<string>(['']);
    for (const fact of facts) {
      if (fact.kind === 'glob') this.#addTree(fact.path, wanted);
      this.#add(fact.kind === 'listing' ? fact.path : parentOf(fact.path), wanted);
    }
    return wanted;
  }

  #add(directory: string, wanted: Set<string>): void {
    for (let at = directory; !wanted.has(at); at = parentOf(at)) wanted.add(at);
  }

  #addTree(directory: string, wanted: Set<string>): void {
    this.#add(directory, wanted);
    try {
      for (const entry of readdirSync(path.join(this.root, directory), { withFileTypes: true })) {
        if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name === '.git')
          continue;
        this.#addTree(directory === '' ? entry.name : `${directory}/${entry.name}`, wanted);
      }
    } catch {
      // Not there: the directory above is watched.
    }
  }

  #watch(directory: string): void {
    const place = path.join(this.root, directory);
    const inode = this.#inodeOf(directory);
    if (inode === undefined) return;
    try {
      const watcher = watch(place, { persistent: true }, (_, name) => {
        if (name === null) this.changed(directory);
        else this.changed(directory === '' ? name : `${directory}/${name}`);
      });
      watcher.on('error', () => {
        this.changed(directory);
      });
      this.#watchers.set(directory, { watcher, inode });
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EMFILE') throw new WatchLimitReached(this.size, code);
      // Gone meanwhile: the directory above tells.
    }
  }

  #inodeOf(directory: string): bigint | undefined {
    try {
      const stat = lstatSync(path.join(this.root, directory), { bigint: true });
      return stat.isDirectory() ? stat.ino : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Relative to the root, which is its own parent. */
export function parentOf(place: string): string {
  return place.slice(0, Math.max(0, place.lastIndexOf('/')));
}
