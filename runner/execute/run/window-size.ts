import type { Writable } from 'node:stream';
import type { Execution } from '../../plan/execution.js';
import type { RunningTask, TaskCommand } from '../task-process.js';

/** What a terminal that does not tell its size is taken for. */
const USUAL_SIZE = { columns: 80, rows: 24 } as const;

/** Something that may be a terminal. */
export type WindowStream = Writable & { readonly columns?: number; readonly rows?: number };

/** Where the output of a captured execution goes: a terminal is one of the size of vt's own. */
export function taskOutput(
  { capture }: Pick<Execution, 'capture'>,
  window: WindowStream,
): TaskCommand['output'] {
  return capture === 'terminal' ? { terminal: windowSize(window) } : capture;
}

/** The size of the terminal behind a stream, in characters. */
function windowSize(stream: WindowStream): { columns: number; rows: number } {
  return {
    columns: stream.columns ?? USUAL_SIZE.columns,
    rows: stream.rows ?? USUAL_SIZE.rows,
  };
}

/** Keeps the task's terminal at the size of vt's own; returns what ends it. */
export function followWindowSize(
  stream: WindowStream,
  task: Pick<RunningTask, 'resize'>,
): () => void {
  const onResize = (): void => {
    const { columns, rows } = windowSize(stream);
    task.resize(columns, rows);
  };
  stream.on('resize', onResize);
  return () => stream.off('resize', onResize);
}
