import { ABSENT } from '../execute/watch/fact.js';
import type { FactChange } from '../execute/watch/fact.js';
import type { Incompleteness } from '../tracker/task-trace.js';
import { notCachedText } from './not-cached-text.js';

/** The line that says why a task is run again. */
export function changedText(task: string, change: FactChange): string {
  return `vt run: ${whatChanged(change)}, running ${task} again\n`;
}

/** The line that says that there is nothing to do. `running`: tasks that are at work all the same. */
export function waitingText(running: readonly string[]): string {
  const still = running.length === 0 ? '' : `; running: ${running.join(', ')}`;
  return `vt run: waiting for changes${still}\n`;
}

export function reconfiguredText(): string {
  return 'vt run: the configuration has changed, planning again\n';
}

/** The line that says that a task may have to be run again though nobody notices. */
export function unsureText(task: string, incomplete: readonly Incompleteness[]): string {
  const why = notCachedText({ kind: 'tracking-incomplete', incomplete });
  return `vt run: changes may go unnoticed by ${task}: ${why}\n`;
}

function whatChanged({ fact, before, now }: FactChange): string {
  const place = fact.path === '' ? 'workspace root' : `'${fact.path}'`;
  switch (fact.kind) {
    case 'content':
    case 'look':
      if (now === ABSENT) return `${place} removed`;
      return before === ABSENT ? `${place} added` : `${place} modified`;
    case 'listing':
      return `names in ${place} changed`;
    case 'glob':
      return `files added or removed that ${fact.include.join(', ')} matches`;
  }
}
