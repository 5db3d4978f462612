import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** Bytes of one read: as many as a pipe holds unless somebody enlarged it. */
const READ_BYTES = 65536;

/** Bytes without a question after which the next ones are left to gather. */
const MANY_BYTES = 65536;

/** Milliseconds of that: a pipe is about full then. */
const REST = 1;

/** Bytes that surely cover what was in the pipe when a drain began, whatever size it was given. */
const MOST_DRAINED = 16 << 20;

/**
 * `emptied`: the pipe had nothing more after `bytes`. `bytes` is only lent for the call.
 *
 * @returns whether anybody was waiting for an answer
 */
export type OnBytes = (bytes: Uint8Array, emptied: boolean) => boolean;

/**
 * The runner's end of the request FIFO: read by the event loop, without a thread that waits.
 *
 * Who reports by the thousand does not wait. To wake up for every few reports would cost more than to
 * read them, and take the processor from the one who reports; so then it rests between readings. A
 * question that falls into a rest waits for its end, once after so many bytes of reports. When there
 * was nothing to read, it is the event loop again that waits for more.
 */
export class RequestReader {
  readonly #socket: Socket;
  readonly #reader: number;
  readonly #writer: number;
  readonly #onBytes: OnBytes;
  readonly #buffer = Buffer.alloc(READ_BYTES);
  #settling: NodeJS.Immediate | undefined;
  #resting: NodeJS.Timeout | undefined;
  /** Bytes since somebody waited for an answer, or nothing more came. */
  #unasked = 0;
  #closed = false;

  /**
   * @param path an existing FIFO
   * @throws the system error if it cannot be opened
   */
  constructor(path: string, onBytes: OnBytes, onError: (error: Error) => void) {
    this.#onBytes = onBytes;
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // With a writer of our own the FIFO never ends, however the processes of the task come and go.
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    // The declared type of the constructor's options leaves `onread` out; the documentation has it.
    const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
      fd: this.#reader,
      readable: true,
      writable: false,
      onread: {
        buffer: Buffer.alloc(READ_BYTES),
        callback: (bytes, buffer) => {
          this.#take(buffer.subarray(0, bytes));
          return true;
        },
      },
    };
    this.#socket = new Socket(options);
    this.#socket.on('error', onError);
  }

  /** Reads until the pipe is empty. To be called when those whose words matter have ended. */
  drain(): void {
    for (let drained = 0; drained < MOST_DRAINED;) {
      const bytes = this.#read();
      this.#onBytes(bytes, bytes.length < READ_BYTES);
      if (bytes.length === 0) return;
      drained += bytes.length;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#settling);
    clearTimeout(this.#resting);
    this.#socket.destroy();
    closeSync(this.#writer);
  }

  #take(bytes: Uint8Array): void {
    clearImmediate(this.#settling);
    this.#settling = undefined;
    const wasAsked = this.#onBytes(bytes, bytes.length < READ_BYTES);
    this.#unasked = wasAsked ? 0 : this.#unasked + bytes.length;
    if (bytes.length === READ_BYTES) {
      // A full read may have been all there was: whether it was must not wait for the next request,
      // as its sender may be waiting for the answer to one that garbage hides.
      this.#settling = setImmediate(() => this.#take(this.#read()));
    } else if (this.#unasked >= MANY_BYTES && this.#resting === undefined) {
      this.#socket.pause();
      this.#resting = setTimeout(() => this.#lookAgain(), REST);
    }
  }

  #lookAgain(): void {
    this.#resting = undefined;
    const bytes = this.#read();
    if (bytes.length === 0) this.#unasked = 0;
    else this.#take(bytes);
    if (this.#resting === undefined) this.#socket.resume();
  }

  /** Nothing when the pipe is empty. Good until the next read. */
  #read(): Uint8Array {
    if (this.#closed) return this.#buffer.subarray(0, 0);
    try {
      const bytes = readSync(this.#reader, this.#buffer, 0, READ_BYTES, null);
      return this.#buffer.subarray(0, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return this.#buffer.subarray(0, 0);
      throw error;
    }
  }
}
