import type { Outcome } from '../../execute/outcome.js';
import { notCachedText } from '../not-cached-text.js';
import { startFailureText } from '../start-failure-text.js';
import type { Style } from '../style.js';

/**
 * What is said after an execution's output, with newlines: why it could not be started, why its
 * result was not kept.
 *
 * @param quiet only why it could not be started, which a shell would say too.
 */
export function aftermathText({ ending, notCached }: Outcome, style: Style, quiet = false): string {
  const failure = ending.kind === 'not-started' ? `${startFailureText(ending)}\n` : '';
  const notice =
    quiet || notCached === undefined
      ? ''
      : `${style.yellow(`vt: not cached: ${notCachedText(notCached)}`)}\n`;
  return failure + notice;
}

/** A warning that concerns no task, with its newline. */
export function warningLine(message: string, style: Style): string {
  return `${style.yellow('vt: warning:')} ${message}\n`;
}
