import type { OnOutput } from '../task-process.js';
import type { OutputRecorder } from './output-recorder.js';

/**
 * The receiver for a task whose output is shown by `show` and recorded for the cache. A recording is
 * cut short when whoever it is shown to goes away.
 */
export function recordOutput(recorder: OutputRecorder, show: OnOutput): OnOutput {
  return (chunk) => {
    recorder.add(chunk);
    const demand = show(chunk);
    if (demand instanceof Promise) {
      void demand.then((later) => {
        if (later === 'closed') recorder.cutShort();
      });
    } else if (demand === 'closed') {
      recorder.cutShort();
    }
    return demand;
  };
}
