import { nearestName } from '../../config/nearest-name.js';
import type { Sink } from '../../config/sink.js';
import type { TaskDefinition, TaskReference } from '../../config/task-definition.js';
import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { PackageEdge, WorkspacePackage } from '../../workspace/packages/package-graph.js';
import type { PlanProblem } from '../plan-problem.js';
import type { TaskCatalog } from './task-catalog.js';
import { taskName } from './task-commands.js';

/** A task and the package it belongs to. */
export interface PackageTask {
  readonly pkg: WorkspacePackage;
  readonly task: TaskDefinition;
}

/** The tasks that an entry of `dependsOn` means. What it names and is not there is a problem. */
export function dependencyTasks(
  pkg: WorkspacePackage,
  task: TaskDefinition,
  reference: TaskReference,
  catalog: TaskCatalog,
  problems: Sink<PlanProblem>,
): readonly PackageTask[] {
  const unknown = (dependency: string, nearest: string | undefined): readonly PackageTask[] => {
    const { at } = reference;
    const name = taskName(pkg, task.name);
    problems.push({ kind: 'unknown-dependency', task: name, dependency, nearest, at });
    return [];
  };
  if (reference.kind === 'of-dependencies') {
    const { packages } = catalog.graph;
    const needed = pkg.needs
      .filter((edge) => isFrom(edge, reference.from))
      .flatMap(({ to }) => packages[to] ?? []);
    const found = needed.flatMap((other) => {
      const there = catalog.tasksOf(other).get(reference.task);
      return there === undefined ? [] : [{ pkg: other, task: there }];
    });
    // Packages may lack the task; a task that none of all packages has is a mistake.
    if (found.length > 0 || needed.length === 0) return found;
    const names = packages.flatMap((other) => [...catalog.tasksOf(other).keys()]);
    return names.includes(reference.task)
      ? []
      : unknown(reference.task, nearestName(reference.task, new Set(names)));
  }
  const hash = reference.name.lastIndexOf('#');
  if (hash === -1) {
    const tasks = catalog.tasksOf(pkg);
    const found = tasks.get(reference.name);
    return found === undefined
      ? unknown(reference.name, nearestName(reference.name, tasks.keys()))
      : [{ pkg, task: found }];
  }
  const label = reference.name.slice(0, hash);
  const name = reference.name.slice(hash + 1);
  const other = label === packageLabel(pkg) ? pkg : catalog.packageNamed(label);
  if (other === undefined) {
    const nearest = nearestName(label, catalog.graph.packages.map(packageLabel));
    return unknown(reference.name, nearest === undefined ? undefined : `${nearest}#${name}`);
  }
  const tasks = catalog.tasksOf(other);
  const found = tasks.get(name);
  if (found !== undefined) return [{ pkg: other, task: found }];
  const nearest = nearestName(name, tasks.keys());
  return unknown(reference.name, nearest === undefined ? undefined : `${label}#${nearest}`);
}

/** npm installs optional dependencies like others; `from` has no name of their own for them. */
function isFrom({ fields }: PackageEdge, from: readonly string[]): boolean {
  return fields.some((field) =>
    from.includes(field === 'optionalDependencies' ? 'dependencies' : field),
  );
}
