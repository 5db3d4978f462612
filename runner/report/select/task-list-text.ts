import type { ListedTask } from '../../plan/run/list-tasks.js';

/** All tasks, one line each: `  lib#build: vite build`. */
export function taskListText(tasks: readonly ListedTask[]): string {
  return tasks.map((task) => `  ${task.name}: ${taskAction(task)}\n`).join('');
}

/** What a task does, on one line. */
export function taskAction({ command, dependsOn }: ListedTask): string {
  return command ?? `(runs ${dependsOn.join(', ')})`;
}
