import type { CacheStatus, Outcome } from '../execute/outcome.js';
import type { Execution } from '../plan/execution.js';
import { executionLine } from './execution-line.js';
import { notCachedText } from './not-cached-text.js';
import type { TextStream } from './output.js';
import { startFailureText } from './start-failure-text.js';
import { createStyle, wantsColor } from './style.js';
import type { Style } from './style.js';

/** Says what happens to executions, in the order it happens. */
export interface ExecutionReporter {
  /** Before the output of an execution. */
  began(execution: Execution, status: CacheStatus): void;
  /** After its output. */
  ended(outcome: Outcome): void;
  warned(message: string): void;
}

type Env = Readonly<Record<string, string | undefined>>;

/** For `vt run`: every execution has a line, on the same stream as the tasks' output. */
export function createRunReporter(
  stdout: TextStream,
  stderr: TextStream,
  env: Env,
): ExecutionReporter {
  const style = createStyle(wantsColor(env, stdout.isTTY));
  let isFirst = true;
  return {
    began(execution, status) {
      stdout.write((isFirst ? '' : '\n') + executionLine(execution, status, style));
      isFirst = false;
    },
    ended(outcome) {
      if (outcome.hasOpenLine === true) stdout.write('\n');
      stdout.write(aftermath(outcome, style));
    },
    warned: (message) => {
      stderr.write(warningLine(message, createStyle(wantsColor(env, stderr.isTTY))));
    },
  };
}

/**
 * For `vt exec`: nothing on stdout, and on stderr only what the bare command would not tell.
 *
 * @param quiet nothing but why a command could not be started, which a shell would say too.
 */
export function createExecReporter(
  stderr: TextStream,
  env: Env,
  quiet: boolean,
): ExecutionReporter {
  const style = createStyle(wantsColor(env, stderr.isTTY));
  return {
    began(execution, status) {
      if (quiet || status.kind === 'first-run') return;
      stderr.write(executionLine(execution, status, style));
    },
    ended(outcome) {
      const text = aftermath(quiet ? withoutNotice(outcome) : outcome, style);
      if (text === '') return;
      stderr.write(outcome.hasOpenLine === true && stderr.isTTY ? `\n${text}` : text);
    },
    warned(message) {
      if (!quiet) stderr.write(warningLine(message, style));
    },
  };
}

function aftermath(outcome: Outcome, style: Style): string {
  const { ending, notCached } = outcome;
  const failure = ending.kind === 'not-started' ? `${startFailureText(ending)}\n` : '';
  const notice =
    notCached === undefined
      ? ''
      : `${style.yellow(`vt: not cached: ${notCachedText(notCached)}`)}\n`;
  return failure + notice;
}

function withoutNotice(outcome: Outcome): Outcome {
  const { notCached, ...rest } = outcome;
  return notCached === undefined ? outcome : rest;
}

function warningLine(message: string, style: Style): string {
  return `${style.yellow('vt: warning:')} ${message}\n`;
}
