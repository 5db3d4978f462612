import { nearestName } from '../../config/nearest-name.js';
import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { PlanProblem } from '../plan-problem.js';
import type { RunScope } from './run-scope.js';
import type { TaskCatalog } from './task-catalog.js';
import { taskName } from './task-commands.js';

/** How many packages are named that have the task. */
const SHOWN = 5;

/** That no package of a request has the task, with what may have been meant. */
export function unknownTask({ target, place }: RunScope, catalog: TaskCatalog): PlanProblem {
  const { task, packages } = target;
  const only = packages.length === 1 ? packages[0] : undefined;
  const known = new Set(packages.flatMap((pkg) => [...catalog.tasksOf(pkg).keys()]));
  return {
    kind: 'unknown-task',
    task,
    package: only === undefined ? undefined : packageLabel(only),
    nearest: nearestName(task, known),
    known: only === undefined ? [] : [...known],
    elsewhere: elsewhere(place.location.workspace.kind === 'members', task, catalog),
    at: place.at,
  };
}

function elsewhere(hasOthers: boolean, task: string, catalog: TaskCatalog): readonly string[] {
  if (!hasOthers) return [];
  // Mistakes in packages that nobody asked for are not to be shown now.
  const quiet = catalog.withoutProblems();
  const found = quiet.graph.packages.filter((pkg) => quiet.tasksOf(pkg).has(task));
  return found.slice(0, SHOWN).map((pkg) => taskName(pkg, task));
}
