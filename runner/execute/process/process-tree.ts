import { readdirSync, readFileSync } from 'node:fs';

/** Looks at all processes for new ones until none is found; a bound, so that nothing can keep it busy. */
const MOST_LOOKS = 64;

/**
 * Sends a signal to every process below `ancestor`, at whatever depth, and not to that one itself.
 * Being gone is no error. With SIGKILL it looks again until no other process is found: one that has
 * been sent it can make no more of them.
 *
 * @param only which of them, by the process group they are in; default: all.
 */
export function signalDescendants(
  ancestor: number,
  signal: NodeJS.Signals,
  only: (group: number) => boolean = () => true,
): void {
  const sent = new Set<number>();
  for (let look = 0; look < MOST_LOOKS; look++) {
    const found = descendants(ancestor).filter(({ pid, group }) => !sent.has(pid) && only(group));
    for (const { pid } of found) {
      sent.add(pid);
      sendSignal(pid, signal);
    }
    if (found.length === 0 || signal !== 'SIGKILL') return;
  }
}

/** Sends a signal to a process, or to a group when `target` is negative. Being gone is no error. */
export function sendSignal(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** The living processes below `ancestor`, parents before children. Empty where there is no /proc. */
function descendants(ancestor: number): readonly Process[] {
  const children = new Map<number, Process[]>();
  for (const found of processes()) {
    const siblings = children.get(found.parent);
    if (siblings === undefined) children.set(found.parent, [found]);
    else siblings.push(found);
  }
  const below: Process[] = [...(children.get(ancestor) ?? [])];
  for (const { pid } of below) below.push(...(children.get(pid) ?? []));
  return below;
}

function processes(): readonly Process[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    let stat: string;
    try {
      stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    } catch {
      return []; // it ended meanwhile
    }
    // Behind the program's name, which may hold anything: state, parent, group (proc(5)).
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return [];
    return [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
  });
}
