import { readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { AbsolutePath, Digest, WorkspacePath } from './brands.js';
import { inodeOf, isExecutable, lstatOrAbsent, permissionBits } from './file-identity.js';
import type { FileMemo } from './file-memo.js';
import { fromBytes, within } from './path-on-disk.js';
import { ancestorsOf, parentOf } from './path-parts.js';
import { listNames } from './present-files.js';
import type { ManifestItem, StoredOutput } from './stored-entry.js';

/** A file or symlink to put in place. */
export type Placement = Extract<StoredOutput, { kind: 'file' | 'symlink' }>;

/** What has to change on disk so that the outputs of a result are there. Applied in this order. */
export interface RestorePlan {
  /** Files and symlinks that go. */
  readonly removals: readonly WorkspacePath[];
  /** Directories that are empty by then and go, the deepest first. */
  readonly emptied: readonly WorkspacePath[];
  /** Directories to make, the outermost first. Without a mode: as the umask has it. */
  readonly directories: readonly { readonly path: WorkspacePath; readonly mode?: number }[];
  readonly placements: readonly Placement[];
  /** Outputs that are as they should be already. */
  readonly unchanged: number;
  /** Paths of outputs where nothing was before. */
  readonly made: ReadonlySet<WorkspacePath>;
}

/** Why a result cannot be restored without doing harm. */
export interface Obstacle {
  readonly path: WorkspacePath;
  /** What stands in the way. `edited`: not what the lookup had found there. */
  readonly obstacle: 'symlink' | 'file' | 'directory' | 'special-file' | 'edited';
}

/** What a file was before a result, as its observations tell. */
export type ObservedFiles = ReadonlyMap<WorkspacePath, Digest>;

/**
 * Decides what to change. Nothing is touched.
 *
 * `stale` is what the task wrote here last that the result does not have: it is removed where it
 * is still exactly what was written. Everything else that is not an output stays: what stands in
 * the way of an output and is not ours to remove is an obstacle; so is a file among the `observed`
 * that is not any more what it was when the result was found. Throws file system errors.
 */
export async function planRestore(
  root: AbsolutePath,
  outputs: readonly StoredOutput[],
  stale: readonly ManifestItem[],
  memo: FileMemo,
  observed: ObservedFiles = new Map(),
): Promise<RestorePlan | Obstacle> {
  const view = new PlannedView(root);
  const candidates: WorkspacePath[] = [];
  for (const item of [...outputs.filter((output) => output.kind === 'deletion'), ...stale]) {
    const stat = view.stat(item.path);
    if (stat === undefined || view.obstacleAbove(item.path) !== undefined) continue;
    if (item.kind === 'deletion' && (await isEdited(root, item.path, stat, observed, memo))) {
      return { path: item.path, obstacle: 'edited' };
    }
    if (stat.isDirectory()) candidates.push(item.path);
    else if (item.kind === 'deletion' || (await isAsWritten(root, item, stat, memo))) {
      view.remove(item.path);
    }
  }
  const removals = view.removed;

  const wanted = outputs.filter((output) => output.kind !== 'deletion');
  // A directory goes only if no output is below it; at its own path a file may take its place.
  const needed = new Set(wanted.flatMap((output) => [...ancestorsOf(output.path)]));
  for (const output of wanted) if (output.kind === 'directory') needed.add(output.path);
  const emptied = candidates
    .filter((path) => !needed.has(path))
    .sort((a, b) => b.length - a.length)
    .filter((path) => view.removeIfEmpty(path));

  const sharers = new Map<string, number>();
  for (const output of wanted) {
    const stat = view.stat(output.path);
    if (output.kind !== 'file' || !stat?.isFile()) continue;
    const sharer = sharerOf(output, stat);
    sharers.set(sharer, (sharers.get(sharer) ?? 0) + 1);
  }
  const directories: { path: WorkspacePath; mode?: number }[] = [];
  const placements: Placement[] = [];
  const made = new Set<WorkspacePath>();
  let unchanged = 0;
  for (const output of [...wanted].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const obstacle = view.obstacleAbove(output.path);
    if (obstacle !== undefined) return obstacle;
    for (const above of [...ancestorsOf(output.path)].reverse()) {
      if (!view.isDirectory(above)) {
        view.makeDirectory(above);
        directories.push({ path: above });
      }
    }
    const stat = view.stat(output.path);
    if (output.kind === 'directory') {
      if (view.isDirectory(output.path)) unchanged++;
      else if (stat !== undefined) return { path: output.path, obstacle: obstacleKind(stat) };
      else {
        view.makeDirectory(output.path);
        directories.push({ path: output.path, mode: output.mode });
        made.add(output.path);
      }
    } else if (stat === undefined) {
      placements.push(output);
      made.add(output.path);
    } else if (stat.isDirectory() || !(stat.isFile() || stat.isSymbolicLink())) {
      return { path: output.path, obstacle: obstacleKind(stat) };
    } else if (await isAsWritten(root, output, stat, memo)) unchanged++;
    else if (await isEdited(root, output.path, stat, observed, memo)) {
      return { path: output.path, obstacle: 'edited' };
    } else if (keepsMore(output, stat, sharers, observed.has(output.path))) {
      return { path: output.path, obstacle: obstacleKind(stat) };
    } else placements.push(output);
  }
  return { removals, emptied, directories, placements, unchanged, made };
}

/**
 * Whether a task that writes to what is there may do more, or less, than a restore that replaces
 * it: a symlink leads the bytes elsewhere, a file keeps its mode and its other names have them too.
 * `sharers`: how many outputs are names of the same file and make the same of it.
 */
function keepsMore(
  output: Placement,
  stat: BigIntStats,
  sharers: ReadonlyMap<string, number>,
  isModeKnown: boolean,
): boolean {
  if (output.kind === 'symlink') return false;
  if (stat.isSymbolicLink()) return true;
  const names = BigInt(sharers.get(sharerOf(output, stat)) ?? 1);
  const keepsMode = !isModeKnown && isExecutable(stat) !== ((output.mode & 0o100) !== 0);
  return keepsMode || stat.nlink > names;
}

function sharerOf(output: Extract<Placement, { kind: 'file' }>, stat: BigIntStats): string {
  return `${inodeOf(stat)} ${output.digest} ${String(output.mode)}`;
}

/** Whether a file that the result had found in another state is at the path. */
async function isEdited(
  root: AbsolutePath,
  path: WorkspacePath,
  stat: BigIntStats,
  observed: ObservedFiles,
  memo: FileMemo,
): Promise<boolean> {
  const before = observed.get(path);
  if (before === undefined) return false;
  if (!stat.isFile()) return true;
  const read = await memo.digest(within(root, path), stat);
  return !('digest' in read) || read.digest !== before;
}

/** Whether the path is exactly what an output says: bytes and mode, or link text. */
async function isAsWritten(
  root: AbsolutePath,
  output: StoredOutput,
  stat: BigIntStats,
  memo: FileMemo,
): Promise<boolean> {
  switch (output.kind) {
    case 'file': {
      if (!stat.isFile() || stat.size !== output.size || permissionBits(stat) !== output.mode) {
        return false;
      }
      const read = await memo.digest(within(root, output.path), stat);
      return 'digest' in read && read.digest === output.digest;
    }
    case 'symlink':
      if (!stat.isSymbolicLink()) return false;
      return (
        fromBytes(readlinkSync(within(root, output.path), { encoding: 'buffer' })) === output.target
      );
    case 'directory':
    case 'deletion':
      return false;
  }
}

function obstacleKind(stat: BigIntStats): Obstacle['obstacle'] {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  return stat.isFile() ? 'file' : 'special-file';
}

/** The workspace as it will be when what is planned so far is done. */
class PlannedView {
  readonly #root: AbsolutePath;
  readonly #present = new Map<WorkspacePath, BigIntStats | undefined>();
  readonly #planned = new Map<WorkspacePath, 'absent' | 'directory'>();

  constructor(root: AbsolutePath) {
    this.#root = root;
  }

  get removed(): WorkspacePath[] {
    return [...this.#planned].filter(([, state]) => state === 'absent').map(([path]) => path);
  }

  /** Undefined where nothing will be, and for directories that are still to be made. */
  stat(path: WorkspacePath): BigIntStats | undefined {
    if (this.#planned.get(path) !== undefined) return undefined;
    if (!this.#present.has(path)) this.#present.set(path, this.#look(path));
    return this.#present.get(path);
  }

  /** Most often a whole directory is missing: nothing below it has to be looked for. */
  #look(path: WorkspacePath): BigIntStats | undefined {
    const parent = parentOf(path);
    if (parent !== undefined && parent !== '' && !this.#present.has(parent)) {
      this.#present.set(parent, this.#look(parent));
    }
    const isMissing = parent !== undefined && parent !== '' && !this.#present.get(parent);
    return isMissing ? undefined : lstatOrAbsent(within(this.#root, path));
  }

  isDirectory(path: WorkspacePath): boolean {
    return this.#planned.get(path) === 'directory' || this.stat(path)?.isDirectory() === true;
  }

  remove(path: WorkspacePath): void {
    this.#planned.set(path, 'absent');
  }

  makeDirectory(path: WorkspacePath): void {
    this.#planned.set(path, 'directory');
  }

  removeIfEmpty(path: WorkspacePath): boolean {
    const children = listNames(within(this.#root, path));
    const empty = children.every(
      (name) => this.#planned.get(`${path}/${name}` as WorkspacePath) === 'absent',
    );
    if (empty) this.remove(path);
    return empty;
  }

  /** The nearest thing above a path that is there and is no directory. */
  obstacleAbove(path: WorkspacePath): Obstacle | undefined {
    for (const above of ancestorsOf(path)) {
      const stat = this.stat(above);
      if (stat !== undefined && !stat.isDirectory()) {
        return { path: above, obstacle: obstacleKind(stat) };
      }
    }
    return undefined;
  }
}
