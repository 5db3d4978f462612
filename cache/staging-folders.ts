import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AbsolutePath, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { onDisk } from './path-on-disk.js';
import type { DiskPath } from './path-on-disk.js';

/** A file in one of the staging folders of a restore. */
export interface StagedFile {
  /** 0: the folder in the cache; n: number n - 1 of those outside. */
  readonly place: number;
  readonly number: number;
}

/** The folder in the cache. */
export const IN_CACHE = 0;

/** Where a restore keeps what is to come and what was. */
export interface StagingFolders {
  readonly root: AbsolutePath;
  readonly layout: CacheLayout;
  /** Of the restore. */
  readonly token: string;
  /** The folders outside the cache, in the workspace. */
  readonly places: readonly WorkspacePath[];
}

export function stagingFolder(folders: StagingFolders, place: number): DiskPath {
  const { root, layout, token, places } = folders;
  if (place === IN_CACHE) return join(layout.temporary, `restore-${token}`);
  const path = places[place - 1];
  if (path === undefined) throw new RangeError(`there is no place ${place}`);
  return onDisk(root, path);
}

export function stagedPath(folders: StagingFolders, { place, number }: StagedFile): DiskPath {
  const folder = stagingFolder(folders, place);
  return typeof folder === 'string'
    ? `${folder}/${number}`
    : Buffer.concat([folder, Buffer.from(`/${number}`)]);
}

/** Removes the folders with all that is in them. Throws file system errors. */
export function removeStaging(folders: StagingFolders): void {
  for (let place = 0; place <= folders.places.length; place++) {
    rmSync(stagingFolder(folders, place), { recursive: true, force: true });
  }
}
