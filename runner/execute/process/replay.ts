import type { OutputChunk } from '../../../cache/stored-run.js';
import type { Stopping } from '../schedule/stopping.js';
import type { OnOutput, OutputDemand } from '../task-process.js';

/** Bytes handed on between two looks at the reader, so that a huge chunk is not queued at once. */
const PIECE = 64 * 1024;

/**
 * Hands on captured output in its order, at the speed of the receiver, as if the task were writing
 * it; a stream whose reader is gone is left out. Ends early when the run is stopped.
 */
export async function replay(
  chunks: readonly OutputChunk[],
  wrote: OnOutput,
  stopping: Pick<Stopping, 'reason' | 'onStop'>,
): Promise<void> {
  const closed = new Set<OutputChunk['stream']>();
  let forget = (): void => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    forget = stopping.onStop(() => {
      resolve(undefined);
    });
  });
  try {
    for (const { stream, bytes } of chunks) {
      for (let at = 0; at < bytes.length && !closed.has(stream); at += PIECE) {
        if (stopping.reason !== undefined) return;
        const demand = wrote({ stream, bytes: bytes.subarray(at, at + PIECE) });
        const answer = await Promise.race([
          demand as OutputDemand | Promise<OutputDemand>,
          stopped,
        ]);
        if (answer === 'closed') closed.add(stream);
      }
    }
  } finally {
    forget();
  }
}
