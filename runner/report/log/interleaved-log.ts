import type { RunEvents, StepIndex } from '../../execute/schedule/run-events.js';
import { executionLine } from '../execution-line.js';
import { createStyle, wantsColor } from '../style.js';
import { aftermathText, warningLine } from './aftermath-text.js';
import { LineGate } from './line-gate.js';
import { executionOf } from './log-options.js';
import type { LogOptions } from './log-options.js';
import { OutputText } from './output-text.js';

/**
 * `--log interleaved`: every execution has a line, and its output stands below it, byte for byte as
 * it comes; that of several at once is mixed line by line.
 */
export function createInterleavedLog({ plan, stdout, stderr, env }: LogOptions): RunEvents {
  const isColored = wantsColor(env, stdout.isTTY);
  const style = createStyle(isColored);
  const gate = new LineGate({ stdout, stderr });
  const texts = new Map<StepIndex, OutputText>();
  /** Whether anything was shown since the last command line. */
  let isFollowed = false;
  return {
    running: (steps) => {
      gate.setAlone(steps.length === 1 ? steps[0] : undefined);
    },
    began(step, { status, inherits }) {
      texts.set(step, new OutputText({ isTerminal: stdout.isTTY, plain: !isColored }));
      gate.say((isFollowed ? '\n' : '') + executionLine(executionOf(plan, step), status, style));
      isFollowed = inherits;
    },
    wrote(step, chunk) {
      isFollowed = true;
      const shown = texts.get(step)?.push(chunk);
      return shown && gate.put(step, shown);
    },
    async flushed() {
      await Promise.all([stdout.flushed(), stderr.flushed()]);
    },
    ended(step, outcome) {
      isFollowed = true;
      for (const shown of texts.get(step)?.end() ?? []) void gate.put(step, shown);
      texts.delete(step);
      return gate.close(step, aftermathText(outcome, style));
    },
    neverRun: () => undefined,
    warned: (message) => {
      gate.say(warningLine(message, createStyle(wantsColor(env, stderr.isTTY))), 'stderr');
    },
  };
}
