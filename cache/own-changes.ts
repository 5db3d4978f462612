import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import { lstatOrAbsent } from './file-identity.js';
import { ancestorsOf, parentOf } from './path-parts.js';
import type { FinishedRun } from './stored-run.js';

/** What a run itself changed, as told by its outputs. */
export class OwnChanges {
  readonly #root: AbsolutePath;
  /** Path to whether something was there before. */
  readonly #outputs: ReadonlyMap<WorkspacePath, boolean>;
  readonly #parents: ReadonlySet<WorkspacePath>;

  constructor(root: AbsolutePath, outputs: FinishedRun['outputs']) {
    this.#root = root;
    this.#outputs = new Map(outputs.map((output) => [output.path, output.existedBefore]));
    this.#parents = new Set(outputs.flatMap((output) => parentOf(output.path) ?? []));
  }

  /** The run changed what is at this path: itself, or by taking away a directory above it. */
  changed(path: WorkspacePath): boolean {
    if (this.#outputs.has(path)) return true;
    for (const above of ancestorsOf(path)) {
      if (this.#outputs.has(above) && !this.#exists(above)) return true;
    }
    return false;
  }

  /** The run wrote this very path. */
  wrote(path: WorkspacePath): boolean {
    return this.#outputs.has(path);
  }

  /** The run made this path where nothing was before. */
  made(path: WorkspacePath): boolean {
    return this.#outputs.get(path) === false;
  }

  /** The run wrote, made or removed something directly in this directory. */
  changedNamesIn(directory: WorkspacePath): boolean {
    return this.#parents.has(directory) || this.#outputs.has(directory);
  }

  /** A path that was there before and that the run deleted, if any. */
  deletion(): WorkspacePath | undefined {
    for (const [path, existedBefore] of this.#outputs) {
      if (existedBefore && !this.#exists(path)) return path;
    }
    return undefined;
  }

  #exists(path: WorkspacePath): boolean {
    return lstatOrAbsent(join(this.#root, path)) !== undefined;
  }
}
