import { readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest, WorkspacePath } from './brands.js';
import { contentDigest } from './content-digest.js';
import { entryKind, isExecutable, lstatOrAbsent } from './file-identity.js';
import { changedSince } from './late-change.js';
import type { DirectoriesAbove } from './late-change.js';
import type { FileMemo } from './file-memo.js';
import { jsonValueAt, MOST_JSON_BYTES } from './json-value.js';
import { listingBefore } from './listing-before.js';
import type { Observation } from './observation.js';
import { statProgram } from './observation-check.js';
import type { OwnChanges } from './own-changes.js';
import { fromBytes } from './path-on-disk.js';
import type { Dependency, NotStored } from './stored-run.js';
import type { World } from './world.js';

/** What is known of the run whose dependencies are turned into observations. */
export interface ObservedRun {
  readonly world: World;
  readonly memo: FileMemo;
  readonly own: OwnChanges;
  readonly above: DirectoriesAbove;
  /** See FinishedRun. */
  readonly startStamp: bigint;
}

/**
 * Takes the digest or state a dependency had *before the task changed anything*, or says why that
 * can no longer be known. Files are looked at after the run, so for each kind it must be excluded
 * that what is found now is not what the task saw:
 *
 * - content: the file's ctime must be before the start (no change of bytes, mode or name leaves the
 *   ctime as it was). Of a file that the task changed, what it was must have been taken before the
 *   change (`before`), when its ctime was still before the start. The exception is a file that the
 *   task keeps for itself (`asLeft`): there the state it left is what counts.
 * - absence, existence: what the task saw is told by its trace. If the task did not change the path,
 *   it must still be so; otherwise somebody else changed it.
 * - link: the same, and as for content its ctime must be before the start.
 * - content, link and listing: nobody else may have moved a directory above (late-change.ts).
 * - listing: see listing-before.ts.
 * - glob: taken before the start by the caller, or now if the task deleted nothing.
 * - json: as for content; the task did not change the file.
 * - program: size and mtime, with a ctime before the start.
 * - variables: told by the caller.
 */
export async function observe(
  dependency: Dependency,
  run: ObservedRun,
): Promise<Observation | NotStored> {
  const { observer } = dependency;
  switch (dependency.kind) {
    case 'content':
      return observeContent(dependency, run);
    case 'absence': {
      const { path } = dependency;
      if (!run.own.changed(path) && present(path, run)) return modifiedDuringRun(path);
      return { kind: 'absence', observer, path };
    }
    case 'existence': {
      const { path, entry } = dependency;
      if (!run.own.changed(path)) {
        const stat = present(path, run);
        if (stat === undefined || entryKind(stat) !== entry) return modifiedDuringRun(path);
      }
      return { kind: 'existence', observer, path, entry };
    }
    case 'link': {
      const { path, target } = dependency;
      const edit = run.own.changed(path) ? undefined : linkEdit(path, target, run);
      return edit ?? { kind: 'link', observer, path, target };
    }
    case 'listing':
      return listingBefore(dependency, run);
    case 'glob':
      return observeGlob(dependency, run);
    case 'json':
      return observeJson(dependency, run);
    case 'program':
      return observeProgram(dependency, run);
    case 'env': {
      const { name, value } = dependency;
      const valueDigest = value === undefined ? null : contentDigest(value);
      return { kind: 'env', observer, name, valueDigest };
    }
    case 'env-query': {
      const matches = [...dependency.matches]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => ({ name, valueDigest: contentDigest(value) }));
      return { kind: 'env-query', observer, pattern: dependency.pattern, matches };
    }
  }
}

/**
 * A trace tells where a link led by the text that it has after the run: a link made in its place
 * since the start is known by its ctime only.
 */
function linkEdit(path: WorkspacePath, target: string, run: ObservedRun): NotStored | undefined {
  const moved = run.above.movedSince(path);
  if (moved !== undefined) return modifiedDuringRun(moved);
  const stat = present(path, run);
  if (stat?.isSymbolicLink() !== true || changedSince(stat, run.startStamp)) {
    return modifiedDuringRun(path);
  }
  const text = fromBytes(readlinkSync(join(run.world.root, path), { encoding: 'buffer' }));
  return text === target ? undefined : modifiedDuringRun(path);
}

