import { shellCommandNames, shellStateNames } from './shell-names.js';

/** A part of a command line that is run, and cached, on its own. */
export type CommandPart =
  | {
      /** A simple command: the shell would do nothing but start it. */
      readonly kind: 'direct';
      /** As written, trimmed. */
      readonly text: string;
      /** `NAME=value` before the program, in order. */
      readonly assignments: readonly (readonly [name: string, value: string])[];
      readonly argv: readonly [string, ...string[]];
    }
  /** Anything else: for `/bin/sh -c`. */
  | { readonly kind: 'shell'; readonly text: string };

interface Word {
  /** Quotes and backslashes removed. */
  readonly text: string;
  /** Where in `text` the first quoted character stands; the length when none is. */
  readonly firstQuoted: number;
}

/**
 * Splits `a && b` of simple commands into its parts, with words and quotes read as a POSIX shell
 * reads them. A line with anything more (pipes, `;`, `||`, expansions, globs, redirections,
 * subshells, comments, several lines, unfinished quotes, commands that change the shell) is one
 * part for the shell: what is not certainly simple is never taken apart.
 */
export function splitCommandLine(line: string): readonly [CommandPart, ...CommandPart[]] {
  const whole: CommandPart = { kind: 'shell', text: trimmed(line) };
  const commands = lex(line);
  if (commands === undefined) return [whole];
  const parts: CommandPart[] = [];
  for (const { text, words } of commands) {
    const part = parsePart(text, words);
    if (part === undefined) return [whole];
    parts.push(part);
  }
  const [first, ...rest] = parts;
  return first === undefined ? [whole] : [first, ...rest];
}

function parsePart(text: string, words: readonly Word[]): CommandPart | undefined {
  const assignments: (readonly [string, string])[] = [];
  for (const word of words) {
    const name = /^([A-Za-z_]\w*)=/.exec(word.text)?.[1];
    if (name === undefined || word.firstQuoted <= name.length) break;
    assignments.push([name, word.text.slice(name.length + 1)]);
  }
  const [program, ...args] = words.slice(assignments.length).map((word) => word.text);
  if (program === undefined || program === '' || shellStateNames.has(program)) return undefined;
  if (shellCommandNames.has(program)) return { kind: 'shell', text };
  return { kind: 'direct', text, assignments, argv: [program, ...args] };
}

/** Without the blanks around it; a blank behind a backslash is part of a word. */
function trimmed(text: string): string {
  const rest = text.replace(/^[ \t\n]+/, '');
  const kept = rest.replace(/[ \t\n]+$/, '');
  const isEscaped = /(?:^|[^\\])(?:\\\\)*\\$/.test(kept);
  return isEscaped ? rest.slice(0, kept.length + 1) : kept;
}

interface LexedCommand {
  readonly text: string;
  readonly words: readonly Word[];
}

/** The words of each command between `&&`; undefined when the line holds more than that. */
function lex(line: string): readonly LexedCommand[] | undefined {
  const commands: LexedCommand[] = [];
  let words: Word[] = [];
  let start = 0;
  let at = 0;
  const finish = (end: number): boolean => {
    if (words.length === 0) return false;
    commands.push({ text: trimmed(line.slice(start, end)), words });
    words = [];
    return true;
  };
  while (at < line.length) {
    if (line[at] === ' ' || line[at] === '\t') {
      at++;
    } else if (line.startsWith('&&', at)) {
      if (!finish(at)) return undefined;
      at += 2;
      start = at;
    } else {
      const lexed = lexWord(line, at);
      if (lexed === undefined) return undefined;
      words.push(lexed.word);
      at = lexed.end;
    }
  }
  return finish(at) ? commands : undefined;
}

const special = /[|&;<>()$`*?[\]{}~\n\r]/;

function lexWord(line: string, start: number): { word: Word; end: number } | undefined {
  if (line[start] === '#') return undefined;
  let text = '';
  let firstQuoted: number | undefined;
  let at = start;
  while (at < line.length) {
    const character = line[at] ?? '';
    if (character === ' ' || character === '\t' || line.startsWith('&&', at)) break;
    if (character === "'") {
      const close = line.indexOf("'", at + 1);
      if (close === -1) return undefined;
      firstQuoted ??= text.length;
      text += line.slice(at + 1, close);
      at = close + 1;
    } else if (character === '"') {
      const quoted = lexDoubleQuoted(line, at + 1);
      if (quoted === undefined) return undefined;
      firstQuoted ??= text.length;
      text += quoted.text;
      at = quoted.end;
    } else if (character === '\\') {
      const next = line[at + 1];
      if (next === undefined || next === '\n') return undefined;
      firstQuoted ??= text.length;
      text += next;
      at += 2;
    } else if (special.test(character)) {
      return undefined;
    } else {
      text += character;
      at++;
    }
  }
  return { word: { text, firstQuoted: firstQuoted ?? text.length + 1 }, end: at };
}

function lexDoubleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const character = line[at] ?? '';
    if (character === '"') return { text, end: at + 1 };
    if (character === '$' || character === '`') return undefined;
    if (character === '\\' && /[$`"\\\n]/.test(line[at + 1] ?? '')) {
      at++;
      // A backslash before a newline joins two lines.
      if (line[at] !== '\n') text += line[at] ?? '';
    } else {
      text += character;
    }
  }
  return undefined;
}
