import type { Writable } from 'node:stream';
import { ColorFilter } from './color-filter.js';
import type { OnOutput } from '../task-process.js';
import type { OutputRecorder } from './output-recorder.js';
import { writerFor } from './stream-writer.js';

/** vt's own output. */
export interface OutputStreams {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether colours of a task that writes to pipes are taken off; default: no. */
  readonly plain?: boolean;
}

/**
 * The receiver for a task whose output is shown as it comes, byte for byte, at the speed of the
 * reader, and recorded for the cache. A recording is cut short when the reader goes away.
 */
export function showOutput(streams: OutputStreams, recorder?: OutputRecorder): OnOutput {
  const filters = { stdout: new ColorFilter(), stderr: new ColorFilter() };
  return (chunk) => {
    recorder?.add(chunk);
    const stream = chunk.stream === 'stderr' ? streams.stderr : streams.stdout;
    const filter =
      streams.plain !== true || chunk.stream === 'terminal' ? undefined : filters[chunk.stream];
    const demand = writerFor(stream).write(filter?.push(chunk.bytes) ?? chunk.bytes);
    if (recorder === undefined || demand === undefined) return demand;
    if (demand === 'closed') recorder.cutShort();
    else
      void demand.then((later) => {
        if (later === 'closed') recorder.cutShort();
      });
    return demand;
  };
}

/** Resolves when everything shown so far has left this process, so that it may exit. */
export async function outputFlushed(streams: OutputStreams): Promise<void> {
  await Promise.all([writerFor(streams.stdout).flushed(), writerFor(streams.stderr).flushed()]);
}
