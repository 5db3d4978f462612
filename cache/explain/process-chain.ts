import type { Observer } from '../observation.js';
import type { StoredProcess } from '../stored-run.js';

/**
 * A process after those that started it, the task's main process first. Empty for the runner
 * itself (-1) and for an index that is none.
 */
export function processChain(
  processes: readonly StoredProcess[],
  index: Observer,
): readonly StoredProcess[] {
  const chain: StoredProcess[] = [];
  const told = new Set<Observer>();
  for (let at = index; !told.has(at); at = processes[at]?.parent ?? -1) {
    const process = processes[at];
    if (process === undefined) break;
    told.add(at);
    chain.unshift(process);
  }
  return chain;
}
