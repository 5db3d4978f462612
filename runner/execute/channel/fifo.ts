import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { nativePaths } from '../../tracker/load-tracker.js';
import { maskedStdio } from '../process/pseudo-terminal.js';

/** What execute/native/module.c exports. */
interface NativeModule {
  /** Returns 0, or the errno. */
  makeFifo(path: string): number;
}

let loaded: NativeModule | 'none' | undefined;

/**
 * Makes FIFOs that only this user can open (0600). Node has no mkfifo: the native part does, else one
 * process for all of them.
 *
 * @throws a system error if one of them could not be made
 */
export async function makeFifos(
  paths: readonly string[],
  native: NativeModule | 'none' = nativeModule(),
): Promise<void> {
  if (native === 'none') return makeByProcess(paths);
  for (const path of paths) {
    const errno = native.makeFifo(path);
    if (errno === 0) continue;
    const code = getSystemErrorName(-errno);
    const message = `${code}: cannot make a FIFO, mkfifo '${path}'`;
    throw Object.assign(new Error(message), { code, errno: -errno, syscall: 'mkfifo', path });
  }
}

function nativeModule(): NativeModule | 'none' {
  if (loaded !== undefined) return loaded;
  const native = nativePaths();
  const file = native.kind === 'available' ? native.module : undefined;
  try {
    const module = { exports: {} };
    if (file !== undefined) process.dlopen(module, file);
    loaded = 'makeFifo' in module.exports ? (module.exports as NativeModule) : 'none';
  } catch {
    loaded = 'none'; // made for another C library, say
  }
  return loaded;
}

async function makeByProcess(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const child = spawn('mkfifo', ['-m', '600', '--', ...paths], {
    stdio: maskedStdio(['ignore', 'ignore', 'pipe']),
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const message = said.trim() || `mkfifo ended with ${signal ?? code}`;
      reject(Object.assign(new Error(message), { code: 'EIO', path: paths[0] }));
    });
  });
}

/**
 * Opens the writing end without waiting for a reader.
 *
 * @returns a descriptor in non-blocking mode
 */
export function openWriter(path: string): number {
  // A writer alone is refused (ENXIO), a reader alone is not, and a writer beside it neither.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } finally {
    closeSync(reader);
  }
}

/** Whether any process has the reading end open. A FIFO that is gone has none. */
export function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Anything else, such as a lack of descriptors, says nothing about the reader.
    return code !== 'ENXIO' && code !== 'ENOENT';
  }
}
