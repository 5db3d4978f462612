import { leafCommand } from '../command.js';
import type { CommandGroup, CommandHelp, LeafCommand } from '../command.js';
import { bashReplies, splitBashLine } from '../complete/bash-line.js';
import { completeWords } from '../complete/complete-words.js';
import { findCandidates } from '../complete/find-candidates.js';
import type { CommandContext, Exit } from '../services.js';

const help: CommandHelp = {
  name: 'vt complete',
  description: 'what the scripts of `vt completion` ask',
  usage: 'bash <word breaks> <line>  |  zsh|fish <word…>',
  about: [
    'Prints what the shell should complete besides (none, files, directories or\ncommands), and then one candidate on each line; for zsh and fish with a tab and a\ndescription. Never complains.',
  ],
  examples: [],
  flags: {},
};

/** `vt complete`, which the shells' functions call at each Tab. */
export function completeCommand(context: CommandContext, root: () => CommandGroup): LeafCommand {
  return leafCommand(help, context, (argv) => complete(argv, context, root()));
}

async function complete(
  [shell = '', ...rest]: readonly string[],
  { io }: CommandContext,
  root: CommandGroup,
): Promise<Exit> {
  const find = findCandidates(io);
  if (shell === 'bash') {
    const [breaks = '', text = ''] = rest;
    const line = splitBashLine(text);
    const { candidates, besides } = await completeWords(root, afterCommand(line.words), find);
    io.stdout.write(lines([besides, ...bashReplies(candidates, line, breaks)]));
  } else {
    const { candidates, besides } = await completeWords(root, rest, find);
    const described = candidates.map(({ value, description }) =>
      description === '' ? value : `${value}\t${description}`,
    );
    io.stdout.write(lines([besides, ...described]));
  }
  return { kind: 'code', code: 0 };
}

/** Without assignments and the name of the program. */
function afterCommand(words: readonly string[]): readonly string[] {
  const program = words.findIndex((word) => !/^\w+=/.test(word));
  return words.slice(program + 1);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text.replaceAll('\n', ' ')}\n`).join('');
}
