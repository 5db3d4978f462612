import type { PropertyCase, Step } from './property-case.js';

/**
 * Leaves steps and operations out of a failing case for as long as it still fails, or until there
 * have been `most` attempts.
 */
export async function shrink(
  failing: PropertyCase,
  fails: (candidate: PropertyCase) => Promise<boolean>,
  most: number,
): Promise<PropertyCase> {
  let best = failing;
  let left = most;
  const attempt = async (candidate: PropertyCase): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = best.steps.length >> 1; size >= 1 && left > 0; size >>= 1) {
    for (let again = true; again && left > 0;) {
      again = false;
      for (let at = best.steps.length - size; at >= 0; at -= size) {
        const steps = best.steps.toSpliced(at, size);
        if (await attempt({ ...best, steps })) again = size === 1;
      }
    }
  }
  for (let again = true; again && left > 0;) {
    again = false;
    for (const [task, { operations }] of best.tasks.entries()) {
      for (let at = operations.length - 1; at >= 0; at--) {
        const shorter = best.tasks[task]!.operations.toSpliced(at, 1);
        const tasks = best.tasks.with(task, { ...best.tasks[task]!, operations: shorter });
        if (await attempt({ ...best, tasks })) again = true;
      }
    }
    for (let at = best.steps.length - 1; at >= 0; at--) {
      if (await attempt({ ...best, steps: best.steps.toSpliced(at, 1) })) again = true;
    }
  }
  return best;
}

function tasksOf(step: Step): readonly number[] {
  if ('run' in step) return [step.run];
  if (!('disturbed' in step)) return [];
  return typeof step.by === 'number' ? [step.disturbed, step.by] : [step.disturbed];
}

/** The case as a person reads it. */
export function describeCase({ tasks, steps }: PropertyCase): string {
  const used = new Set(steps.flatMap((step) => tasksOf(step)));
  return [
    ...tasks.flatMap(({ cwd, static: isStatic, operations }, index) =>
      used.has(index)
        ? [`task ${index}${isStatic ? ', static' : ''}, in '${cwd}': ${operations.join('; ')}`]
        : [],
    ),
    ...steps.map((step) =>
      'edit' in step
        ? `edit ${step.edit.join(' | ')}`
        : 'disturbed' in step
          ? `run task ${step.disturbed}, and after ${step.after} ms ` +
            (typeof step.by === 'number' ? `task ${step.by}` : `edit ${step.by.join(' | ')}`)
          : 'back' in step
            ? `back to the state before run ${step.back}`
            : `run ${step.name}: task ${step.run}`,
    ),
  ].join('\n');
}
