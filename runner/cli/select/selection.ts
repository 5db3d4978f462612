import type { ListedTask } from '../../plan/run/list-tasks.js';
import type { MatchTasks } from './match-tasks.js';

/** A key that was pressed, as the terminal told it. */
export interface Key {
  /** What Node's readline calls it: `up`, `return`, `a`; undefined where it has no name for it. */
  readonly name: string | undefined;
  readonly ctrl: boolean;
  readonly meta: boolean;
  /** What it types: '' for keys that type nothing. */
  readonly text: string;
}

/** Where the user is in choosing a task. */
export interface Selection {
  readonly query: string;
  readonly matches: readonly ListedTask[];
  /** Index into `matches`; 0 when there is none. */
  readonly at: number;
}

/** What a key leads to. */
export type Step =
  | { readonly kind: 'choosing'; readonly selection: Selection }
  | { readonly kind: 'chosen'; readonly task: ListedTask }
  | { readonly kind: 'cancelled' }
  /** Ctrl-Z. */
  | { readonly kind: 'suspended' };

/** What a page key moves by. */
const PAGE = 10;

/** The beginning, with something typed already. */
export function beginSelection(query: string, match: MatchTasks): Selection {
  return { query, matches: match(query), at: 0 };
}

/** What a key makes of a selection. */
export function pressKey(selection: Selection, key: Key, match: MatchTasks): Step {
  const { query, matches, at } = selection;
  const choosing = (next: Partial<Selection>): Step => ({
    kind: 'choosing',
    selection: { ...selection, ...next },
  });
  const search = (next: string): Step =>
    choosing(next === query ? {} : { query: next, matches: match(next), at: 0 });
  const move = (to: number): Step =>
    choosing({ at: Math.max(0, Math.min(to, matches.length - 1)) });
  const name = key.name ?? '';
  switch (key.ctrl ? `ctrl-${name}` : name) {
    case 'ctrl-c':
      return { kind: 'cancelled' };
    case 'ctrl-d':
      return query === '' ? { kind: 'cancelled' } : choosing({});
    case 'escape':
      return query === '' ? { kind: 'cancelled' } : search('');
    case 'ctrl-z':
      return { kind: 'suspended' };
    case 'return':
    case 'enter': {
      const task = matches[at];
      return task === undefined ? choosing({}) : { kind: 'chosen', task };
    }
    case 'up':
    case 'ctrl-p':
      return move(at - 1);
    case 'down':
    case 'ctrl-n':
      return move(at + 1);
    case 'pageup':
      return move(at - PAGE);
    case 'pagedown':
      return move(at + PAGE);
    case 'home':
      return move(0);
    case 'end':
      return move(matches.length - 1);
    case 'backspace':
    case 'ctrl-h':
      return search([...query].slice(0, -1).join(''));
    case 'ctrl-w':
      return search(query.replace(/\S*\s*$/, ''));
    case 'ctrl-u':
      return search('');
    default:
      return search(key.ctrl || key.meta ? query : query + printable(key.text));
  }
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '');
}
