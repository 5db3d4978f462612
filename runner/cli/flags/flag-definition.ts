/** A flag of a command. The same data serves citty, the strict parser and the help text. */
export type FlagDefinition =
  | {
      readonly type: 'boolean';
      /** One character, without its dash. */
      readonly alias?: string;
      readonly description: string;
    }
  | {
      readonly type: 'string';
      readonly alias?: string;
      readonly description: string;
      readonly valueHint: string;
      /** What shells complete its value with; nothing unless given. */
      readonly completion?: Completion;
      /** May be given any number of times. */
      readonly multiple?: boolean;
    };

/** What a shell offers: these words, or all that there are of something. */
export type Completion =
  | readonly string[]
  | 'tasks'
  | 'packages'
  | 'variables'
  | 'files'
  | 'directories'
  /** A program, and then its arguments. */
  | 'commands';

/** Flags by name, without dashes, in the order of the help text. */
export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;

/** Every command has it. */
export const helpFlag = {
  help: { type: 'boolean', alias: 'h', description: 'Show this help' },
} as const satisfies FlagDefinitions;
