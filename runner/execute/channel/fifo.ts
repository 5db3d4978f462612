import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/**
 * Makes FIFOs that only this user can open (0600), all with one process: Node has no mkfifo.
 *
 * @throws an error with the command's own words if one of them could not be made
 */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  const child = spawn('mkfifo', ['-m', '600', '--', ...paths], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim() || `mkfifo ended with ${signal ?? code}`));
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
