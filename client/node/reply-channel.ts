import { closeSync, constants, openSync, readdirSync, readSync, renameSync } from 'node:fs';
import { MAX_REPLY_BYTES } from '../../proto/frame.js';
import { Reply } from '../../proto/generated/vt/ipc/v1/ipc.js';
import { pause } from './pause.js';
import { codeOf, undelivered, type Undelivered } from './request-pipe.js';

/** A reply FIFO that belongs to this thread alone. The runner is its only writer. */
export class ReplyChannel {
  readonly #fd: number;
  #buffer = Buffer.alloc(4096);
  #filled = 0;

  private constructor(
    /** What frames name it by. */
    readonly number: number,
    fd: number,
  ) {
    this.#fd = fd;
  }

  /**
   * Takes a free reply FIFO for this thread, waiting while there is none.
   *
   * @param directory value of VT_IPC_DIR
   * @param askForMore tells the runner that none is free; its failure ends the wait
   */
  static claim(
    directory: string,
    askForMore: () => 'written' | Undelivered,
  ): ReplyChannel | Undelivered {
    try {
      for (let wait = 0.5; ; wait = Math.min(wait * 2, 16)) {
        const free = readdirSync(`${directory}/r`).filter((name) => name.startsWith('f'));
        // Where to begin is left to chance so that many processes at once do not all try the same.
        for (let left = free.length, at = Math.floor(Math.random() * left); left > 0; left -= 1) {
          const name = free[(at += 1) % free.length] ?? '';
          const number = Number(name.slice(1));
          const fd = take(`${directory}/r`, number);
          if (fd !== undefined) return new ReplyChannel(number, fd);
        }
        const asked = askForMore();
        if (asked !== 'written') return asked;
        pause(wait);
      }
    } catch (error) {
      return undelivered(directory, error);
    }
  }

  /** Waits for the reply to the frame with this number. The end of the FIFO is the runner's end. */
  read(sequence: number): Reply | Undelivered {
    for (;;) {
      const reply = this.#readOne();
      if (reply === undefined) return 'runner-gone';
      if (reply.sequence === sequence) return reply;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #readOne(): Reply | undefined {
    let length = 0;
    for (let at = 0, shift = 0; ; at += 1, shift += 7) {
      if (at >= this.#filled && !this.#readMore()) return undefined;
      const byte = this.#buffer[at] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      if (length > MAX_REPLY_BYTES || shift > 28) return undefined;
      if (byte >= 0x80) continue;
      const start = at + 1;
      const end = start + length;
      while (this.#filled < end) {
        this.#makeRoom(end);
        if (!this.#readMore()) return undefined;
      }
      const reply = Reply.decode(Uint8Array.prototype.slice.call(this.#buffer, start, end));
      this.#buffer.copyWithin(0, end, this.#filled);
      this.#filled -= end;
      return reply;
    }
  }

  #makeRoom(size: number): void {
    if (size <= this.#buffer.length) return;
    const larger = Buffer.alloc(size);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }

  /** False at the end of the FIFO. */
  #readMore(): boolean {
    this.#makeRoom(this.#filled + 1);
    for (let wait = 0.25; ; wait = Math.min(wait * 2, 8)) {
      try {
        const room = this.#buffer.length - this.#filled;
        const bytes = readSync(this.#fd, this.#buffer, this.#filled, room, null);
        this.#filled += bytes;
        return bytes > 0;
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN' && codeOf(error) !== 'EINTR') return false;
        pause(wait);
      }
    }
  }
}

/**
 * The descriptor of reply FIFO `number`, which nobody else can have claimed; undefined if another
 * was faster, or the runner took the claimer for dead.
 */
function take(replies: string, number: number): number | undefined {
  const opened: number[] = [];
  try {
    renameSync(`${replies}/f${number}`, `${replies}/c${number}`);
    const open = (flags: number) => {
      const fd = openSync(`${replies}/c${number}`, flags);
      opened.push(fd);
      return fd;
    };
    // A plain open for reading would wait forever if the runner, its writer, were gone by now.
    // With a writer of our own it does not wait, and without it again reading ends with the runner.
    open(constants.O_RDONLY | constants.O_NONBLOCK);
    open(constants.O_WRONLY | constants.O_NONBLOCK);
    open(constants.O_RDONLY);
    return opened.pop();
  } catch (error) {
    const reader = opened.length === 3 ? opened.pop() : undefined;
    if (reader !== undefined) closeSync(reader);
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
