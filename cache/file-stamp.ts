import { closeSync, fstatSync, futimesSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryName } from './temporary-names.js';

/** Clock ticks of Linux are 1 to 10 ms; a clock that stands still longer ticks in seconds. */
const PATIENCE = 20;

/**
 * The present moment in nanoseconds by the clock that stamps files: everything changed before this
 * call has an earlier ctime, everything changed after it the same or a later one. `directory` must
 * be writable and on a file system with the same clock as the files in question.
 *
 * The file clock advances in ticks, so a file written just before would share the tick. Asking for
 * a ctime and changing the file again yields a new one at once since Linux 6.13 (multigrain
 * timestamps) and with the next tick on older kernels. Where ticks are longer than 20 ms the first
 * half of the promise is given up: what was changed in this very tick seems to be changed later.
 */
export function takeFileStamp(directory: string): bigint {
  const path = join(directory, temporaryName('stamp'));
  const file = openSync(path, 'wx', 0o600);
  try {
    const first = fstatSync(file, { bigint: true }).ctimeNs;
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      futimesSync(file, 0, 0);
      const now = fstatSync(file, { bigint: true }).ctimeNs;
      if (now > first || performance.now() > deadline) return now;
    }
  } finally {
    closeSync(file);
    // Its times look old enough for it to be swept away.
    rmSync(path, { force: true });
  }
}
