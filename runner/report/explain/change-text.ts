import type { Change } from '../../../cache/explain/change.js';
import type { KeyChange } from '../../../cache/explain/key-change.js';
import { oneLine } from '../incompleteness-text.js';
import { missReasonText } from '../miss-reason-text.js';

/** One difference, as a miss reason has it. Values of variables are not known, nor shown. */
export function changeText(change: Change): string {
  if (change.kind !== 'env') return missReasonText(change);
  switch (change.now) {
    case 'changed':
      return `env '${change.name}' changed`;
    case 'set':
      return `env '${change.name}' is now set`;
    case 'unset':
      return `env '${change.name}' is now unset`;
  }
}

/** One difference of what is known before a run. */
export function keyChangeText(change: KeyChange): string {
  switch (change.kind) {
    case 'program':
      return `program changed: '${change.before}' → '${change.now}'`;
    case 'args':
      return `args changed: ${wordsText(change.before)} → ${wordsText(change.now)}`;
    case 'cwd':
      return `working directory changed: '${change.before || '.'}' → '${change.now || '.'}'`;
    case 'env':
      return changeText(change);
    case 'untracked-env': {
      const added = change.added.map((name) => `'${name}' added`);
      const removed = change.removed.map((name) => `'${name}' removed`);
      return `untracked env config changed: ${[...added, ...removed].join(', ')}`;
    }
    case 'input-config':
      return `input configuration changed: ${change.before} → ${change.now}`;
    case 'output-config':
      return `output configuration changed: ${change.before} → ${change.now}`;
  }
}

function wordsText(words: readonly string[]): string {
  return words.length === 0 ? 'none' : `'${oneLine(words.join(' '))}'`;
}
