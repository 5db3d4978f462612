import { readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { WorkspacePath } from './brands.js';
import { isWorkspacePath } from './brands.js';
import type { BlobSource, BlobStore } from './blob-store.js';
import { fileIdentity, inodeOf, lstatOrAbsent, permissionBits } from './file-identity.js';
import type { FileMemo } from './file-memo.js';
import { fromBytes } from './path-on-disk.js';
import { ancestorsOf } from './path-parts.js';
import type { StoredOutput } from './stored-entry.js';
import type { FinishedRun, NotStored } from './stored-run.js';
import type { World } from './world.js';

/** What is needed to keep what a run left behind. */
export interface Archiving {
  readonly world: World;
  readonly memo: FileMemo;
  readonly blobs: BlobStore;
  /** A moment after the run, by `takeFileStamp`: outputs changed since are no longer the run's. */
  readonly endStamp: bigint;
  /** See FinishedRun. */
  readonly startStamp: bigint;
}

/**
 * Copies the outputs into blobs, sorted by path. Refuses what could not be restored as it is:
 * paths outside the workspace or reached through a symlink, special files, set-id bits; and what
 * somebody is still changing. Throws file system errors of the cache directory.
 */
export async function archiveOutputs(
  outputs: FinishedRun['outputs'],
  archiving: Archiving,
): Promise<readonly StoredOutput[] | NotStored> {
  const archived: Archived[] = [];
  const directories = new Map<WorkspacePath, boolean>();
  const sorted = [...new Map(outputs.map((output) => [output.path, output])).values()].sort(
    (a, b) => (a.path < b.path ? -1 : 1),
  );
  const sharing = new SharedFiles(sorted, archiving);
  for (const output of sorted) {
    if (output.path === '' || !isWorkspacePath(output.path)) {
      return unsupported(output.path, 'outside the workspace');
    }
    for (const above of ancestorsOf(output.path)) {
      let isLink = directories.get(above);
      if (isLink === undefined) {
        isLink = lstatOrAbsent(join(archiving.world.root, above))?.isSymbolicLink() === true;
        directories.set(above, isLink);
      }
      if (isLink) return unsupported(output.path, `reached through the symlink ${above}`);
    }
    if (sharing.changedElsewhere(output)) {
      return unsupported(output.path, 'changed together with another name of the file');
    }
    const looked = await look(output, archiving);
    if (looked === undefined) continue;
    if ('kind' in looked) return looked;
    archived.push(looked);
  }
  const files = archived.flatMap(({ file }) => file ?? []);
  await archiving.blobs.putFiles(files);
  for (const { output, file } of archived) {
    if (file === undefined) continue;
    const after = lstatOrAbsent(file.path);
    if (after === undefined || fileIdentity(after) !== fileIdentity(file.stat)) {
      return { kind: 'modified-during-run', path: output.path };
    }
  }
  return archived.map(({ output }) => output);
}

/** An output, and the file of which a copy is to be kept. */
interface Archived {
  readonly output: StoredOutput;
  readonly file?: BlobSource & { readonly stat: BigIntStats };
}

async function look(
  output: FinishedRun['outputs'][number],
  { world, memo, endStamp }: Archiving,
): Promise<Archived | NotStored | undefined> {
  const { path } = output;
  const absolute = join(world.root, path);
  const stat = lstatOrAbsent(absolute);
  if (stat === undefined) {
    return output.existedBefore ? { output: { path, kind: 'deletion' } } : undefined;
  }
  const mode = permissionBits(stat);
  // The ctime of a directory changes with every name in it, which may be somebody else's.
  if (stat.isDirectory()) return { output: { path, kind: 'directory', mode } };
  if (stat.ctimeNs >= endStamp) return { kind: 'modified-during-run', path };
  if (stat.isSymbolicLink()) {
    const target = fromBytes(readlinkSync(absolute, { encoding: 'buffer' }));
    return { output: { path, kind: 'symlink', target } };
  }
  if (!stat.isFile()) return unsupported(path, 'not a file, directory or symlink');
  if ((stat.mode & 0o6000n) !== 0n) return unsupported(path, 'set-user-id or set-group-id');
  const read = await memo.digest(absolute, stat);
  if ('failure' in read) {
    if (read.failure === 'changed' || read.failure === 'ENOENT') {
      return { kind: 'modified-during-run', path };
    }
    return unsupported(path, read.failure);
  }
  const { digest } = read;
  const { size } = stat;
  const sum = memo.sum(stat);
  const kept = { digest, size, ...(sum === undefined ? {} : { sum }) };
  return { output: { path, kind: 'file', mode, ...kept }, file: { path: absolute, stat, ...kept } };
}

/** Outputs that are files with several names (hard links). */
class SharedFiles {
  readonly #outputs: FinishedRun['outputs'];
  readonly #archiving: Archiving;
  /** How many outputs are names of a file, by its inode. */
  #names: ReadonlyMap<string, bigint> | undefined;

  constructor(outputs: FinishedRun['outputs'], archiving: Archiving) {
    this.#outputs = outputs;
    this.#archiving = archiving;
  }

  /**
   * Whether the run wrote to a file that has other names too, whose change would not come back. A
   * name that the run only gave to a file that was there has an older mtime.
   */
  changedElsewhere({ path, existedBefore }: FinishedRun['outputs'][number]): boolean {
    const stat = this.#stat(path);
    if (stat === undefined || !stat.isFile() || stat.nlink === 1n) return false;
    if (!existedBefore && stat.mtimeNs < this.#archiving.startStamp) return false;
    this.#names ??= this.#count();
    return stat.nlink > (this.#names.get(inodeOf(stat)) ?? 0n);
  }

  #count(): ReadonlyMap<string, bigint> {
    const names = new Map<string, bigint>();
    for (const { path } of this.#outputs) {
      const stat = this.#stat(path);
      if (stat?.isFile()) names.set(inodeOf(stat), (names.get(inodeOf(stat)) ?? 0n) + 1n);
    }
    return names;
  }

  #stat(path: WorkspacePath): BigIntStats | undefined {
    return lstatOrAbsent(join(this.#archiving.world.root, path));
  }
}

function unsupported(path: WorkspacePath, detail: string): NotStored {
  return { kind: 'unsupported-output', path, detail };
}
