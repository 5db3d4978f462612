import type { Plan } from '../../plan/plan.js';
import { reachable } from '../../workspace/select/reachable.js';

/** Whether a plan puts two of its tasks, by name, into an order, whichever comes first. */
export function planOrder({ steps, tasks }: Plan): (one: string, other: string) => boolean {
  const edges = steps.map(({ needs, follows }) => [...needs, ...follows]);
  const stepsOf = (name: string): readonly number[] =>
    steps.flatMap(({ task }, index) =>
      task !== undefined && tasks[task]?.name === name ? [index] : [],
    );
  const comesAfter = (late: readonly number[], early: readonly number[]): boolean => {
    const before = reachable(late, edges);
    return early.some((step) => before.has(step));
  };
  return (one, other) => {
    const [ones, others] = [stepsOf(one), stepsOf(other)];
    return comesAfter(ones, others) || comesAfter(others, ones);
  };
}
