import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { workspacePath } from '../../workspace/paths.js';

/** Looks for programs on the disk, for each only once: the tasks of a workspace use few. */
export class ProgramSearch {
  readonly #executable = new Map<string, boolean>();
  readonly #directories = new Map<string, boolean>();
  readonly #needsShell = new Map<string, boolean>();

  /** Where execvp would find a program, without following symlinks. Undefined: not found. */
  resolve(
    program: string,
    searchPath: string | undefined,
    cwd: AbsolutePath,
  ): AbsolutePath | undefined {
    if (program.includes('/')) {
      const file = path.resolve(cwd, program);
      return this.#isExecutable(file) ? (file as AbsolutePath) : undefined;
    }
    // An empty entry means the working directory; without PATH execvp has a default of its own.
    for (const entry of (searchPath ?? '/bin:/usr/bin').split(':')) {
      const directory = isCleaned(entry) ? entry : path.resolve(cwd, entry);
      if (!this.#isThere(directory)) continue;
      const file = directory === '/' ? `/${program}` : `${directory}/${program}`;
      if (this.#isExecutable(file)) return file as AbsolutePath;
    }
    return undefined;
  }

  /**
   * Whether the kernel may refuse to start the file, as it does a script without a `#!` line: then a
   * shell reads it. True also for formats that only this kernel knows: the shell starts those.
   */
  needsShell(file: AbsolutePath): boolean {
    return remembered(this.#needsShell, file, needsShell);
  }

  #isExecutable(file: string): boolean {
    return remembered(this.#executable, file, isExecutable);
  }

  /** Most packages have no programs of their own. */
  #isThere(directory: string): boolean {
    return remembered(this.#directories, directory, existsSync);
  }
}

function remembered(
  memory: Map<string, boolean>,
  key: string,
  find: (key: string) => boolean,
): boolean {
  let found = memory.get(key);
  if (found === undefined) memory.set(key, (found = find(key)));
  return found;
}

/** Whether `path.resolve` would leave it as it is. */
function isCleaned(entry: string): boolean {
  return (
    entry.startsWith('/') && !/\/(\.{0,2})(\/|$)/.test(entry.slice(0, -1)) && !entry.endsWith('/')
  );
}

/**
 * How a key names a program: relative to the workspace when inside, absolute when outside, as
 * written when there is none.
 */
export function programKey(
  program: string,
  resolved: AbsolutePath | undefined,
  root: AbsolutePath,
): string {
  if (resolved === undefined) return program;
  const inside = root === '/' ? undefined : workspacePath(root, resolved);
  return inside ?? resolved;
}

function needsShell(file: string): boolean {
  const head = Buffer.alloc(4);
  try {
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, head, 0, 4, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Executable and not readable: no script could be read either.
    return false;
  }
  return !head.toString('latin1').startsWith('#!') && head.toString('latin1') !== '\x7fELF';
}

function isExecutable(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
