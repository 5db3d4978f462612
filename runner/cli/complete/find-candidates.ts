import { listTasks } from '../../plan/run/list-tasks.js';
import { taskAction } from '../../report/select/task-list-text.js';
import type { Io } from '../../report/output.js';
import { locate } from '../../workspace/find-workspace.js';
import type { Candidate, FindCandidates } from './complete-words.js';

/** What there is in the workspace, and in vt's environment. Mistakes in files are not the shell's business. */
export function findCandidates({ cwd, env }: Pick<Io, 'cwd' | 'env'>): FindCandidates {
  return async (of, flags) => {
    if (of === 'variables') {
      return Object.keys(env)
        .sort()
        .map((value) => ({ value, description: '' }));
    }
    const { tasks, packages } = await listTasks(locate(cwd, []));
    if (of === 'packages') {
      return packages
        .filter(({ label }) => label !== '')
        .map(({ label, path }) => ({ value: label, description: path === '' ? '.' : path }));
    }
    const byName = new Map<string, Candidate>();
    const offer = (value: string, description: string): void => {
      if (!byName.has(value)) byName.set(value, { value, description });
    };
    // Where a flag chooses the packages, the name must not.
    const bare = ['recursive', 'filter', 'workspace-root', 'transitive'].some((f) => flags.has(f));
    for (const task of tasks) offer(bare ? task.task : task.name, taskAction(task));
    return [...byName.values()];
  };
}
