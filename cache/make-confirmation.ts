import { lstatSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { Digest, WorkspacePath } from './brands.js';
import type { CacheLayout } from './cache-directory.js';
import { LARGEST_TRANSCRIPT } from './confirmation.js';
import type { Confirmation } from './confirmation.js';
import { stampOfExact } from './confirmed-stamp.js';
import { isExecutable, permissionBits } from './file-identity.js';
import type { FileMemo } from './file-memo.js';
import { keyText } from './key-digest.js';
import { onDisk } from './path-on-disk.js';
import { ancestorsOf } from './path-parts.js';
import type { Restoring } from './restore-entry.js';
import type { ManifestItem } from './stored-entry.js';
import { workspaceName } from './workspace-name.js';

/**
 * The confirmation of a hit whose observations were just found to hold and whose outputs were just
 * found in place, with what the task has written as the index has it now. Undefined where only the
 * index can tell the next time: a file whose stamp may stay the same when it is changed, a large
 * transcript, directories that would be removed as soon as they are empty.
 *
 * `memo` knows the digests of settled files only, so that a stamp it recalls stands for the content.
 */
export function makeConfirmation(
  { world, task, key, name, entry, facts, transcript }: Restoring,
  manifest: readonly ManifestItem[],
  memo: FileMemo,
  layout: CacheLayout,
): Confirmation | undefined {
  const size = transcript.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > LARGEST_TRANSCRIPT) return undefined;

  const { outputs } = entry;
  const wanted = outputs.filter(({ kind }) => kind !== 'deletion');
  const directories = new Set(wanted.flatMap(({ path }) => [...ancestorsOf(path)]));
  for (const { path, kind } of wanted) if (kind === 'directory') directories.add(path);
  const paths = new Set(outputs.map(({ path }) => path));
  if (manifest.some(({ path }) => !paths.has(path) && !directories.has(path))) return undefined;

  const all = facts();
  const files = new Map<WorkspacePath, readonly number[]>();
  const confirm = (path: WorkspacePath, digest: Digest, mode: (stat: BigIntStats) => boolean) => {
    const stat = lstatSync(onDisk(world.root, path), { bigint: true, throwIfNoEntry: false });
    // Compared again: it may have been changed meanwhile, and looked at for another task.
    if (!stat?.isFile() || memo.recall(stat) !== digest || !mode(stat)) return false;
    const stamp = stampOfExact(stat);
    const before = files.get(path);
    if (before !== undefined && before.some((part, at) => part !== stamp[at])) return false;
    files.set(path, stamp);
    return true;
  };
  for (const fact of all) {
    if (fact.kind !== 'content') continue;
    const { path, digest, executable } = fact;
    if (!confirm(path, digest, (stat) => isExecutable(stat) === executable)) return undefined;
  }
  for (const output of outputs) {
    if (output.kind !== 'file') continue;
    const { path, digest, mode } = output;
    if (!confirm(path, digest, (stat) => permissionBits(stat) === mode)) return undefined;
  }
  return {
    workspace: workspaceName(layout.root, world.root),
    task,
    key: keyText(key),
    entry: name,
    duration: entry.duration,
    made: Date.now(),
    files: [...files.keys()],
    stamps: [...files.values()].flat(),
    facts: all.filter(({ kind }) => kind !== 'content'),
    outputs: [...paths],
    directories: [...directories],
    links: outputs.flatMap((output) => (output.kind === 'symlink' ? output : [])),
    absent: outputs.flatMap(({ path, kind }) => (kind === 'deletion' ? path : [])),
    transcript,
  };
}
