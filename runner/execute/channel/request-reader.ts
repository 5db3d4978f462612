import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** Bytes of one read: as many as a pipe holds unless somebody enlarged it. */
const READ_BYTES = 65536;

/** Bytes that surely cover what was in the pipe when a drain began, whatever size it was given. */
const MOST_DRAINED = 16 << 20;

/** `emptied`: the pipe had nothing more after `bytes`. `bytes` is only lent for the call. */
export type OnBytes = (bytes: Uint8Array, emptied: boolean) => void;

/** The runner's end of the request FIFO: read by the event loop, without a thread that waits. */
export class RequestReader {
  readonly #socket: Socket;
  readonly #reader: number;
  readonly #writer: number;
  readonly #onBytes: OnBytes;
  readonly #buffer = Buffer.alloc(READ_BYTES);
  #settling: NodeJS.Immediate | undefined;
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
      this.#onBytes(this.#buffer.subarray(0, bytes), bytes < READ_BYTES);
      if (bytes === 0) return;
      drained += bytes;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#settling);
    this.#socket.destroy();
    closeSync(this.#writer);
  }

  #take(bytes: Uint8Array): void {
    clearImmediate(this.#settling);
    this.#settling = undefined;
    this.#onBytes(bytes, bytes.length < READ_BYTES);
    // A full read may have been all there was: whether it was must not wait for the next request,
    // as its sender may be waiting for the answer to one that garbage hides.
    if (bytes.length === READ_BYTES) this.#settling = setImmediate(() => this.#settle());
  }

  #settle(): void {
    const bytes = this.#read();
    this.#take(this.#buffer.subarray(0, bytes));
  }

  /** 0 when the pipe is empty. */
  #read(): number {
    if (this.#closed) return 0;
    try {
      return readSync(this.#reader, this.#buffer, 0, READ_BYTES, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
