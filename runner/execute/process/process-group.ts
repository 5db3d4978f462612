import { readFileSync } from 'node:fs';
import { sendSignal } from './process-tree.js';

/** The groups a process belongs to and faces. */
interface ProcessGroups {
  /** Its own process group. */
  readonly own: number;
  /** The group in the foreground of its controlling terminal, if it has one. */
  readonly foreground: number | undefined;
}

/** Undefined when the process is gone or the system has no /proc. */
function processGroups(pid: number): ProcessGroups | undefined {
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

/**
 * Sends a signal to a task: to the group it leads, or to its main process alone while that is still
 * in another group, maybe vt's own. Being gone is no error.
 */
export function signalTask(pid: number, signal: NodeJS.Signals): void {
  const groups = processGroups(pid);
  if (groups !== undefined && groups.own !== pid) sendSignal(pid, signal);
  else sendSignal(-pid, signal);
}

/** Sends SIGINT as the task's terminal would: to its foreground group. */
export function interruptTerminal(pid: number): void {
  const foreground = processGroups(pid)?.foreground;
  if (foreground === undefined) signalTask(pid, 'SIGINT');
  else sendSignal(-foreground, 'SIGINT');
}

/**
 * Whether a key such as Ctrl-C, pressed in the terminal, is sent to this process's group by the
 * terminal itself: it has a controlling terminal and is in its foreground.
 */
export function terminalSignalsReach(pid: number): boolean {
  const groups = processGroups(pid);
  return groups !== undefined && groups.foreground === groups.own;
}

/** The process group of this process; undefined when the system has no /proc. */
export function ownGroup(): number | undefined {
  return processGroups(process.pid)?.own;
}
