import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import { workspacePath } from '../../workspace/paths.js';

/** Where execvp would find a program, without following symlinks. Undefined: not found. */
export function resolveProgram(
  program: string,
  searchPath: string | undefined,
  cwd: AbsolutePath,
): AbsolutePath | undefined {
  if (program.includes('/')) {
    const file = path.resolve(cwd, program);
    return isExecutable(file) ? (file as AbsolutePath) : undefined;
  }
  // An empty entry means the working directory; without PATH execvp has a default of its own.
  for (const directory of (searchPath ?? '/bin:/usr/bin').split(':')) {
    const file = path.resolve(cwd, directory, program);
    if (isExecutable(file)) return file as AbsolutePath;
  }
  return undefined;
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

/**
 * Whether the kernel may refuse to start the file, as it does a script without a `#!` line: then a
 * shell reads it. True also for formats that only this kernel knows: the shell starts those.
 */
export function needsShell(file: AbsolutePath): boolean {
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
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
