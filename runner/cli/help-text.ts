import { listedCommands } from './command.js';
import type { CommandGroup, CommandHelp, LeafCommand } from './command.js';
import type { FlagDefinition } from './flags/flag-definition.js';
import type { Style } from '../report/style.js';

/** The help of a command, ending with a newline. */
export function helpText(command: LeafCommand | CommandGroup, style: Style): string {
  const { help } = command;
  const sections = [
    `${style.bold(help.name)}: ${help.description}`,
    `${style.bold('Usage:')} ${help.name} ${help.usage}`,
    ...help.about,
  ];
  if ('commands' in command) {
    const rows = listedCommands(command).map(
      ([name, { description }]) => [name, description] as const,
    );
    sections.push(section('Commands', rows, style));
  }
  sections.push(section('Flags', flagRows(help), style));
  if (help.examples.length > 0) sections.push(section('Examples', help.examples, style));
  return `${sections.join('\n\n')}\n`;
}

function flagRows(help: CommandHelp): readonly (readonly [string, string])[] {
  return Object.entries(help.flags).map(([name, flag]) => [
    `${flag.alias === undefined ? '    ' : `-${flag.alias}, `}--${name}${valueOf(flag)}`,
    flag.description,
  ]);
}

function valueOf(flag: FlagDefinition): string {
  return flag.type === 'string' ? ` <${flag.valueHint}>` : '';
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
  style: Style,
): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => {
    const indent = ' '.repeat(width + 4);
    return `  ${style.cyan(left)}${' '.repeat(width - left.length)}  ${right.replaceAll('\n', `\n${indent}`)}`;
  });
  return [style.bold(`${title}:`), ...lines].join('\n');
}