async function observeContent(
  { path, observer, asLeft, before }: Extract<Dependency, { kind: 'content' }>,
  run: ObservedRun,
): Promise<Observation | NotStored> {
  const isLate = (stat: { readonly ctimeNs: bigint }) =>
    asLeft !== true && changedSince(stat, run.startStamp);
  if (before !== undefined && 'digest' in before) {
    const { digest, executable } = before;
    if (isLate(before)) return modifiedDuringRun(path);
    if (!run.own.changed(path) && !(await isStill(path, digest, run))) {
      return modifiedDuringRun(path);
    }
    return { kind: 'content', observer, path, digest, executable };
  }
  if (before === undefined && run.own.changed(path)) return { kind: 'read-then-written', path };
  const place = before?.movedTo ?? path;
  const stat = present(place, run);
  if (stat === undefined) return modifiedDuringRun(path);
  // A directory can be opened for reading; what is in it is only had by listing it.
  if (stat.isDirectory()) return { kind: 'existence', observer, path, entry: 'directory' };
  const moved = asLeft === true ? undefined : run.above.movedSince(place);
  if (moved !== undefined) return modifiedDuringRun(moved);
  if (isLate(stat)) return modifiedDuringRun(path);
  if (!stat.isFile()) return { kind: 'unreadable-input', path, detail: 'not-a-file' };
  const read = await run.memo.digest(join(run.world.root, place), stat);
  if ('failure' in read) {
    if (read.failure === 'changed' || read.failure === 'ENOENT') return modifiedDuringRun(path);
    return { kind: 'unreadable-input', path, detail: read.failure };
  }
  if (isLate(read.stat)) return modifiedDuringRun(path);
  return { kind: 'content', observer, path, digest: read.digest, executable: isExecutable(stat) };
}

async function observeJson(
  dependency: Extract<Dependency, { kind: 'json' }>,
  run: ObservedRun,
): Promise<Observation | NotStored> {
  const { path, pointer, observer } = dependency;
  const moved = run.above.movedSince(path);
  if (moved !== undefined) return modifiedDuringRun(moved);
  const asContent = () => observeContent({ kind: 'content', path, observer }, run);
  const stat = present(path, run);
  if (run.own.changed(path) || !stat?.isFile() || stat.size > MOST_JSON_BYTES) return asContent();
  let bytes: Buffer;
  try {
    bytes = await readFile(join(run.world.root, path));
  } catch {
    return asContent();
  }
  const value = jsonValueAt(bytes, pointer);
  if (value.kind === 'unusable') return asContent();
  // Looked at again: it may have been changed while it was read.
  const after = present(path, run);
  const isSame = after?.ino === stat.ino && after.dev === stat.dev;
  if (!isSame || changedSince(stat, run.startStamp) || changedSince(after, run.startStamp)) {
    return modifiedDuringRun(path);
  }
  const valueDigest = value.kind === 'none' ? null : contentDigest(value.text);
  return { kind: 'json', observer, path, pointer, valueDigest };
}

/** Whether a file, of which the run changed no more than its names, holds what it did. */
async function isStill(path: WorkspacePath, digest: Digest, run: ObservedRun): Promise<boolean> {
  const stat = present(path, run);
  if (!stat?.isFile()) return false;
  const read = await run.memo.digest(join(run.world.root, path), stat);
  return 'digest' in read && read.digest === digest;
}

async function observeGlob(
  dependency: Extract<Dependency, { kind: 'glob' }>,
  run: ObservedRun,
): Promise<Observation | NotStored> {
  const { observer, include, exclude } = dependency;
  const now = await run.world.expandGlobs(include, exclude);
  const before = dependency.matches ?? now.filter((path) => !run.own.made(path));
  const deleted = run.own.deletion();
  if (dependency.matches === undefined && deleted !== undefined) {
    return { kind: 'read-then-written', path: deleted };
  }
  const others = symmetricDifference(before, now).filter((path) => !run.own.changed(path));
  if (others[0] !== undefined) return modifiedDuringRun(others[0]);
  return { kind: 'glob', observer, include, exclude, matches: [...before].sort() };
}

function observeProgram(
  { path, names = [], observer }: Extract<Dependency, { kind: 'program' }>,
  run: ObservedRun,
): Observation | NotStored {
  const stat = statProgram(path);
  if (stat === undefined || changedSince(stat, run.startStamp)) {
    return { kind: 'modified-during-run', path };
  }
  return { kind: 'program', observer, path, size: stat.size, mtime: stat.mtimeNs, names };
}

function present(path: WorkspacePath, run: ObservedRun) {
  return lstatOrAbsent(join(run.world.root, path));
}

function modifiedDuringRun(path: WorkspacePath): NotStored {
  return { kind: 'modified-during-run', path };
}

function symmetricDifference(
  a: readonly WorkspacePath[],
  b: readonly WorkspacePath[],
): WorkspacePath[] {
  const [inA, inB] = [new Set(a), new Set(b)];
  return [...a.filter((path) => !inB.has(path)), ...b.filter((path) => !inA.has(path))];
}
