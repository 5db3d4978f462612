import { join } from 'node:path';
import type { BigIntStats } from 'node:fs';
import type { WorkspacePath } from './brands.js';
import type { ObservedRun } from './dependency-observation.js';
import { lstatOrAbsent } from './file-identity.js';
import { changedSince } from './late-change.js';
import type { Observation } from './observation.js';
import { listNames } from './present-files.js';
import type { Dependency, NotStored } from './stored-run.js';

/**
 * The names in a directory before the run: those in it now, without what the task made, with what
 * it removed; or, if it removed the directory, all that it is known to have removed or replaced. That is what the task saw unless
 * somebody else added or removed names meanwhile.
 *
 * A directory whose ctime is before the start has not changed at all. One that has, though the
 * task changed nothing in it, was changed by somebody else. Where the task changed names itself,
 * a name that somebody else added betrays itself: a file or link made or renamed into place since
 * the start has a later ctime, a new directory a later time of birth, a directory moved here a
 * later ctime and an older mtime. Two things cannot be seen afterwards: a name that somebody else
 * *removed* from a directory that the task changed too, and a directory that was moved into such a
 * one and changed in turn. To see these, names would have to be recorded when they are listed.
 */
export function listingBefore(
  dependency: Extract<Dependency, { kind: 'listing' }>,
  run: ObservedRun,
): Observation | NotStored {
  const { observer, path, created, deleted, replaced } = dependency;
  const directory = join(run.world.root, path);
  const stat = lstatOrAbsent(directory);
  const isThere = stat !== undefined && stat.isDirectory();
  const isAnother =
    !isThere ||
    (changedSince(stat, run.startStamp) &&
      run.own.wrote(path) &&
      !run.own.made(path) &&
      bornSince(stat, run.startStamp));
  if (isAnother) {
    if (!run.own.changed(path)) return { kind: 'modified-during-run', path };
    // Only an empty directory can be removed, and one that was moved took all it had along.
    if (replaced === undefined) return { kind: 'read-then-written', path };
    return { kind: 'listing', observer, path, names: [...deleted, ...replaced].sort() };
  }
  const moved = run.above.movedWith(path);
  if (moved !== undefined) return { kind: 'modified-during-run', path: moved };
  const names = listNames(directory);
  if (changedSince(stat, run.startStamp)) {
    const ownChange =
      created.length > 0 ||
      deleted.length > 0 ||
      dependency.changed === true ||
      run.own.changedNamesIn(path);
    if (!ownChange) return { kind: 'modified-during-run', path };
    const stranger = names
      .filter((name) => !created.includes(name))
      .map((name) => (path === '' ? name : `${path}/${name}`) as WorkspacePath)
      .find((child) => !run.own.wrote(child) && addedSince(child, run));
    if (stranger !== undefined) return { kind: 'modified-during-run', path: stranger };
  }
  const before = new Set([...names, ...deleted]);
  for (const name of created) before.delete(name);
  return { kind: 'listing', observer, path, names: [...before].sort() };
}

function addedSince(path: WorkspacePath, run: ObservedRun): boolean {
  // A name that is not UTF-8 cannot be looked at by this path: be careful.
  if (path.includes('\0')) return true;
  const stat = lstatOrAbsent(join(run.world.root, path));
  if (stat === undefined) return true;
  if (!changedSince(stat, run.startStamp)) return false;
  if (!stat.isDirectory()) return true;
  return bornSince(stat, run.startStamp) || stat.mtimeNs < run.startStamp;
}

/** File systems that do not tell the time of birth give the epoch or the ctime. */
function bornSince(stat: BigIntStats, moment: bigint): boolean {
  return stat.birthtimeNs === 0n || stat.birthtimeNs >= moment;
}
