import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { WorkspacePackage } from '../../workspace/packages/package-graph.js';
import type { PlanProblem } from '../plan-problem.js';
import { packagePlace } from './open-tasks.js';

type Members = Extract<PlanProblem, { kind: 'package-cycle' }>['members'];

/** A shortest way round through packages that all need each other, from the first of them. */
export function packageCycle(
  members: readonly number[],
  packages: readonly WorkspacePackage[],
): Members {
  const [start = 0] = members;
  const cameFrom = new Map<number, number>();
  const pending = [start];
  for (let node = pending.shift(); node !== undefined; node = pending.shift()) {
    for (const { to } of packages[node]?.needs ?? []) {
      if (!members.includes(to) || cameFrom.has(to)) continue;
      cameFrom.set(to, node);
      pending.push(to);
    }
  }
  const way: number[] = [];
  let at = start;
  do {
    at = cameFrom.get(at) ?? start;
    way.unshift(at);
  } while (at !== start);
  return way.flatMap((index, position) => {
    const pkg = packages[index];
    const next = packages[way[position + 1] ?? start];
    return pkg === undefined || next === undefined
      ? []
      : [{ package: packageLabel(pkg), at: packagePlace(pkg, next, packages) }];
  });
}
