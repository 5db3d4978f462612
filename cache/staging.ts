import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BlobStore } from './blob-store.js';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import type { Placement } from './restore-plan.js';

/**
 * A private place where outputs are made and verified before the first of them is put in place,
 * and where what they replace is kept until all are. Renaming needs the same file system: the
 * cache's own folder where it is on the target's, else a hidden folder in the topmost directory of
 * the workspace that is.
 */
export class Staging {
  readonly #root: AbsolutePath;
  readonly #layout: CacheLayout;
  readonly #name = `restore-${randomBytes(8).toString('hex')}`;
  readonly #directories = new Map<number, string>();
  readonly #staged = new Map<WorkspacePath, string>();
  #count = 0;

  constructor(root: AbsolutePath, layout: CacheLayout) {
    this.#root = root;
    this.#layout = layout;
  }

  /**
   * Makes the output here, verified. Does nothing for one that was staged before. Throws
   * DamagedRecord for a bad blob and file system errors.
   */
  async stage(output: Placement, blobs: BlobStore): Promise<void> {
    if (this.#staged.has(output.path)) return;
    const path = this.newPath(output.path);
    if (output.kind === 'symlink') symlinkSync(output.target, path);
    else await blobs.copyTo(output.digest, path, output.mode);
    this.#staged.set(output.path, path);
  }

  /** Where the output was staged; undefined when it was not. */
  staged(path: WorkspacePath): string | undefined {
    return this.#staged.get(path);
  }

  /** An unused path on the file system of `target`. */
  newPath(target: WorkspacePath): string {
    return join(this.#directoryFor(target), String(this.#count++));
  }

  /** Removes everything that is still here. */
  remove(): void {
    for (const directory of this.#directories.values()) {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  #directoryFor(target: WorkspacePath): string {
    let existing = dirname(join(this.#root, target));
    while (lstatSync(existing, { throwIfNoEntry: false })?.isDirectory() !== true) {
      existing = dirname(existing);
    }
    const device = lstatSync(existing).dev;
    let directory = this.#directories.get(device);
    if (directory === undefined) {
      directory = this.#placeOn(device, existing);
      mkdirSync(directory, { mode: 0o700 });
      this.#directories.set(device, directory);
    }
    return directory;
  }

  #placeOn(device: number, existing: string): string {
    if (lstatSync(this.#layout.temporary).dev === device) {
      return join(this.#layout.temporary, this.#name);
    }
    let top = existing;
    while (top !== this.#root && lstatSync(dirname(top)).dev === device) top = dirname(top);
    return join(top, `.vt-${this.#name}`);
  }
}
