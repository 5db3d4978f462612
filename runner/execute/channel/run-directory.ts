import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from '../../../cache/process-alive.js';

/** `vt-run-<pid of the runner>-<six characters of mkdtemp>` */
const NAME = /^vt-run-([1-9]\d*)-[A-Za-z0-9]{6}$/;

/** Milliseconds within which a runner has opened the request FIFO that it made, however busy the machine. */
const OPENED = 60 * 1000;

/** Milliseconds after which a directory without a request FIFO cannot be one just being made. */
const HALF_MADE = 60 * 60 * 1000;

/**
 * Makes the private directory (0700) of one task run. `openChannel` makes `ipc/` in it; whatever
 * else the run needs lives beside that. The caller removes it when the run is over.
 *
 * @param base where; by default `runDirectoryBase()`
 * @throws the system error if it cannot be made
 */
export function createRunDirectory(base: string = runDirectoryBase()): string {
  return mkdtempSync(path.join(base, `vt-run-${process.pid}-`));
}

/** Removes it when the run is over. Never throws: what cannot be removed is swept some day. */
export function removeRunDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // Somebody's file system does not let us.
  }
}

/**
 * XDG_RUNTIME_DIR if it is a directory of this user that only they can enter, as its specification
 * demands; else the directory for temporary files.
 */
export function runDirectoryBase(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && path.isAbsolute(runtime)) {
    const stats = statSync(runtime, { throwIfNoEntry: false });
    const isPrivate = stats?.isDirectory() && stats.uid === uid() && (stats.mode & 0o077) === 0;
    if (isPrivate) return runtime;
  }
  return os.tmpdir();
}

/**
 * Removes run directories whose runner died before it could. Never waits for anything, never
 * throws. A directory goes only if it is this user's, has a name `createRunDirectory` gives, the
 * process of that name is gone, and nobody reads its request FIFO, which is not quite new: the pid
 * alone may be that of a runner in another container.
 *
 * @returns the removed paths
 */
export async function sweepRunDirectories(base: string = runDirectoryBase()): Promise<string[]> {
  const removed: string[] = [];
  for (const name of namesIn(base)) {
    const pid = Number(NAME.exec(name)?.[1] ?? 0);
    const directory = path.join(base, name);
    if (pid === 0 || !isLeftover(directory, pid)) continue;
    try {
      await rm(directory, { recursive: true, force: true });
      removed.push(directory);
    } catch {
      // Somebody's file system does not let us: the next runner may try again.
    }
  }
  return removed;
}

function isLeftover(directory: string, pid: number): boolean {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (!stats?.isDirectory() || stats.uid !== uid() || isAlive(pid)) return false;
  const requests = path.join(directory, 'ipc/q');
  let made = 0;
  try {
    const fifo = lstatSync(requests);
    if (!fifo.isFIFO()) return false;
    made = fifo.mtimeMs;
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    closeSync(openSync(requests, flags));
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO') return Date.now() - made > OPENED;
    return code === 'ENOENT' && Date.now() - stats.mtimeMs > HALF_MADE;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function uid(): number | undefined {
  return process.getuid?.();
}
