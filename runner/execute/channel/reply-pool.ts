import {
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { hasReader, makeFifos, openWriter } from './fifo.js';

/** Reply FIFOs that wait to be claimed: at first, and at most when clients come in crowds. */
const FIRST_FREE = 8;
const MOST_FREE = 64;

/** Claimed reply FIFOs before those of dead clients are looked for. */
const FIRST_SEARCH = 16;

/** Bytes that may wait for one client to read them. A client reads before it asks again. */
const MOST_WAITING = 64 << 20;

interface ReplyFifo {
  readonly number: number;
  /** Where it is now: `f<N>` free, `c<N>` claimed, `x<N>` taken back from a silent claimer. */
  path: string;
  readonly fd: number;
  state: 'free' | 'claimed-silently' | 'in-use';
  /** Takes over the descriptor once a reply did not fit into the pipe. */
  socket?: Socket;
}

/** What became of a reply. */
export type Sent =
  | 'sent'
  /** The client died, or closed its end. */
  | 'reader-gone'
  /** There is no such FIFO. */
  | 'no-such-channel'
  /** The client asks and does not read: its FIFO has been closed. */
  | 'not-read';

/**
 * The reply FIFOs of one task. The runner holds a writing end of each from before it can be
 * claimed, and nobody else does: a client's read ends when the runner does, and never before.
 */
export class ReplyPool {
  readonly #directory: string;
  readonly #onFailure: (error: Error) => void;
  readonly #fifos = new Map<number, ReplyFifo>();
  #lastNumber = 0;
  #free = 0;
  #target = FIRST_FREE;
  #searchAt = FIRST_SEARCH;
  #refilling: Promise<void> | undefined;
  /** No more FIFOs are made. */
  #closed = false;

  /** @param onFailure no more FIFOs can be made: clients without one are told the runner is gone */
  private constructor(directory: string, onFailure: (error: Error) => void) {
    this.#directory = directory;
    this.#onFailure = onFailure;
  }

  /**
   * @param directory is made
   * @param alongside further FIFOs to make with the same process
   * @throws the system error if it or the first FIFOs cannot be made
   */
  static async create(
    directory: string,
    alongside: readonly string[],
    onFailure: (error: Error) => void,
  ): Promise<ReplyPool> {
    mkdirSync(directory, { mode: 0o700 });
    const pool = new ReplyPool(directory, onFailure);
    await pool.#add(FIRST_FREE, alongside);
    return pool;
  }

  /** Descriptors held now. */
  get size(): number {
    return this.#fifos.size;
  }

  /** Never waits for the client. @param bytes not kept */
  send(number: number, bytes: Uint8Array): Sent {
    const fifo = this.#fifos.get(number);
    if (fifo === undefined) return 'no-such-channel';
    if (fifo.state !== 'in-use' && !this.#noteUse(fifo)) return 'no-such-channel';
    if (fifo.socket !== undefined) return this.#queue(fifo, fifo.socket, bytes);
    let written = 0;
    try {
      written = writeSync(fifo.fd, bytes);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') {
        this.#drop(fifo);
        return 'reader-gone';
      }
    }
    if (written === bytes.length) return 'sent';
    fifo.socket = new Socket({ fd: fifo.fd, readable: false, writable: true });
    fifo.socket.on('error', () => this.#drop(fifo));
    return this.#queue(fifo, fifo.socket, bytes.slice(written));
  }

  /** A client found none free. */
  needMore(): void {
    if (this.#free === 0) this.#target = Math.min(this.#target * 2, MOST_FREE);
    this.#refill();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#refilling;
    for (const fifo of this.#fifos.values()) release(fifo);
    this.#fifos.clear();
  }

  #queue(fifo: ReplyFifo, socket: Socket, bytes: Uint8Array): Sent {
    if (socket.destroyed) return 'reader-gone';
    if (socket.writableLength + bytes.length > MOST_WAITING) {
      this.#drop(fifo);
      return 'not-read';
    }
    socket.write(bytes);
    return 'sent';
  }

  /** False if the FIFO has not been claimed: another client still may. */
  #noteUse(fifo: ReplyFifo): boolean {
    if (fifo.state === 'free') {
      const claimed = this.#path('c', fifo.number);
      if (!existsSync(claimed)) return false;
      this.#free -= 1;
      fifo.path = claimed;
    }
    fifo.state = 'in-use';
    if (this.#free <= this.#target / 2) this.#refill();
    return true;
  }

  #refill(): void {
    if (this.#closed || this.#refilling !== undefined) return;
    this.#refilling = this.#makeMore()
      .catch((error: unknown) => {
        // Who finds no free FIFO waits for one. There will be none: let it see that.
        rmSync(this.#directory, { recursive: true, force: true });
        if (!this.#closed) this.#onFailure(error as Error);
        this.#closed = true;
      })
      .finally(() => (this.#refilling = undefined));
  }

  async #makeMore(): Promise<void> {
    this.#noteSilentClaims();
    if (this.#fifos.size - this.#free >= this.#searchAt) this.#dropDead();
    while (this.#free < this.#target && !this.#closed) {
      await this.#add(this.#target - this.#free, []);
    }
  }

  async #add(count: number, alongside: readonly string[]): Promise<void> {
    const made = Array.from({ length: count }, () => {
      this.#lastNumber += 1;
      return { number: this.#lastNumber, path: this.#path('n', this.#lastNumber) };
    });
    await makeFifos([...alongside, ...made.map(({ path }) => path)]);
    if (this.#closed) return;
    for (const { number, path: madePath } of made) {
      const fd = openWriter(madePath);
      // Only now can it be claimed: a reader without a writer would see the end.
      const free = this.#path('f', number);
      renameSync(madePath, free);
      this.#fifos.set(number, { number, path: free, fd, state: 'free' });
      this.#free += 1;
    }
  }

  /** Finds FIFOs whose claimer has said nothing yet, and perhaps died before it could. */
  #noteSilentClaims(): void {
    for (const name of readdirSync(this.#directory)) {
      const fifo = name.startsWith('c') ? this.#fifos.get(Number(name.slice(1))) : undefined;
      if (fifo?.state !== 'free') continue;
      this.#free -= 1;
      fifo.state = 'claimed-silently';
      fifo.path = this.#path('c', fifo.number);
    }
  }

  /**
   * Closes the FIFOs nobody reads any more. Clients that have used theirs have it open. One that
   * has just claimed its own may not yet: taking the name away first makes it find that out and
   * claim another, instead of opening a FIFO that has lost its writer.
   */
  #dropDead(): void {
    for (const fifo of this.#fifos.values()) {
      if (fifo.state === 'free') continue;
      if (fifo.state === 'claimed-silently') {
        const taken = this.#path('x', fifo.number);
        if (fifo.path !== taken) renameSync(fifo.path, taken);
        fifo.path = taken;
      }
      if (!hasReader(fifo.path)) this.#drop(fifo);
    }
    // Twice as many as are alive: the search costs a constant per claim, and descriptors are bounded.
    this.#searchAt = Math.max(FIRST_SEARCH, 2 * (this.#fifos.size - this.#free));
  }

  #drop(fifo: ReplyFifo): void {
    if (!this.#fifos.delete(fifo.number)) return;
    release(fifo);
    rmSync(fifo.path, { force: true });
  }

  #path(state: 'n' | 'f' | 'c' | 'x', number: number): string {
    return path.join(this.#directory, `${state}${number}`);
  }
}

function release({ fd, socket }: ReplyFifo): void {
  if (socket === undefined) closeSync(fd);
  else socket.destroy();
}
