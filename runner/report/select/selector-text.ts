import type { ListedTask } from '../../plan/run/list-tasks.js';
import type { Style } from '../style.js';
import { taskAction } from './task-list-text.js';
import { textWidth } from './text-width.js';

/** What is shown while a task is chosen. */
export interface SelectorView {
  readonly query: string;
  readonly matches: readonly ListedTask[];
  /** Index of the one that Enter would take. */
  readonly at: number;
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
}

/** Lines of the list, package names included, where the terminal has room for as many. */
const LONGEST = 12;

/** Lines that are no part of the list: the question, a blank one, how many more there are, the last. */
const AROUND = 4;

/** Names longer than this do not push away what all the others run. */
const WIDEST_NAME = 40;

/** What is on the terminal, and where the next letter goes. */
interface SelectorScreen {
  /** None is wider than the terminal; the first is what is typed. */
  readonly lines: readonly string[];
  /** Columns before the end of what is typed; at least 1. */
  readonly cursor: number;
}

/** The selector as it is shown. */
export function selectorScreen(view: SelectorView): SelectorScreen {
  const { question, typed } = questionParts(view);
  return {
    lines: [`${view.style.bold(question)} ${typed}`, '', ...listLines(view)],
    cursor: textWidth(`${question} ${typed}`),
  };
}

function listLines(view: SelectorView): readonly string[] {
  const { matches, style } = view;
  if (matches.length === 0) {
    return [cut('  No matching tasks. Press Escape to clear search.', view)];
  }
  const shown = excerpt(listRows(matches), view);
  const last = shown.findLast((row) => 'task' in row);
  const more = matches.length - 1 - (last?.index ?? 0);
  const width = nameWidth(view);
  return [
    ...shown.map((row) =>
      'task' in row ? taskLine(row, width, view) : style.dim(cut(`    ${row.header}`, view)),
    ),
    ...(more > 0 ? [style.dim(cut(`  (…${more} more)`, view))] : []),
  ];
}

/** The line that says what has been chosen. */
export function selectedTaskText(name: string): string {
  return `Selected task: ${name}\n`;
}

interface TaskRow {
  readonly task: ListedTask;
  /** Its place among the matches. */
  readonly index: number;
}

type Row = { readonly header: string } | TaskRow;

/** A line for each package but the one vt was started in, and one for each task. */
function listRows(matches: readonly ListedTask[]): readonly Row[] {
  return matches.flatMap((task, index): readonly Row[] => {
    const row = { task, index };
    const { package: pkg } = task;
    return pkg.isHome || pkg === matches[index - 1]?.package ? [row] : [headerOf(task), row];
  });
}

function headerOf({ package: { label, path } }: ListedTask): Row {
  const place = path === '' ? 'workspace root' : path;
  return { header: label === '' || label === path ? place : `${label} (${place})` };
}

/** The rows that there is room for: from the top as long as the current one is among them, else up to it. */
function excerpt(rows: readonly Row[], { at, rows: height }: SelectorView): readonly Row[] {
  const room = Math.max(1, Math.min(LONGEST, height - AROUND));
  const current = rows.findIndex((row) => 'task' in row && row.index === at);
  const from = Math.max(0, current - room + 1);
  const shown = rows.slice(from, from + room);
  const [first] = shown;
  // Scrolled away, the name of the package stays.
  if (shown.length > 1 && first !== undefined && 'task' in first && !first.task.package.isHome) {
    shown[0] = headerOf(first.task);
  }
  return shown;
}

function taskLine({ task, index }: TaskRow, width: number, view: SelectorView): string {
  const { at, style } = view;
  const left = `${index === at ? '  ›' : '   '}${' '.repeat(indentOf(task) - 3)}${task.task}`;
  const name = cut(left, view);
  const gap = ' '.repeat(Math.max(0, width - textWidth(left)) + 1);
  const action = cut(`${left}${gap}${taskAction(task)}`, view).slice(name.length);
  return `${index === at ? style.cyan(name) : name}${style.dim(action)}`;
}

/** The column before what tasks run; the same however far the list is scrolled. */
function nameWidth({ matches }: SelectorView): number {
  const widths = matches.map((task) => indentOf(task) + textWidth(task.task));
  return Math.min(
    WIDEST_NAME,
    widths.reduce((most, width) => Math.max(most, width), 0),
  );
}

function indentOf({ package: { isHome } }: ListedTask): number {
  return isHome ? 4 : 6;
}

function questionParts(view: SelectorView): { readonly question: string; readonly typed: string } {
  const { query, columns } = view;
  const questions = ['Select a task (↑/↓, Enter to run, type to search):', 'Select a task:', '>'];
  const room = Math.max(2, columns - 1);
  const wanted = Math.min(textWidth(query), 12) + 1;
  const question = questions.find((text) => textWidth(text) + wanted <= room) ?? '>';
  // What was typed last is what the user looks at.
  const typed = [...query].slice(-room);
  while (typed.length > 0 && textWidth(`${question} ${typed.join('')}`) > room) typed.shift();
  return { question, typed: typed.join('') };
}

/** The text, shortened to the terminal's width less one: a full line would wrap. */
function cut(text: string, { columns }: SelectorView): string {
  const room = Math.max(1, columns - 1);
  if (text.length <= 4 * room && textWidth(text) <= room) return text;
  const characters = [...text.slice(0, 4 * room)];
  while (characters.length > 0 && textWidth(characters.join('')) > room - 1) characters.pop();
  return `${characters.join('')}…`;
}
