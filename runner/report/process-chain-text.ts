import type { StoredProcess } from '../../cache/stored-run.js';
import { oneLine } from './incompleteness-text.js';

/** So many processes are named; of a longer chain the first and the last ones. */
const NAMED = 4;

/**
 * A process after those that started it: `sh -c 'node build.js > log' > node build.js > esbuild`.
 * Each is its command line, the program by its last name only. `vt` for the runner itself.
 */
export function processChainText(chain: readonly StoredProcess[]): string {
  if (chain.length === 0) return 'vt';
  const words = chain.map(commandText);
  // An image that started itself again, as wrappers do, is told once.
  const told = words.filter((text, index) => text !== words[index - 1]);
  if (told.length > NAMED) told.splice(1, told.length - NAMED, '…');
  return told.join(' > ');
}

function commandText({ exe, argv, label }: StoredProcess): string {
  const [program = exe, ...args] = argv;
  const name = program.slice(program.lastIndexOf('/') + 1) || exe;
  const command = oneLine([name, ...args.map(argumentText)].join(' ')) || 'unknown';
  return label === undefined ? command : `${command} (${oneLine(label)})`;
}

/** In quotes where it would not read as one word. */
function argumentText(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument}'`;
}
