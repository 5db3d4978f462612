import { readFileSync } from 'node:fs';

/** The groups a process belongs to and faces. */
interface ProcessGroups {
  /** Its own process group. */
  readonly own: number;
  /** The group in the foreground of its controlling terminal, if it has one. */
  readonly foreground: number | undefined;
}

/** Undefined when the process is gone or the system has no /proc. */
export function processGroups(pid: number): ProcessGroups | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // Behind the program's name, which may hold anything: state, parent, group, session, terminal,
  // foreground group (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = Number(fields[2]);
  const foreground = Number(fields[5]);
  return { own, foreground: foreground > 0 ? foreground : undefined };
}

/** Sends a signal to a group; one that is gone is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
