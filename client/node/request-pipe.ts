import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  statSync,
  writeSync,
  type BigIntStats,
} from 'node:fs';
import { pause } from './pause.js';

/** The runner is gone, or its request FIFO cannot be reached. */
export type Undelivered = 'runner-gone' | 'lost';

/** Device and inode: as numbers, which are cheaper to ask for, where these tell all apart. */
interface Identity {
  readonly dev: bigint | number;
  readonly ino: bigint | number;
}

/** Frames after which who says so much opens a descriptor of its own. */
const MANY_FRAMES = 64;

/** Frames written to it in one go before it is looked at again. */
const TRUSTED_FRAMES = 16;

/**
 * The way to the runner: the inherited descriptor if it really is the runner's FIFO, else the FIFO
 * opened by its path.
 *
 * Whoever owns this process may close the descriptor and open a file in its place, where a frame must
 * never end up. Everybody knows the number of the inherited one, and some use it for their own ends,
 * so it is looked at before each frame. That takes longer than writing does, and makes writing slow:
 * a file system that was asked for the times of a file notes the next one at once. So who says much
 * opens one of its own, whose number nobody is told. Only a stray close can take it away. That is
 * looked for every 16 frames, and whenever anybody but the one who speaks may have run.
 */
export class RequestPipe {
  readonly #directory: string;
  readonly #identity: Identity;
  #fd: number;
  /** The client has opened it, and closes it. */
  #opened: boolean;
  /** Opened for a client that says much. */
  #own = false;
  /** Frames written since the descriptor is this one. */
  #written = 0;
  /** Frames that may be written before the descriptor is looked at. */
  #trusted = 0;
  /** `distrust` is about to be called. */
  #watched = false;
  readonly #distrust = () => {
    this.#trusted = 0;
    this.#watched = false;
  };

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
  write(bytes: Uint8Array, start: number, end: number): 'written' | Undelivered {
    for (let wait = 0.25; ; wait = Math.min(wait * 2, 8)) {
      if (this.#trusted === 0) {
        const found = this.#find();
        if (found !== 'found') return found;
      }
      try {
        // At most 512 bytes: the pipe takes all of them or none.
        writeSync(this.#fd, bytes, start, end - start, null);
        this.#written += 1;
        if (this.#own) this.#trusted -= 1;
        return 'written';
      } catch (error) {
        this.#trusted = 0;
        const code = codeOf(error);
        if (code === 'EPIPE') return this.#close('runner-gone');
        if (code === 'EBADF' && !isSame(this.#fd, this.#identity)) continue;
        if (code !== 'EAGAIN' && code !== 'EINTR') return undelivered(this.#directory, error);
        pause(wait);
      }
    }
  }

  /** Makes sure that the descriptor is the FIFO. */
  #find(): 'found' | Undelivered {
    if (!isSame(this.#fd, this.#identity)) {
      const opened = openByPath(this.#directory, this.#identity);
      if (typeof opened === 'string') return opened;
      this.#take(opened, false);
    } else if (!this.#own && this.#written >= MANY_FRAMES) {
      const opened = openOwn(this.#directory, this.#identity);
      this.#written = 0;
      if (opened !== undefined) {
        if (this.#opened) closeSync(this.#fd);
        this.#take(opened, true);
      }
    }
    if (this.#own) {
      this.#trusted = TRUSTED_FRAMES;
      // Runs as soon as who speaks here lets anybody else run.
      if (!this.#watched) queueMicrotask(this.#distrust);
      this.#watched = true;
    }
    return 'found';
  }

  #take(fd: number, own: boolean): void {
    this.#fd = fd;
    this.#opened = true;
    this.#own = own;
    this.#written = 0;
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

/**
 * A descriptor that waits while the pipe is full, where that of `openByPath` makes the client pause.
 *
 * @returns undefined if there can be none: the one there is will do
 */
function openOwn(directory: string, identity: Identity): number | undefined {
  let both: number | undefined;
  try {
    // Opening for writing alone would wait for a reader, should the runner be gone by now.
    both = openSync(`${directory}/q`, constants.O_RDWR | constants.O_NONBLOCK);
    const fd = openSync(`${directory}/q`, constants.O_WRONLY);
    if (isSame(fd, identity)) return fd;
    closeSync(fd);
  } catch {
    // No descriptor is left, or the runner is gone: writing will tell.
  } finally {
    if (both !== undefined) closeSync(both);
  }
  return undefined;
}

function isSame(fd: number, { dev, ino }: Identity): boolean {
  if (fd < 0) return false;
  try {
    const found = typeof ino === 'bigint' ? fstatSync(fd, { bigint: true }) : fstatSync(fd);
    return found.ino === ino && found.dev === dev && found.isFIFO();
  } catch {
    return false;
  }
}

function fifoIdentity(stats: BigIntStats): Identity | undefined {
  if (!stats.isFIFO()) return undefined;
  const { dev, ino } = stats;
  return isExact(dev) && isExact(ino) ? { dev: Number(dev), ino: Number(ino) } : { dev, ino };
}

/** No other number than this one is rounded to it. */
function isExact(number: bigint): boolean {
  return number < Number.MAX_SAFE_INTEGER;
}
