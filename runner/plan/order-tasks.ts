import { nearestName } from '../config/nearest-name.js';
import type { SourceRange } from '../config/source-range.js';
import type { TaskDefinition } from '../config/task-definition.js';
import type { PlanProblem } from './plan-problem.js';

/** A task and the indexes, in the same list, of the tasks it waits for. */
export interface OrderedTask {
  readonly task: TaskDefinition;
  readonly waitsFor: readonly number[];
}

/**
 * A task and everything it waits for, each once, after all that it waits for itself. References
 * that lead nowhere, out of the package or round in a circle are problems.
 *
 * @param ownName the task's name within this package; undefined for a reference to another package.
 */
export function orderTasks(
  first: TaskDefinition,
  tasks: ReadonlyMap<string, TaskDefinition>,
  ownName: (reference: string) => string | undefined,
  problems: PlanProblem[],
): readonly OrderedTask[] {
  const ordered: OrderedTask[] = [];
  const indexes = new Map<TaskDefinition, number>();
  const waiting: { task: TaskDefinition; at: SourceRange }[] = [];

  const add = (task: TaskDefinition): number | undefined => {
    const known = indexes.get(task);
    if (known !== undefined) return known;
    const waitsFor: number[] = [];
    for (const reference of task.dependsOn) {
      const { at } = reference;
      if (reference.kind === 'of-dependencies') {
        const what = `"${reference.task}" from ${reference.from.join(', ')}`;
        const feature = 'dependencies-of-other-packages';
        problems.push({ kind: 'not-supported-yet', feature, what, at });
        continue;
      }
      const name = ownName(reference.name);
      if (name === undefined) {
        const feature = 'tasks-of-other-packages';
        problems.push({ kind: 'not-supported-yet', feature, what: reference.name, at });
        continue;
      }
      const dependency = tasks.get(name);
      if (dependency === undefined) {
        const nearest = nearestName(name, tasks.keys());
        const { name: waiter } = task;
        problems.push({ kind: 'unknown-dependency', task: waiter, dependency: name, nearest, at });
        continue;
      }
      waiting.push({ task, at });
      const from = waiting.findIndex((step) => step.task === dependency);
      if (from === -1) {
        const index = add(dependency);
        if (index !== undefined && !waitsFor.includes(index)) waitsFor.push(index);
      } else {
        const members = waiting.slice(from).map((step) => ({ task: step.task.name, at: step.at }));
        problems.push({ kind: 'dependency-cycle', members });
      }
      waiting.pop();
    }
    indexes.set(task, ordered.push({ task, waitsFor }) - 1);
    return indexes.get(task);
  };
  add(first);
  return ordered;
}
