import type { RunEvents } from '../../execute/schedule/run-events.js';
import { executionLine } from '../execution-line.js';
import { createStyle, wantsColor } from '../style.js';
import { aftermathText, warningLine } from './aftermath-text.js';
import { executionOf } from './log-options.js';
import type { LogOptions } from './log-options.js';
import { OutputText } from './output-text.js';

/**
 * For `vt exec`: the output as it is, and on stderr only what the bare command would not tell.
 *
 * @param quiet nothing but why a command could not be started, which a shell would say too.
 */
export function createExecLog(
  { plan, stdout, stderr, env }: LogOptions,
  quiet: boolean,
): RunEvents {
  const style = createStyle(wantsColor(env, stderr.isTTY));
  const text = new OutputText({ terminal: stdout.isTTY ? 'raw' : 'plain', pipes: 'raw' });
  const streams = { stdout, stderr };
  let hasOpenLine = false;
  return {
    running: () => undefined,
    began(step, { status }) {
      if (quiet || status.kind === 'first-run') return;
      stderr.write(executionLine(executionOf(plan, step), status, style));
    },
    wrote(_step, chunk) {
      if (chunk.bytes.length > 0) hasOpenLine = chunk.bytes.at(-1) !== 0x0a;
      const { target, bytes } = text.push(chunk);
      return streams[target].send(bytes);
    },
    async flushed() {
      for (const { target, bytes } of text.end()) void streams[target].send(bytes);
      await Promise.all([stdout.flushed(), stderr.flushed()]);
    },
    ended(_step, outcome) {
      const after = aftermathText(outcome, style, quiet);
      if (after !== '') stderr.write(hasOpenLine && stderr.isTTY ? `\n${after}` : after);
    },
    neverRun: () => undefined,
    warned(message) {
      if (!quiet) stderr.write(warningLine(message, style));
    },
  };
}
