import type { Writable } from 'node:stream';
import type { OutputDemand } from '../task-process.js';

/**
 * Writes to one of vt's own streams at the speed of its reader, and notices when the reader is
 * gone. There is one per stream, made by {@link writerFor}.
 */
export class StreamWriter {
  readonly #stream: Writable;
  #closed = false;
  #room: Promise<OutputDemand> | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    const close = () => {
      this.#closed = true;
    };
    // Without a listener, EPIPE from `vt … | head` would be an uncaught error.
    stream.on('error', close);
    stream.on('close', close);
  }

  /**
   * Hands bytes over; they must not be changed afterwards. The answer is a promise while the reader
   * is behind, and `closed` once it is gone.
   */
  write(bytes: Uint8Array): OutputDemand | Promise<OutputDemand> {
    if (this.#closed) return 'closed';
    if (this.#stream.write(bytes)) return undefined;
    return (this.#room ??= this.#waitForRoom());
  }

  /** Resolves when everything handed over so far has left this process, or cannot any more. */
  async flushed(): Promise<void> {
    if (this.#closed || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      // Also called, with an error, when the stream fails before.
      this.#stream.write('', () => {
        resolve();
      });
    });
  }

  async #waitForRoom(): Promise<OutputDemand> {
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of ['drain', 'error', 'close']) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) this.#stream.on(event, done);
    });
    this.#room = undefined;
    return this.#closed ? 'closed' : undefined;
  }
}

const writers = new WeakMap<Writable, StreamWriter>();

/** The one writer of `stream`: any number of tasks share it. */
export function writerFor(stream: Writable): StreamWriter {
  let writer = writers.get(stream);
  if (writer === undefined) {
    writer = new StreamWriter(stream);
    writers.set(stream, writer);
  }
  return writer;
}
