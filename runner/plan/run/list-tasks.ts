import type { WorkspacePath } from '../../../cache/brands.js';
import type { TaskDefinition } from '../../config/task-definition.js';
import type { Location } from '../../workspace/find-workspace.js';
import { loadPackages } from '../../workspace/packages/load-packages.js';
import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { PlanProblem } from '../plan-problem.js';
import { TaskCatalog } from './task-catalog.js';

/** A task that `vt run` can be asked for. */
export interface ListedTask {
  /** What `vt run` calls it here: its bare name in the package vt was started in, else `package#task`. */
  readonly name: string;
  readonly task: string;
  readonly package: ListedPackage;
  /** What it runs, on one line; undefined for one that only waits for others. */
  readonly command: string | undefined;
  /** The `dependsOn` of its configuration, for those without a command. */
  readonly dependsOn: readonly string[];
}

/** A package of the workspace, as lists show it. */
interface ListedPackage {
  /** Its name, or its path when it has none; '' for such a root. */
  readonly label: string;
  readonly path: WorkspacePath;
  /** Whether vt was started in it. */
  readonly isHome: boolean;
}

/** Everything that can be run in a workspace. */
export interface TaskList {
  /** Those of the package vt was started in first, then by package; of each in the order written. */
  readonly tasks: readonly ListedTask[];
  readonly packages: readonly ListedPackage[];
  /** What kept tasks from being found, or is worth a warning. */
  readonly problems: readonly PlanProblem[];
}

/** Lists all tasks of a workspace; as many as there are, whatever the problems are. */
export async function listTasks(location: Location): Promise<TaskList> {
  const problems: PlanProblem[] = [];
  const graph = await loadPackages(location, problems);
  const root = graph.packages[0];
  const home = graph.byPath.get(location.package.path) ?? root;
  if (home === undefined) return { tasks: [], packages: [], problems };
  const catalog = new TaskCatalog(home, location.workspace.root, graph, problems);
  const others = graph.packages.filter((pkg) => pkg !== home);
  const packages: ListedPackage[] = [];
  const tasks: ListedTask[] = [];
  for (const pkg of [home, ...others]) {
    const isHome = pkg === home;
    const shown = { label: packageLabel(pkg), path: pkg.path, isHome };
    packages.push(shown);
    for (const task of catalog.tasksOf(pkg).values()) {
      const name = isHome ? task.name : `${shown.label}#${task.name}`;
      tasks.push({ name, task: task.name, package: shown, ...whatItDoes(task) });
    }
  }
  return { tasks, packages, problems };
}

function whatItDoes(task: TaskDefinition): Pick<ListedTask, 'command' | 'dependsOn'> {
  const texts = task.commands.map(({ text }) => oneLine(text));
  return {
    command: texts.length === 0 ? undefined : texts.join(' && '),
    dependsOn: task.dependsOn.map((reference) =>
      reference.kind === 'named'
        ? reference.name
        : `${reference.task} of ${reference.from.join(', ')}`,
    ),
  };
}

/** A list has one line for each; a command may hold newlines, and what a terminal would obey. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}
