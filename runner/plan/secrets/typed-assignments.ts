/** `NAME=value` as a word of its own, the value quoted in any way a shell knows. */
const ASSIGNMENT =
  /(?<![\w$.\-/:=‹])([A-Za-z_]\w*)=((?:'[^']*'|"(?:\\[^]|[^"\\])*"|\\[^]|[^\s'"\\;&|<>()])+)/g;

/** Rewrites what a command line assigns; the value as it is written, with its quotes. */
export function replaceAssignments(
  text: string,
  rewrite: (whole: string, name: string, value: string) => string,
): string {
  return text.replace(ASSIGNMENT, rewrite);
}

/** Whether an argument is for a shell to read: `sh -c text`, `bash -lc text`. */
export function isShellText(argv: readonly string[], index: number): boolean {
  return /^-[A-Za-z]*c$/.test(argv[index - 1] ?? '');
}

/** Whether the arguments are those of the program that sets variables for another one. */
export function isEnv(argv: readonly string[]): boolean {
  return /(?:^|\/)env$/.test(argv[0] ?? '');
}

/**
 * The variables that a program's arguments set for others, `env A=x cmd` or `sh -c 'A=x cmd'`, with
 * the values they get. Not those that take a shell to work out.
 */
export function typedAssignments(
  argv: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  const found: (readonly [string, string])[] = [];
  argv.forEach((argument, index) => {
    if (isShellText(argv, index)) {
      replaceAssignments(argument, (whole, name, written) => {
        const value = unquoted(written);
        if (value !== undefined) found.push([name, value]);
        return whole;
      });
    } else if (isEnv(argv)) {
      const [, name, value] = /^([A-Za-z_]\w*)=([^]+)$/.exec(argument) ?? [];
      if (name !== undefined && value !== undefined) found.push([name, value]);
    }
  });
  return found;
}

/** What a shell makes of it; undefined when it expands something. */
function unquoted(written: string): string | undefined {
  let value = '';
  for (const [piece] of written.matchAll(/'[^']*'|"(?:\\[^]|[^"\\])*"|\\[^]|[^'"\\]+/g)) {
    if (piece.startsWith("'")) value += piece.slice(1, -1);
    else if (/(?<!\\)[$`]/.test(piece)) return undefined;
    else if (piece.startsWith('"')) value += piece.slice(1, -1).replace(/\\(["\\$`])/g, '$1');
    else value += piece.startsWith('\\') ? piece.slice(1) : piece;
  }
  return value;
}
