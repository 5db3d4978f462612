import { listedCommands } from '../command.js';
import type { CommandGroup, LazyCommand, LeafCommand } from '../command.js';
import type { Completion, FlagDefinition, FlagDefinitions } from '../flags/flag-definition.js';

/** What a word can become. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What a shell is to offer for the last word of a command line. */
export interface Completed {
  readonly candidates: readonly Candidate[];
  /** What the shell itself knows to complete, besides. */
  readonly besides: 'none' | 'files' | 'directories' | 'commands';
}

/** Looks up what there is of something; `flags`: those before, without dashes. */
export type FindCandidates = (
  of: 'tasks' | 'packages' | 'variables',
  flags: ReadonlySet<string>,
) => Promise<readonly Candidate[]>;

const nothing: Completed = { candidates: [], besides: 'none' };

/**
 * Completes the last of some words, those before it being what they are: commands, flags and their values, and
 * what these can be. Takes wrong words for what they look like.
 *
 * @param words what stands after `vt`; the last one may be empty.
 */
export async function completeWords(
  root: CommandGroup,
  words: readonly string[],
  find: FindCandidates,
): Promise<Completed> {
  let command: CommandGroup | LeafCommand = root;
  let rest = words;
  while ('commands' in command) {
    const [name = '', ...others]: readonly string[] = rest;
    if (others.length === 0) {
      const listed = name.startsWith('-')
        ? flagCandidates(command.help.flags)
        : listedCommands(command).map(([value, { description }]) => ({ value, description }));
      return fitting(name, { candidates: listed, besides: 'none' });
    }
    const found: LazyCommand | undefined = Object.hasOwn(command.commands, name)
      ? command.commands[name]
      : undefined;
    if (found === undefined) return nothing;
    command = await found.load();
    rest = others;
  }
  return completeLeaf(command, rest, find);
}

async function completeLeaf(
  { help }: LeafCommand,
  words: readonly string[],
  find: FindCandidates,
): Promise<Completed> {
  const given = new Set<string>();
  const current = words.at(-1) ?? '';
  const of = (completion: Completion | undefined): Promise<Completed> =>
    offered(completion, given, find);
  let at = 0;
  let afterDashes = false;
  for (; at < words.length - 1; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      afterDashes = true;
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (help.endAtArgument === true) break;
      continue;
    }
    const flag = flagOf(word, help.flags);
    if (flag === undefined) continue;
    given.add(flag[0]);
    if (flag[1].type === 'boolean' || word.includes('=')) continue;
    if (++at === words.length - 1) return fitting(current, await of(flag[1].completion));
  }
  // Behind the first argument: arguments of the task, or of the program.
  const isFirst = at === words.length - 1;
  if (!isFirst) return { candidates: [], besides: 'files' };
  const argument = (afterDashes ? help.afterDashes : undefined) ?? help.argument;
  if (!afterDashes && current.startsWith('-')) {
    const equals = current.indexOf('=');
    if (equals === -1)
      return fitting(current, { candidates: flagCandidates(help.flags), besides: 'none' });
    const flag = flagOf(current.slice(0, equals), help.flags);
    if (flag?.[1].type !== 'string') return nothing;
    const { candidates, besides } = await of(flag[1].completion);
    const written = current.slice(0, equals + 1);
    const whole = candidates.map((candidate) => ({
      ...candidate,
      value: written + candidate.value,
    }));
    return fitting(current, { candidates: whole, besides });
  }
  return fitting(current, await of(argument));
}

async function offered(
  completion: Completion | undefined,
  given: ReadonlySet<string>,
  find: FindCandidates,
): Promise<Completed> {
  switch (completion) {
    case undefined:
      return nothing;
    case 'files':
    case 'directories':
    case 'commands':
      return { candidates: [], besides: completion };
    case 'tasks':
    case 'packages':
    case 'variables':
      return { candidates: await find(completion, given), besides: 'none' };
    default:
      return {
        candidates: completion.map((value) => ({ value, description: '' })),
        besides: 'none',
      };
  }
}

/** The flag that a word means; of combined short ones the last, which alone may take a value. */
function flagOf(
  word: string,
  flags: FlagDefinitions,
): readonly [name: string, definition: FlagDefinition] | undefined {
  const [written = ''] = word.split('=', 1);
  return Object.entries(flags).find(([name, { alias }]) =>
    written.startsWith('--') ? written === `--${name}` : written.at(-1) === alias,
  );
}

function flagCandidates(flags: FlagDefinitions): readonly Candidate[] {
  return Object.entries(flags).map(([name, { description }]) => ({
    value: `--${name}`,
    description: description.replaceAll('\n', ' '),
  }));
}

function fitting(word: string, { candidates, besides }: Completed): Completed {
  return { candidates: candidates.filter(({ value }) => value.startsWith(word)), besides };
}
