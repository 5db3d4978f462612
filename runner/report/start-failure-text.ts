import type { Ending } from '../execute/task-process.js';

/** Why a program could not be started, in the words shells use, without a newline. */
export function startFailureText(ending: Extract<Ending, { kind: 'not-started' }>): string {
  const { errno, path } = ending;
  switch (errno) {
    case 'ENOENT':
      return path.includes('/')
        ? `vt: ${path}: no such file or directory`
        : `vt: ${path}: command not found`;
    case 'EACCES':
      return `vt: ${path}: permission denied`;
    case 'ENOTDIR':
      return `vt: ${path}: not a directory`;
    case 'EISDIR':
      return `vt: ${path}: is a directory`;
    case 'ENOEXEC':
      return `vt: ${path}: not a program this system can run`;
    case 'E2BIG':
      return `vt: ${path}: the arguments and the environment are too long`;
    default:
      return `vt: ${path}: cannot be started (${errno})`;
  }
}
