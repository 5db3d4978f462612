import type { ListedTask } from '../../plan/run/list-tasks.js';
import type { OutputStream } from '../../report/output.js';
import { selectedTaskText, selectorScreen } from '../../report/select/selector-text.js';
import type { Style } from '../../report/style.js';
import type { Keyboard } from './keyboard.js';
import { taskMatcher } from './match-tasks.js';
import { beginSelection, pressKey } from './selection.js';
import type { Selection } from './selection.js';

/** What came of asking for a task. */
export type Selected =
  | { readonly kind: 'chosen'; readonly task: ListedTask }
  | { readonly kind: 'cancelled' }
  /** vt was told to end. */
  | { readonly kind: 'ended'; readonly signal: NodeJS.Signals };

/** Where the user is asked. */
export interface SelectorTerminal {
  readonly keyboard: Keyboard;
  readonly screen: Pick<OutputStream, 'write'>;
  readonly style: Style;
}

/** To the start of the first line of the selector, and everything from there on erased. */
const ERASE = '\r\x1b[J';

/**
 * Lets the user choose one of the tasks. What is shown meanwhile is gone afterwards, but for a line with
 * the choice, and the terminal is as it was, whatever ends it.
 *
 * @param query what is typed already.
 */
export function selectTask(
  tasks: readonly ListedTask[],
  query: string,
  { keyboard, screen, style }: SelectorTerminal,
): Promise<Selected> {
  const match = taskMatcher(tasks);
  return new Promise((resolve) => {
    let selection = beginSelection(query, match);
    /** Columns of the line that is typed in, at whose end the cursor stands. */
    let typedWidth = 0;
    const erase = (): void => {
      // A terminal that was made narrower has wrapped the line.
      const above = Math.floor(typedWidth / keyboard.columns);
      screen.write(`${above > 0 ? `\x1b[${above}A` : ''}${ERASE}`);
    };
    const show = (next: Selection): void => {
      erase();
      selection = next;
      const { columns, rows } = keyboard;
      const { lines, cursor } = selectorScreen({ ...selection, columns, rows, style });
      typedWidth = cursor;
      const up = lines.length - 1;
      screen.write(`${lines.join('\n')}\x1b[${up}A\r\x1b[${cursor}C`);
    };
    const end = (selected: Selected): void => {
      erase();
      held.release();
      if (selected.kind === 'chosen') screen.write(selectedTaskText(selected.task.name));
      resolve(selected);
    };
    const held = keyboard.take({
      pressed: (key) => {
        const step = pressKey(selection, key, match);
        if (step.kind === 'choosing') show(step.selection);
        else if (step.kind !== 'suspended') end(step);
        else {
          erase();
          held.suspend();
        }
      },
      resized: () => {
        show(selection);
      },
      continued: () => {
        typedWidth = 0;
        show(selection);
      },
      ended: (signal) => {
        end({ kind: 'ended', signal });
      },
    });
    try {
      show(selection);
    } catch (error) {
      held.release();
      throw error;
    }
  });
}
