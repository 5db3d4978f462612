import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { writerFor } from '../execute/process/stream-writer.js';
import type { OutputDemand } from '../execute/task-process.js';
import type { OutputStream } from '../report/output.js';

type OwnStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Linux: device 1:3. */
const DEV_NULL = 0x103;

/**
 * One of this process's own streams, which Node makes of it when it is first needed: that takes longer
 * than all that a cache hit has to say. Files are written at once; so are pipes, through a description
 * of their own that never blocks, until one is full: then, and for terminals and all else, by Node.
 */
export function ownStream(descriptor: 1 | 2, nodeStream: () => OwnStream): OutputStream {
  const direct = openDirectly(descriptor);
  let isDirect = direct !== undefined;
  let isClosed = false;

  /** What could not be written at once: all of it, nothing, or the rest. */
  const writeDirectly = (bytes: Uint8Array): Uint8Array => {
    let rest = bytes;
    try {
      while (isDirect && !isClosed && rest.length > 0) {
        rest = rest.subarray(writeSync(direct ?? descriptor, rest));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') isDirect = false;
      else isClosed = true;
    }
    return rest;
  };
  const send = (bytes: Uint8Array): OutputDemand | Promise<OutputDemand> => {
    const rest = writeDirectly(bytes);
    if (isClosed) return 'closed';
    return rest.length === 0 ? undefined : writerFor(nodeStream()).write(rest);
  };
  return {
    isTTY: direct === undefined && nodeStream().isTTY === true,
    get columns() {
      return direct === undefined ? nodeStream().columns : undefined;
    },
    write: (text) => {
      void send(Buffer.from(text));
    },
    send,
    flushed: () => (isDirect ? Promise.resolve() : writerFor(nodeStream()).flushed()),
  };
}

/** A descriptor that takes bytes at once or says that it cannot; undefined where there is none. */
function openDirectly(descriptor: number): number | undefined {
  try {
    const stat = fstatSync(descriptor);
    if (stat.isFile() || (stat.isCharacterDevice() && stat.rdev === DEV_NULL)) return descriptor;
    if (!stat.isFIFO()) return undefined;
    // Opened anew: O_NONBLOCK on the shared description would be one for everybody who has it.
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
