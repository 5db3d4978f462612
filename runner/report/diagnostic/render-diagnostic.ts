import path from 'node:path';
import type { SourceRange } from '../../config/source-range.js';
import type { Style } from '../style.js';
import type { Diagnostic } from './diagnostic.js';

/**
 * Lays out a diagnostic: title, each place as `file:line:col` with its line and a squiggle, facts,
 * help. Ends with a newline.
 *
 * @param cwd files below it are shown relative to it.
 */
export function renderDiagnostic(diagnostic: Diagnostic, style: Style, cwd: string): string {
  const { severity, code, title, places, facts, help } = diagnostic;
  const color = severity === 'error' ? style.red : style.yellow;
  return [
    `${style.bold(color(`${severity}[${code}]`))}: ${style.bold(title)}`,
    ...places.flatMap(({ at, label }) => renderPlace(at, label, color, style, cwd)),
    ...facts.map((fact) => `  ${fact}`),
    `${style.cyan('help')}: ${help}`,
    '',
  ].join('\n');
}

/** A place in a text: both count from 1, columns in UTF-16 code units. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

function renderPlace(
  at: SourceRange,
  label: string | undefined,
  color: (text: string) => string,
  style: Style,
  cwd: string,
): readonly string[] {
  const { line, column } = lineAndColumn(at.text, at.offset);
  const start = at.offset - (column - 1);
  const end = at.text.indexOf('\n', start);
  const shown = at.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  const width = Math.max(1, Math.min(at.length, shown.length - (column - 1)));
  // Tabs before the squiggle are kept, so that it stands below its text at any tab width.
  const indent = shown.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const number = String(line);
  const margin = ' '.repeat(number.length);
  const relative = path.relative(cwd, at.file);
  const file = relative.startsWith('..') ? at.file : relative;
  return [
    `  ${style.dim('at')} ${file}:${line}:${column}`,
    `  ${style.dim(`${number} |`)} ${shown}`,
    `  ${style.dim(`${margin} |`)} ${indent}${color('~'.repeat(width))}${label === undefined ? '' : ` ${label}`}`,
  ];
}
