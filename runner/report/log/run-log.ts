import type { RunEvents } from '../../execute/schedule/run-events.js';
import { isInActions } from './annotation.js';
import { createGroupedLog } from './grouped-log.js';
import { createInterleavedLog, createLabeledLog } from './line-log.js';
import type { LogOptions } from './log-options.js';

/** How the output of several tasks is told apart. */
export type LogMode = 'interleaved' | 'labeled' | 'grouped';

/** All of them, the default first. */
export const logModes: readonly LogMode[] = ['interleaved', 'labeled', 'grouped'];

/** What is used unless something was said: where output can be folded, it is. */
export function usualLogMode(env: LogOptions['env']): LogMode {
  return isInActions(env) ? 'grouped' : 'interleaved';
}

/** Shows a run of `vt run`. */
export function createRunLog(mode: LogMode, options: LogOptions): RunEvents {
  switch (mode) {
    case 'interleaved':
      return createInterleavedLog(options);
    case 'labeled':
      return createLabeledLog(options);
    case 'grouped':
      return createGroupedLog(options);
  }
}
