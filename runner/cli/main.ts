import { runCommand } from 'citty';
import { nearestName } from '../config/nearest-name.js';
import type { Io } from '../report/output.js';
import { createStyle, wantsColor } from '../report/style.js';
import { listedCommands } from './command.js';
import type { CommandGroup, LeafCommand } from './command.js';
import { UsageError } from './flags/parse-flags.js';
import { helpText } from './help-text.js';
import { reportProblems } from './report-problems.js';
import { rootCommand } from './root-command.js';
import type { CommandContext, Exit, Services } from './services.js';

/**
 * `vt`: finds the command that `argv` names and runs it. Resolves to how the process should end;
 * rejects only for a bug.
 *
 * @param argv without the program and the script.
 */
export async function main(argv: readonly string[], io: Io, services: Services): Promise<Exit> {
  try {
    return await dispatch(rootCommand({ io, services }), argv, { io, services });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    reportProblems([error.problem], io);
    return { kind: 'code', code: 1 };
  }
}

async function dispatch(
  command: LeafCommand | CommandGroup,
  argv: readonly string[],
  context: CommandContext,
): Promise<Exit> {
  const { io, services } = context;
  if (!('commands' in command)) {
    if (asksForHelp(command, argv)) return showHelp(command, io);
    if (command.direct !== undefined) return command.direct(argv);
    const { result } = await runCommand(command.citty, { rawArgs: [...argv] });
    return result as Exit;
  }
  const { name } = command.help;
  const known = listedCommands(command).map(([command]) => command);
  const [first, ...rest] = argv;
  const isRoot = name === 'vt';
  if (first === undefined) {
    if (isRoot) return showHelp(command, io);
    throw new UsageError({ kind: 'missing-command', within: name, known });
  }
  if (first === '--help' || first === '-h') return showHelp(command, io);
  if (isRoot && (first === '--version' || first === '-V')) {
    io.stdout.write(`${services.version}\n`);
    return { kind: 'code', code: 0 };
  }
  if (isRoot && first === 'help') return dispatch(command, [...rest, '--help'], context);
  if (first.startsWith('-')) {
    const flags = Object.keys(command.help.flags).map((flag) => `--${flag}`);
    throw new UsageError({
      kind: 'unknown-flag',
      flag: first,
      command: name,
      nearest: nearestName(first, flags),
    });
  }
  const found = Object.hasOwn(command.commands, first) ? command.commands[first] : undefined;
  if (found === undefined) {
    throw new UsageError({
      kind: 'unknown-command',
      command: first,
      within: name,
      nearest: nearestName(first, known),
      known,
    });
  }
  return dispatch(await found.load(), rest, context);
}

/** Before the first argument only: what follows belongs to the command that is run. */
function asksForHelp(command: LeafCommand, argv: readonly string[]): boolean {
  const valued = Object.entries(command.help.flags)
    .filter(([, flag]) => flag.type === 'string')
    .flatMap(([name, { alias }]) => [`--${name}`, `-${alias ?? name}`]);
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--help' || /^-[A-Za-z]*h[A-Za-z]*$/.test(argument)) return true;
    if (argument === '--' || !argument.startsWith('-')) return false;
    if (valued.includes(argument)) at++;
  }
  return false;
}

function showHelp(command: LeafCommand | CommandGroup, io: Io): Exit {
  io.stdout.write(helpText(command, createStyle(wantsColor(io.env, io.stdout.isTTY))));
  return { kind: 'code', code: 0 };
}
