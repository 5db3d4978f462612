import type { Incompleteness, IncompletenessCause } from '../tracker/task-trace.js';

/** Why a trace is not complete, and which process it was, on one line. */
export function incompletenessText(incomplete: readonly Incompleteness[]): string {
  const [first, ...others] = incomplete;
  if (first === undefined) return 'file tracking incomplete';
  const process = processText(first.process, first.pid);
  const detail = first.detail === undefined ? '' : ` (${first.detail})`;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const link = concernsWhole.has(first.cause) ? ': ' : ' in ';
  const where = process === undefined ? '' : link + process;
  return `file tracking incomplete: ${causeText(first.cause)}${where}${detail}${more}`;
}

/** Causes that are no deed of the process they name. */
const concernsWhole: ReadonlySet<IncompletenessCause> = new Set<IncompletenessCause>([
  'no-listener',
  'listener-busy',
  'survivors',
  'supervisor-lost',
  'supervisor-killed',
]);

/** A process as messages name it: `'node build.js' (pid 7)`; undefined when nothing is known. */
export function processText(
  argv: readonly string[] | undefined,
  pid: number | undefined,
): string | undefined {
  if (argv === undefined) return pid === undefined ? undefined : `pid ${pid}`;
  const line = oneLine(argv.join(' '));
  return pid === undefined ? `'${line}'` : `'${line}' (pid ${pid})`;
}

/** Cut to a length that leaves the message readable; control characters shown as spaces. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  const flat = text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return flat.length > 100 ? `${flat.slice(0, 99)}…` : flat;
}

function causeText(cause: IncompletenessCause): string {
  switch (cause) {
    case 'no-tracker':
      return 'the tracker is not built or cannot run here';
    case 'no-listener':
      return 'the kernel refused to let the task be observed';
    case 'listener-busy':
      return 'another tracker observes this process tree';
    case 'unreadable-memory':
      return "a process's memory could not be read";
    case 'foreign-abi':
      return 'a system call was made through a foreign ABI';
    case 'log-overflow':
      return 'the log of file accesses overflowed';
    case 'log-damaged':
      return 'the log of file accesses was damaged';
    case 'io-uring':
      return 'io_uring was used';
    case 'root-changed':
      return 'the file system root or a mount was changed';
    case 'unnamed-file':
      return 'a file may have been reached without its name';
    case 'unknown-call':
      return 'a system call that vt does not know was made';
    case 'calls-hidden':
      return 'system calls were traced in a way that vt disturbs';
    case 'survivors':
      return 'processes outlived the task';
    case 'supervisor-lost':
      return 'the tracker was killed, and the task ran on without it';
    case 'supervisor-killed':
      return 'the tracker was killed, and the task with it';
    case 'undecodable-path':
      return 'a path is not valid UTF-8';
    case 'ambiguous-path':
      return 'where a path led cannot be told any more';
  }
}
