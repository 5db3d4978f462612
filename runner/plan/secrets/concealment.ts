import { digestValue } from '../env/digest-value.js';
import { rememberedFor } from '../env/remembered-for.js';
import type { ConfidentialValues } from './confidential-values.js';
import { isSecretName } from './secret-names.js';
import { isEnv, isShellText, replaceAssignments } from './typed-assignments.js';

/**
 * Takes the values of variables out of what is written to the disk. Each becomes a mark with the
 * variable's name and the beginning of the value's digest, `‹API_TOKEN:4bf5122f344554c5›`, so that
 * different texts stay different; a `‹` that was there before is doubled.
 */
export interface Concealment {
  /** A program's arguments, its own name first. */
  arguments(argv: readonly string[]): string[];
  /** A command line as a shell reads it, or a message with some. */
  commandLine(text: string): string;
  /** All texts in a value that JSON can hold. */
  everywhere<T>(value: T): T;
}

/**
 * Shorter values are left where they stand: `1`, `true` or `de` stand in any text by chance, and
 * whoever wanted to know one could find it by trying out its digest.
 */
const SHORTEST = 8;

/** Longer values are looked for one by one: an expression of all of them may be too large. */
const LONGEST_SEARCHED = 256;

/**
 * Conceals these values wherever they stand; and where a text sets a variable (`A=x cmd`, `env A=x`)
 * its value, whatever it is.
 */
export function createConcealment(values: ConfidentialValues): Concealment {
  // Most tasks share the values of the runner's environment.
  return remembered(values, '', () => makeConcealment(values));
}

const remembered = rememberedFor<Concealment>();

function makeConcealment(values: ConfidentialValues): Concealment {
  const names = new Map<string, string>();
  for (const [name, value] of values) {
    if (value.length >= SHORTEST && !names.has(value)) names.set(value, name);
  }
  // Of values that contain each other the longest.
  const sorted = [...names.keys()].sort((a, b) => b.length - a.length);
  const long = sorted.filter((value) => value.length > LONGEST_SEARCHED);
  const alternatives = sorted.slice(long.length).map(literal);
  const known = new RegExp(['‹', ...alternatives].join('|'), 'g');
  const conceal = (text: string): string => {
    const whole = long.find((value) => text.includes(value));
    if (whole !== undefined) {
      return text
        .split(whole)
        .map(conceal)
        .join(mark(names.get(whole)!, whole));
    }
    return text.replace(known, (found) => (found === '‹' ? '‹‹' : mark(names.get(found)!, found)));
  };
  const concealAssignments = (text: string) =>
    replaceAssignments(text, (whole, name, value) =>
      isMark(value) ? whole : `${name}=${mark(name, value)}`,
    );
  const commandLine = (text: string) => concealAssignments(conceal(text));
  const concealArguments = (argv: readonly string[]): string[] => {
    return argv.map((argument, index) => {
      if (isShellText(argv, index)) return commandLine(argument);
      const concealed = conceal(argument);
      const [, name, value] = /^([A-Za-z_]\w*)=([^]+)$/.exec(concealed) ?? [];
      if (name === undefined || value === undefined || isMark(value)) return concealed;
      return isEnv(argv) || isSecretName(name) ? `${name}=${mark(name, value)}` : concealed;
    });
  };
  const everywhere = (value: unknown): unknown => {
    if (typeof value === 'string') return commandLine(value);
    if (Array.isArray(value)) {
      const isArgv = value.every((item) => typeof item === 'string');
      return isArgv ? concealArguments(value) : value.map(everywhere);
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everywhere(item)]));
  };
  return {
    arguments: concealArguments,
    commandLine,
    everywhere: <T>(value: T) => everywhere(value) as T,
  };
}

/** For all that is kept of a run; `served`: what the task got by asking for it. */
export function concealmentOf(
  { confidential }: { readonly confidential: ConfidentialValues },
  served: ConfidentialValues = new Map(),
): Concealment {
  return createConcealment(new Map([...confidential, ...served]));
}

function mark(name: string, value: string): string {
  return `‹${name}:${digestValue(value).slice(0, 16)}›`;
}

function isMark(text: string): boolean {
  return /^‹\w+:[0-9a-f]{16}›$/.test(text);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
