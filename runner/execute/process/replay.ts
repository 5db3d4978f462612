import type { OutputChunk } from '../../../cache/stored-run.js';
import type { OutputStreams } from './show-output.js';
import { outputFlushed } from './show-output.js';
import { writerFor } from './stream-writer.js';
import { ColorFilter } from './color-filter.js';
import { TerminalText } from './terminal-text.js';

/** Bytes written between two looks at the reader, so that a huge chunk is not queued at once. */
const PIECE = 64 * 1024;

/** Where a captured run is replayed to. */
export interface ReplayTarget extends OutputStreams {
  /** Whether `stdout` is a terminal: what was captured from one is otherwise made plain text. */
  readonly isTerminal: boolean;
}

/**
 * Writes captured output in its order, at the speed of the readers; a stream whose reader is gone
 * is left out. Resolves when all of it has left this process.
 */
export async function replay(chunks: readonly OutputChunk[], to: ReplayTarget): Promise<void> {
  const text = to.isTerminal ? undefined : new TerminalText();
  const colors =
    to.plain === true ? { stdout: new ColorFilter(), stderr: new ColorFilter() } : undefined;
  for (const { stream, bytes } of chunks) {
    const target = stream === 'stderr' ? to.stderr : to.stdout;
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      const filter = stream === 'terminal' ? text : colors?.[stream];
      const shown = filter?.push(piece) ?? piece;
      if (shown.length > 0) await writerFor(target).write(shown);
    }
  }
  for (const filter of [text, colors?.stdout, colors?.stderr]) {
    const rest = filter?.end();
    const target = filter === colors?.stderr ? to.stderr : to.stdout;
    if (rest !== undefined && rest.length > 0) await writerFor(target).write(rest);
  }
  await outputFlushed(to);
}
