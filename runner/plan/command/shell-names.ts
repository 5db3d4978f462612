/**
 * Commands of a POSIX shell that change the shell itself, and its reserved words: what follows them
 * depends on them, so that a command line with one of them is left to the shell as a whole.
 */
export const shellStateNames: ReadonlySet<string> = new Set([
  ...['.', ':', 'alias', 'bg', 'break', 'cd', 'command', 'continue', 'eval', 'exec', 'exit'],
  ...['export', 'fc', 'fg', 'getopts', 'hash', 'jobs', 'let', 'local', 'popd', 'pushd', 'read'],
  ...['readonly', 'return', 'set', 'shift', 'shopt', 'source', 'times', 'trap', 'type', 'typeset'],
  ...['declare', 'ulimit', 'umask', 'unalias', 'unset', 'wait', 'enable', 'builtin', 'caller'],
  ...['!', 'case', 'do', 'done', 'elif', 'else', 'esac', 'fi', 'for', 'function', 'if', 'in'],
  ...['select', 'then', 'time', 'until', 'while', 'coproc'],
]);

/**
 * Commands that a shell has built in and that also exist as programs, which need not agree
 * (`echo '\n'`): they are run by the shell, each on its own.
 */
export const shellCommandNames: ReadonlySet<string> = new Set([
  ...['echo', 'false', 'kill', 'printf', 'pwd', 'test', 'true'],
]);
