import { defineCommand } from 'citty';
import type { CommandDef } from 'citty';
import type { CommandContext, Exit } from './services.js';
import type { Completion, FlagDefinitions } from './flags/flag-definition.js';

/** What the help text of a command says beyond its flags. */
export interface CommandHelp {
  /** With the program: `vt run`. */
  readonly name: string;
  /** One line, for lists of commands. */
  readonly description: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  /** Paragraphs, wrapped by hand at 80 columns. */
  readonly about: readonly string[];
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  readonly flags: FlagDefinitions;
  /** What shells complete its first argument with; those after it are files. */
  readonly argument?: Completion;
  /** The same for the first argument after `--`, where that is something else. */
  readonly afterDashes?: Completion;
  /** Whether flags end at the first argument, as in FlagSyntax; all that follows is another command's. */
  readonly endAtArgument?: boolean;
}

/** A command that does something: a citty command and its help. */
export interface LeafCommand {
  readonly help: CommandHelp;
  readonly citty: CommandDef;
  /**
   * Instead of citty, which parses all arguments by itself before it runs a command: for commands of
   * which most arguments are not theirs, and that must not take longer than their work.
   */
  readonly direct?: (argv: readonly string[]) => Exit | Promise<Exit>;
}

/** A command that only has others in it. */
export interface CommandGroup {
  readonly help: CommandHelp;
  /** By name, in the order of the help text; loaded when used. */
  readonly commands: Readonly<Record<string, LazyCommand>>;
}

/** A command's one line, without loading the command. */
export interface LazyCommand {
  readonly description: string;
  /** For programs, so that no list for people has it. */
  readonly isInternal?: boolean;
  readonly load: () => Promise<LeafCommand | CommandGroup>;
}

/** As leafCommand, but citty is not asked to run it. */
export function directCommand(
  help: CommandHelp,
  context: CommandContext,
  run: (argv: readonly string[], context: CommandContext) => Exit | Promise<Exit>,
): LeafCommand {
  return { ...leafCommand(help, context, run), direct: (argv) => run(argv, context) };
}

/** Makes a leaf; `run` gets the arguments after the command's name, unparsed. */
export function leafCommand(
  help: CommandHelp,
  context: CommandContext,
  run: (argv: readonly string[], context: CommandContext) => Exit | Promise<Exit>,
): LeafCommand {
  return {
    help,
    citty: defineCommand({
      meta: { name: help.name, description: help.description },
      args: help.flags,
      run: ({ rawArgs }) => run(rawArgs, context),
    }) as CommandDef,
  };
}

/** The commands of a group that people are told of. */
export function listedCommands({
  commands,
}: CommandGroup): readonly (readonly [name: string, command: LazyCommand])[] {
  return Object.entries(commands).filter(([, { isInternal }]) => isInternal !== true);
}
