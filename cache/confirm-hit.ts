import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { CacheLayout } from './cache-directory.js';
import { readConfirmation } from './confirmation.js';
import type { Confirmation } from './confirmation.js';
import { STAMP_LENGTH, stampOf } from './confirmed-stamp.js';
import { FileMemo } from './file-memo.js';
import { isJournalName } from './journal-name.js';
import { keyText } from './key-digest.js';
import type { KeyParts } from './key.js';
import { withOneExpansion } from './one-expansion.js';
import { differenceOf } from './observation-check.js';
import { fromBytes, onDisk } from './path-on-disk.js';
import { PresentFiles } from './present-files.js';
import type { World } from './world.js';

/**
 * The task's last hit, if it is one again and there is nothing to restore; undefined when only the
 * index can tell. Opens no index, loads no native module, writes nothing, and never throws.
 */
export async function confirmHit(
  layout: CacheLayout,
  task: string,
  key: KeyParts,
  world: World,
): Promise<Confirmation | undefined> {
  const last = readConfirmation(layout, world.root, task, keyText(key), Date.now());
  if (last === undefined) return undefined;
  try {
    // A restore was broken off, or is under way: only with the lock of the index can that be told.
    if (readdirSync(layout.temporary).some(isJournalName)) return undefined;
    return (await holds(last, world)) ? last : undefined;
  } catch {
    return undefined; // What cannot be looked at is not what it was.
  }
}

async function holds(last: Confirmation, world: World): Promise<boolean> {
  const files = new PresentFiles(world.root, new FileMemo());
  const present = withOneExpansion(world);
  for (const fact of last.facts) {
    if ((await differenceOf(fact, files, present)) !== undefined) return false;
  }
  return (
    last.directories.every((path) => files.stat(path)?.isDirectory() === true) &&
    last.absent.every((path) => files.isAbsent(path)) &&
    last.links.every(({ path, target }) => {
      const bytes = readlinkSync(onDisk(world.root, path), { encoding: 'buffer' });
      return fromBytes(bytes) === target;
    }) &&
    last.files.every((path, index) => {
      const stat = lstatSync(onDisk(world.root, path), { throwIfNoEntry: false });
      if (stat?.isFile() !== true) return false;
      return stampOf(stat).every((part, at) => part === last.stamps[index * STAMP_LENGTH + at]);
    })
  );
}
