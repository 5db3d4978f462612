import { basename } from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Dependency } from '../../../cache/stored-run.js';
import type { TracedProcess } from '../../tracker/task-trace.js';
import type { RunFacts } from './derive-run.js';
import { below } from './workspace-accesses.js';

/**
 * The programs outside the workspace that were executed, with the names by which PATH leads to them.
 * Who found one by its name depends on PATH: where that leads elsewhere (another version of node was
 * chosen), the former program may still be there, unchanged.
 */
export function programDependencies({
  trace,
  workspaceRoot,
  findProgram,
}: Pick<RunFacts, 'trace' | 'workspaceRoot' | 'findProgram'>): Dependency[] {
  const executed = trace.accesses.flatMap(({ path, executed }) =>
    executed === undefined || below(workspaceRoot, path) !== undefined
      ? []
      : [{ path, observer: executed.process }],
  );
  const names = new Map<AbsolutePath, string[]>(executed.map(({ path }) => [path, []]));
  for (const name of namesUsed(trace.processes, names.keys())) {
    const path = findProgram(name);
    if (path !== undefined) names.get(path)?.push(name);
  }
  return executed.map(({ path, observer }) => ({
    kind: 'program',
    path,
    observer,
    names: names.get(path)!.sort(),
  }));
}

/**
 * By which a program may have been looked for: what its processes call themselves, and its own.
 * That of a script is the second argument of what reads it.
 */
function namesUsed(processes: readonly TracedProcess[], paths: Iterable<string>): Set<string> {
  const names = new Set<string>();
  for (const path of paths) names.add(basename(path));
  for (const { argv } of processes) {
    const [program, script] = argv;
    if (program !== undefined) names.add(basename(program));
    if (script?.startsWith('/') === true) names.add(basename(script));
  }
  names.delete('');
  return names;
}
