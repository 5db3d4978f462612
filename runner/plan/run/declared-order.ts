import type { Location } from '../../workspace/find-workspace.js';
import { loadPackages } from '../../workspace/packages/load-packages.js';
import { reachable } from '../../workspace/select/reachable.js';
import { dependencyTasks } from './dependency-tasks.js';
import type { PackageTask } from './dependency-tasks.js';
import { TaskCatalog } from './task-catalog.js';
import { taskName } from './task-commands.js';

/** What the configuration of a workspace says of the order of tasks, given by name. */
export interface DeclaredOrder {
  /** Whether there is such a task. */
  has(task: string): boolean;
  /**
   * Whether a task comes after another one: by its `dependsOn`, because its package needs the other's, or by
   * both of them over any number of tasks and packages.
   */
  comesAfter(task: string, other: string): boolean;
}

/** Reads the whole workspace; mistakes in it are not told, and declare nothing. */
export async function declaredOrder(location: Location): Promise<DeclaredOrder> {
  const graph = await loadPackages(location, []);
  const { packages } = graph;
  const home = graph.byPath.get(location.package.path) ?? packages[0];
  const byName = new Map<string, PackageTask>();
  if (home === undefined) return { has: () => false, comesAfter: () => false };
  const problems = { push: () => 0 };
  const catalog = new TaskCatalog(home, location.workspace.root, graph, problems);
  for (const pkg of packages) {
    for (const task of catalog.tasksOf(pkg).values()) {
      byName.set(taskName(pkg, task.name), { pkg, task });
    }
  }
  const needs = packages.map((pkg) => pkg.needs.map(({ to }) => to));
  return {
    has: (task) => byName.has(task),
    comesAfter: (task, other) => {
      const [late, early] = [byName.get(task), byName.get(other)];
      if (late === undefined || early === undefined) return false;
      const seen = new Map([[task, late]]);
      // Grows while it is walked.
      for (const { pkg, task: definition } of seen.values()) {
        for (const reference of definition.dependsOn) {
          for (const found of dependencyTasks(pkg, definition, reference, catalog, problems)) {
            seen.set(taskName(found.pkg, found.task.name), found);
          }
        }
      }
      if (seen.has(other)) return true;
      const needed = reachable(
        [...seen.values()].map(({ pkg }) => pkg.index),
        needs,
      );
      return needed.has(early.pkg.index);
    },
  };
}
