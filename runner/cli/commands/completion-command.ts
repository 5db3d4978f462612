import { nearestName } from '../../config/nearest-name.js';
import { completionScript, completionShells } from '../../report/completion/completion-script.js';
import { leafCommand } from '../command.js';
import type { CommandHelp, LeafCommand } from '../command.js';
import { helpFlag } from '../flags/flag-definition.js';
import { parseFlags, UsageError } from '../flags/parse-flags.js';
import type { CommandContext, Exit } from '../services.js';

const help: CommandHelp = {
  name: 'vt completion',
  description: 'print what makes a shell complete commands of vt',
  usage: '<bash | zsh | fish>',
  about: [
    'Then Tab completes commands, flags and their values, the tasks of the package you\nare in, those of others (`package#task`), and packages.',
  ],
  examples: [
    ['source <(vt completion bash)', 'in ~/.bashrc'],
    ['source <(vt completion zsh)', 'in ~/.zshrc, after compinit'],
    ['vt completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  flags: { ...helpFlag },
  argument: completionShells,
};

/** `vt completion`. */
export function completionCommand(context: CommandContext): LeafCommand {
  return leafCommand(help, context, print);
}

function print(argv: readonly string[], { io }: CommandContext): Exit {
  const command = help.name;
  const { rest } = parseFlags(argv, { command, flags: help.flags, endAtArgument: false });
  const [shell, surplus] = rest;
  if (shell === undefined) {
    throw new UsageError({ kind: 'missing-argument', argument: 'the name of a shell', command });
  }
  const known = completionShells.find((name) => name === shell);
  if (known === undefined) {
    const nearest = nearestName(shell, completionShells);
    throw new UsageError({ kind: 'unknown-shell', shell, nearest, known: completionShells });
  }
  if (surplus !== undefined) {
    throw new UsageError({ kind: 'unexpected-argument', argument: surplus, command });
  }
  io.stdout.write(completionScript(known));
  return { kind: 'code', code: 0 };
}
