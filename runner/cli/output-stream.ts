import type { Writable } from 'node:stream';
import { writerFor } from '../execute/process/stream-writer.js';
import type { OutputStream } from '../report/output.js';

/** One of this process's own streams. */
export function outputStream(stream: Writable & { readonly isTTY?: boolean }): OutputStream {
  const writer = writerFor(stream);
  return {
    isTTY: stream.isTTY === true,
    write: (text) => {
      stream.write(text);
    },
    send: (bytes) => writer.write(bytes),
    flushed: () => writer.flushed(),
  };
}
