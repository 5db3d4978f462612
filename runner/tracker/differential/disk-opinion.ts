import { createHash } from 'node:crypto';
import {
  lstatSync,
  lutimesSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import type { PathAccess, TaskTrace } from '../task-trace.js';

/**
 * What the file system itself tells of a run, by times of reading and by content: an opinion that
 * owes nothing to the tracker. It knows nothing of looks and of failed lookups; what it does know is
 * certain.
 */
export interface DiskOpinion {
  /** Files, directories and symlinks that were there before and after, and whose data was read. */
  readonly read: readonly string[];
  /** Paths where something is, or is not, that was otherwise before. */
  readonly changed: readonly string[];
}

/** What is at a path. */
interface Entry {
  readonly inode: number;
  /** Whether its data was read since `forgetReadings`. */
  readonly wasRead: boolean;
  /** Content, mode and time of change; of a directory, its mode alone. */
  readonly state: string;
}

export type DiskState = ReadonlyMap<string, Entry>;

/** Seconds since the epoch. */
const longAgo = 1;
const changedAt = 1_577_836_800;

/**
 * Sets the times of reading of all there is to long ago, so that the next reading moves them, and the
 * times of change to one that is the same in every run.
 */
export function forgetReadings(root: string): void {
  for (const path of statAll(root).keys()) lutimesSync(path, longAgo, changedAt);
}

export function lookAtDisk(root: string): DiskState {
  const entries = new Map<string, Entry>();
  for (const [path, stat] of statAll(root)) {
    const wasRead = stat.atimeMs >= 1000 * longAgo + 1000;
    entries.set(path, { inode: stat.ino, wasRead, state: stateOf(path, stat) });
  }
  return entries;
}

/** Each directory and file before its own data is read, which would move the time. */
function statAll(path: string, into = new Map<string, Stats>()): Map<string, Stats> {
  const stat = lstatSync(path);
  into.set(path, stat);
  if (stat.isDirectory()) for (const name of readdirSync(path)) statAll(join(path, name), into);
  return into;
}

function stateOf(path: string, stat: Stats): string {
  const mode = String(stat.mode);
  if (stat.isSymbolicLink()) return `${mode} ${readlinkSync(path)}`;
  if (!stat.isFile()) return mode;
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
  return `${mode} ${stat.mtimeMs} ${digest}`;
}

export function compareDisks(before: DiskState, after: DiskState): DiskOpinion {
  const changed: string[] = [];
  const read: string[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(path), after.get(path)];
    if (was?.inode !== is?.inode || was?.state !== is?.state) changed.push(path);
    else if (is?.wasRead === true) read.push(path);
  }
  return { read, changed };
}

/** What the disk knows and the trace does not, one line each. */
export function missedByTrace({ read, changed }: DiskOpinion, trace: TaskTrace): string[] {
  const accesses = new Map<string, PathAccess>(
    trace.accesses.map((access) => [access.path, access]),
  );
  const missed: string[] = [];
  for (const path of changed) {
    if (accesses.get(path)?.written === undefined) missed.push(`${path}: changed`);
  }
  for (const path of read) {
    const { written, contentRead, listed, linkFollowed } = accesses.get(path) ?? {};
    if (!(written ?? contentRead ?? listed ?? linkFollowed)) missed.push(`${path}: read`);
  }
  return missed;
}
