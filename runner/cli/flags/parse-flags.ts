import { nearestName } from '../../config/nearest-name.js';
import type { UsageProblem } from '../../report/usage-problem.js';
import type { FlagDefinition, FlagDefinitions } from './flag-definition.js';

/** What to parse by. */
export interface FlagSyntax<F extends FlagDefinitions> {
  /** As in messages: `vt run`. */
  readonly command: string;
  readonly flags: F;
  /** Flags of later versions, with dashes. */
  readonly laterFlags?: readonly string[];
  /** The first argument ends the flags: what follows belongs to the command named by it. */
  readonly endAtArgument: boolean;
}

/** The flags that were given, and everything else. */
export interface ParsedFlags<F extends FlagDefinitions> {
  has(name: keyof F): boolean;
  /** How often a flag was given: `-vv` is twice. */
  count(name: keyof F): number;
  /** The value of a flag that may be given once. */
  value(name: keyof F): string | undefined;
  values(name: keyof F): readonly string[];
  /** Arguments in order; the first `--` is left out. */
  readonly rest: readonly string[];
}

/** Thrown for a command line that cannot be understood; caught where commands are dispatched. */
export class UsageError extends Error {
  constructor(readonly problem: UsageProblem) {
    super(problem.kind);
  }
}

/**
 * Reads `--flag`, `--flag value`, `--flag=value`, `-f` and combined `-fg`, strictly: whatever is
 * not declared throws a UsageError. citty's own parser accepts anything, and knows no lists.
 */
export function parseFlags<F extends FlagDefinitions>(
  argv: readonly string[],
  syntax: FlagSyntax<F>,
): ParsedFlags<F> {
  const { command } = syntax;
  const given = new Map<keyof F, string[]>();
  const rest: string[] = [];
  let at = 0;
  const set = (name: string, definition: FlagDefinition, value: string | undefined): void => {
    const flag = `--${name}`;
    if (definition.type === 'boolean') {
      if (value !== undefined) throw new UsageError({ kind: 'unexpected-value', flag, command });
      given.set(name, [...(given.get(name) ?? []), '']);
      return;
    }
    const taken = value ?? argv[at++];
    if (taken === undefined || (value === undefined && taken === '--')) {
      throw new UsageError({ kind: 'missing-value', flag, command });
    }
    const before = given.get(name);
    if (before !== undefined && definition.multiple !== true) {
      throw new UsageError({ kind: 'repeated-flag', flag, command });
    }
    given.set(name, [...(before ?? []), taken]);
  };
  while (at < argv.length) {
    const argument = argv[at++] ?? '';
    if (argument === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      rest.push(argument);
      if (!syntax.endAtArgument) continue;
      rest.push(...argv.slice(at));
      break;
    }
    const equals = argument.indexOf('=');
    const written = equals === -1 ? argument : argument.slice(0, equals);
    const value = equals === -1 ? undefined : argument.slice(equals + 1);
    for (const [name, definition] of lookUp(written, syntax)) set(name, definition, value);
  }
  return {
    has: (name) => given.has(name),
    count: (name) => given.get(name)?.length ?? 0,
    value: (name) => given.get(name)?.[0],
    values: (name) => given.get(name) ?? [],
    rest,
  };
}

/** The declared flags that a word means: one, or several combined short ones. */
function lookUp<F extends FlagDefinitions>(
  written: string,
  { command, flags, laterFlags = [] }: FlagSyntax<F>,
): readonly (readonly [string, FlagDefinition])[] {
  if (laterFlags.includes(written)) {
    throw new UsageError({ kind: 'flag-not-supported-yet', flag: written, command });
  }
  const entries = Object.entries(flags);
  if (written.startsWith('--')) {
    const found = entries.find(([name]) => `--${name}` === written);
    if (found !== undefined) return [found];
    const names = [...entries.map(([name]) => `--${name}`), ...laterFlags];
    throw new UsageError({
      kind: 'unknown-flag',
      flag: written,
      command,
      nearest: nearestName(written, names),
    });
  }
  return [...written.slice(1)].map((character) => {
    const found = entries.find(([, definition]) => definition.alias === character);
    if (found !== undefined) return found;
    const flag = `-${character}`;
    // `-input`: a long flag with a dash too few.
    const nearest = entries.map(([name]) => `--${name}`).find((name) => name === `-${written}`);
    throw laterFlags.includes(flag)
      ? new UsageError({ kind: 'flag-not-supported-yet', flag, command })
      : new UsageError({
          kind: 'unknown-flag',
          flag: nearest === undefined ? flag : written,
          command,
          nearest,
        });
  });
}
