import path from 'node:path';
import type { Outcome } from '../../execute/outcome.js';
import type { StepIndex } from '../../execute/schedule/run-events.js';
import type { Plan } from '../../plan/plan.js';
import type { Diagnostic } from '../diagnostic/diagnostic.js';
import { lineAndColumn } from '../diagnostic/render-diagnostic.js';
import { endingText } from '../ending-text.js';
import { createStyle, wantsColor } from '../style.js';
import { warningLine } from './aftermath-text.js';
import { executionOf } from './log-options.js';
import type { LogOptions } from './log-options.js';

type Env = LogOptions['env'];

/** Whether what is printed is read by GitHub Actions, which takes some lines for commands. */
export function isInActions(env: Env): boolean {
  return env.GITHUB_ACTIONS === 'true';
}

/**
 * One line that GitHub Actions takes for a command, with its newline.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function actionsCommand(
  name: 'error' | 'warning' | 'group' | 'endgroup',
  message: string,
  properties: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const given = Object.entries(properties)
    .flatMap(([key, value]) =>
      value === undefined
        ? []
        : `${key}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
    )
    .join(',');
  return `::${name}${given === '' ? '' : ` ${given}`}::${escaped(message)}\n`;
}

/** That a step failed by itself, where a list of such is kept; else empty. */
export function annotationOf(plan: Plan, step: StepIndex, outcome: Outcome, env: Env): string {
  const { ending, stopped } = outcome;
  if (!isInActions(env) || stopped !== undefined) return '';
  if (ending.kind === 'exited' && ending.code === 0) return '';
  const { task, command } = executionOf(plan, step);
  return actionsCommand('error', `${endingText(ending)}: ${command}`, { title: task });
}

/**
 * A diagnostic, at the first of its places.
 *
 * @param checkout the directory that files are named relative to.
 */
export function annotateDiagnostic(
  { severity, code, title, places, help }: Diagnostic,
  checkout: string | undefined,
): string {
  const message = `${title}\nhelp: ${help}`;
  const at = places[0]?.at;
  if (at === undefined) return actionsCommand(severity, message, { title: code });
  const relative = checkout === undefined ? '..' : path.relative(checkout, at.file);
  const file = relative.startsWith('..') ? at.file : relative;
  const { line, column: col } = lineAndColumn(at.text, at.offset);
  return actionsCommand(severity, message, { file, line, col, title: code });
}

/** A warning that concerns no task, with its newline. */
export function warningText(message: string, env: Env, isTerminal: boolean): string {
  return isInActions(env)
    ? actionsCommand('warning', message, { title: 'vt' })
    : warningLine(message, createStyle(wantsColor(env, isTerminal)));
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
