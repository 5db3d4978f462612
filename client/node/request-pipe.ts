import { closeSync, constants, fstatSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { pause } from './pause.js';

/** The runner is gone, or its request FIFO cannot be reached. */
export type Undelivered = 'runner-gone' | 'lost';

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * The way to the runner: the inherited descriptor if it really is the runner's FIFO, else the FIFO
 * opened by its path.
 */
export class RequestPipe {
  readonly #directory: string;
  readonly #identity: Identity;
  #fd: number;
  #opened: boolean;

  private constructor(directory: string, identity: Identity, fd: number, opened: boolean) {
    this.#directory = directory;
    this.#identity = identity;
    this.#fd = fd;
    this.#opened = opened;
  }

  /**
   * @param directory value of VT_IPC_DIR
   * @param inherited value of VT_IPC_FD
   */
  static open(directory: string, inherited: string | undefined): RequestPipe | Undelivered {
    let identity: Identity | undefined;
    try {
      identity = fifoIdentity(statSync(`${directory}/q`, { bigint: true }));
    } catch (error) {
      return undelivered(directory, error);
    }
    if (identity === undefined) return 'runner-gone';
    const fd = inherited !== undefined && /^\d+$/.test(inherited) ? Number(inherited) : -1;
    if (fd >= 0 && isSame(fd, identity)) return new RequestPipe(directory, identity, fd, false);
    const opened = openByPath(directory, identity);
    if (typeof opened === 'string') return opened;
    return new RequestPipe(directory, identity, opened, true);
  }

  /** Writes one frame, waiting while the pipe is full. */
  write(frame: Uint8Array): 'written' | Undelivered {
    for (let wait = 0.25; ; wait = Math.min(wait * 2, 8)) {
      // Whoever owns this process may have closed the descriptor and opened a file in its place:
      // a frame must never end up there.
      if (!isSame(this.#fd, this.#identity)) {
        const opened = openByPath(this.#directory, this.#identity);
        if (typeof opened === 'string') return opened;
        this.#fd = opened;
        this.#opened = true;
      }
      try {
        // At most 512 bytes: the pipe takes all of them or none.
        writeSync(this.#fd, frame);
        return 'written';
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EPIPE') return this.#close('runner-gone');
        if (code !== 'EAGAIN' && code !== 'EINTR') return undelivered(this.#directory, error);
        pause(wait);
      }
    }
  }

  #close(why: Undelivered): Undelivered {
    if (this.#opened) closeSync(this.#fd);
    this.#fd = -1;
    return why;
  }
}

/**
 * Leaves word for the runner, which looks for it when the task has ended, that this process had
 * something to say and could not. Making a directory needs no free descriptor.
 */
export function leaveWord(directory: string): void {
  try {
    mkdirSync(`${directory}/lost-${process.pid}`);
  } catch {
    // Another thread left word already, or the runner and its directory are gone.
  }
}

/** What a failed system call on the channel's files means; leaves word if it must be known. */
export function undelivered(directory: string, error: unknown): Undelivered {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENXIO' || code === 'ENOTDIR') return 'runner-gone';
  leaveWord(directory);
  return 'lost';
}

/** `errno` of a failed system call, such as `EAGAIN`. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function openByPath(directory: string, identity: Identity): number | Undelivered {
  let fd;
  try {
    // Without O_NONBLOCK the open would wait for a reader if the runner is gone.
    fd = openSync(`${directory}/q`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    return undelivered(directory, error);
  }
  if (isSame(fd, identity)) return fd;
  closeSync(fd);
  return 'runner-gone';
}

function isSame(fd: number, { dev, ino }: Identity): boolean {
  if (fd < 0) return false;
  try {
    const found = fifoIdentity(fstatSync(fd, { bigint: true }));
    return found?.ino === ino && found.dev === dev;
  } catch {
    return false;
  }
}

function fifoIdentity(stats: {
  isFIFO(): boolean;
  dev: bigint;
  ino: bigint;
}): Identity | undefined {
  return stats.isFIFO() ? { dev: stats.dev, ino: stats.ino } : undefined;
}
