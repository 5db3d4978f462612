import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { CopyFailure } from './blob-store.js';
import type { BlobCopy, BlobStore } from './blob-store.js';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { onDisk, toDisk } from './path-on-disk.js';
import { ancestorsOf, parentOf } from './path-parts.js';
import { ApplyFailure, attempt } from './restore-apply.js';
import type { Placement } from './restore-plan.js';
import { IN_CACHE, stagedPath, stagingFolder } from './staging-folders.js';
import type { StagedFile, StagingFolders } from './staging-folders.js';

const ROOT = '' as WorkspacePath;

/**
 * A private place where outputs are made and verified before the first of them is put in place,
 * and where what they replace is kept until all are. Renaming needs the same file system: the
 * cache's own folder where it is on the target's, else a hidden folder in the topmost directory of
 * the workspace that is. The latter are to be named in a journal before they are made: nobody
 * would find them again.
 */
export class Staging implements StagingFolders {
  readonly root: AbsolutePath;
  readonly layout: CacheLayout;
  readonly token: string;
  readonly #outside: WorkspacePath[] = [];
  readonly #placeOfDevice = new Map<number, number>();
  readonly #deviceOfDirectory = new Map<WorkspacePath, number>();
  readonly #made = new Set<number>();
  readonly #staged = new Map<WorkspacePath, StagedFile>();
  #count = 0;

  constructor(root: AbsolutePath, layout: CacheLayout, token: string) {
    this.root = root;
    this.layout = layout;
    this.token = token;
  }

  /** Those that are needed for what was asked so far, made or not. */
  get places(): readonly WorkspacePath[] {
    return this.#outside;
  }

  /** Whether what belongs at this path is staged in the cache. */
  isInCache(path: WorkspacePath): boolean {
    return this.#placeFor(path) === IN_CACHE;
  }

  /** Adds the folder for this path to the places. */
  choosePlace(path: WorkspacePath): void {
    this.#placeFor(path);
  }

  /**
   * Makes the outputs here, verified; those that were not staged before. Throws DamagedRecord for a bad
   * blob, ApplyFailure for other errors of the file system.
   */
  async stage(outputs: readonly Placement[], blobs: BlobStore): Promise<void> {
    const making = new Map<WorkspacePath, StagedFile>();
    const copies = new Map<BlobCopy, WorkspacePath>();
    for (const output of outputs) {
      const { path } = output;
      if (this.#staged.has(path)) continue;
      attempt(path, () => {
        const staged = this.reserve(path);
        const target = stagedPath(this, staged);
        if (output.kind === 'symlink') symlinkSync(toDisk(output.target), target);
        else copies.set({ ...output, target }, path);
        making.set(path, staged);
      });
    }
    try {
      await blobs.copyAll([...copies.keys()]);
    } catch (error) {
      if (!(error instanceof CopyFailure)) throw error;
      const { code = '' } = error.cause;
      throw new ApplyFailure(copies.get(error.copy) ?? ROOT, code, error.cause);
    }
    for (const [path, staged] of making) this.#staged.set(path, staged);
  }

  /** Where the output was staged; undefined when it was not. */
  staged(path: WorkspacePath): StagedFile | undefined {
    return this.#staged.get(path);
  }

  /** An unused name on the file system of `target`, in a folder that is there. */
  reserve(target: WorkspacePath): StagedFile {
    const place = this.#placeFor(target);
    if (!this.#made.has(place)) {
      mkdirSync(stagingFolder(this, place), { mode: 0o700 });
      this.#made.add(place);
    }
    return { place, number: this.#count++ };
  }

  /** Whether a folder was made. */
  get isUsed(): boolean {
    return this.#made.size > 0;
  }

  #placeFor(target: WorkspacePath): number {
    const directory = parentOf(target) ?? ROOT;
    const device = this.#device(directory);
    let place = this.#placeOfDevice.get(device);
    if (place === undefined) {
      place = this.#newPlace(directory, device);
      this.#placeOfDevice.set(device, place);
    }
    return place;
  }

  #newPlace(directory: WorkspacePath, device: number): number {
    if (lstatSync(this.layout.temporary).dev === device) return IN_CACHE;
    let top = directory;
    for (const above of [...ancestorsOf(directory), ROOT]) {
      if (this.#device(above) !== device) break;
      top = above;
    }
    const name = `.vt-restore-${this.token}`;
    return this.#outside.push((top === ROOT ? name : `${top}/${name}`) as WorkspacePath);
  }

  /** Device of a directory, or of the nearest above it that is there. */
  #device(directory: WorkspacePath): number {
    let device = this.#deviceOfDirectory.get(directory);
    if (device === undefined) {
      const above = parentOf(directory);
      const stat = lstatSync(onDisk(this.root, directory), { throwIfNoEntry: false });
      device =
        stat?.isDirectory() === true || above === undefined
          ? (stat?.dev ?? 0)
          : this.#device(above);
      this.#deviceOfDirectory.set(directory, device);
    }
    return device;
  }
}
