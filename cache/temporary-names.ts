import { lstatSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './process-alive.js';

/**
 * `<kind>-<pid namespace>-<pid>-<random>`, to which sqlite may have added `-wal` and the like:
 * whoever finds it can tell whether its maker is alive.
 */
const NAME = /^[a-z]+-(\d+)-(\d+)-[0-9a-f]+(?:-[a-z]+)?$/;

/** Milliseconds after which a leftover goes even if a process has the number of its maker. */
const LEFTOVER_AGE = 24 * 60 * 60 * 1000;

let namespace: string | undefined;

/** `<pid namespace>-<pid>-<random>`, unused so far. No secret: loading node:crypto takes long. */
export function temporaryToken(): string {
  namespace ??= pidNamespace();
  return `${namespace}-${process.pid}-${randomDigits()}${randomDigits()}`;
}

/** An unused name for something this process removes again. `kind` is in lower-case letters. */
export function temporaryName(kind: string): string {
  return `${kind}-${temporaryToken()}`;
}

/**
 * Removes those of these names that were left by processes that are gone: killed, or out of power.
 * Processes in another container cannot be seen from here; what is theirs goes by its age. Never
 * throws.
 */
export function sweepTemporary(directory: string, names: Iterable<string>): void {
  for (const name of names) {
    const path = join(directory, name);
    try {
      if (isLeftover(path, name)) rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody's file system does not let us: the next process may try again.
    }
  }
}

/** Whether a name is that of another living process, as far as can be seen. */
export function isOfLiving(name: string): boolean {
  const [, owner, pid] = NAME.exec(name) ?? [];
  namespace ??= pidNamespace();
  return owner === namespace && Number(pid) !== process.pid && isAlive(Number(pid));
}

function isLeftover(path: string, name: string): boolean {
  const [, owner, pid] = NAME.exec(name) ?? [];
  if (owner === undefined) return false;
  namespace ??= pidNamespace();
  if (owner === namespace && !isAlive(Number(pid))) return true;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > LEFTOVER_AGE;
}

/** Eight hexadecimal ones. */
function randomDigits(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

/** 0 where there is no such thing. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
