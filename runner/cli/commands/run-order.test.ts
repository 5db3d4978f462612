import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Plan } from '../../plan/plan.js';
import { PlanRig } from '../plan-rig.js';

/** Names of all that a step waits for, by whatever way. */
function before(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const sets: ReadonlySet<string>[] = [];
  const found = new Map<string, ReadonlySet<string>>();
  plan.steps.forEach((step, index) => {
    const all = new Set<string>();
    for (const need of [...step.needs, ...step.follows]) {
      assert.ok(need < index, 'steps come after those they wait for');
      for (const name of sets[need] ?? []) all.add(name);
      const task = plan.steps[need]?.planned?.execution.task;
      if (task !== undefined) all.add(task);
    }
    sets.push(all);
    if (step.planned !== undefined) found.set(step.planned.execution.task, all);
  });
  return found;
}

describe('the order of tasks, over random workspaces', () => {
  it('is that of a plain reading of the rules', async (t) => {
    let seed = 3;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const rig = new PlanRig(t, {});
    let circles = 0;
    let bridges = 0;
    for (let round = 0; round < 120; round++) {
      const count = 2 + random(8);
      const mayCircle = random(3) === 0;
      const needs = Array.from({ length: count }, (_, index) =>
        [
          ...new Set(
            Array.from({ length: random(3) }, () => random(mayCircle ? count : index + 1)),
          ),
        ].filter((to) => to !== index),
      );
      const hasTask = needs.map(() => random(3) > 0);
      const dependsOn = needs.map((_, index) =>
        random(4) === 0 && index > 0 ? random(index) : undefined,
      );
      rmSync(path.join(rig.root, 'p'), { recursive: true, force: true });
      rig.write({
        'package.json': { workspaces: ['p/*'] },
        ...Object.fromEntries(
          needs.flatMap((to, index): [string, unknown][] => {
            const waits = dependsOn[index];
            const build = {
              command: 'x',
              ...(waits === undefined || !hasTask[waits] ? {} : { dependsOn: [`p${waits}#lint`] }),
            };
            const tasks = { ...(hasTask[index] ? { build } : {}), lint: 'x' };
            return [
              [
                `p/${index}/package.json`,
                {
                  name: `p${index}`,
                  dependencies: Object.fromEntries(to.map((n) => [`p${n}`, 'workspace:*'])),
                },
              ],
              [`p/${index}/vite-task.json`, { tasks }],
            ];
          }),
        ),
      });
      const selected = needs.map(() => random(4) > 0);
      const filters = selected.flatMap((is, index) => (is ? `-F p${index}` : []));
      const all = filters.length === 0 || random(2) === 0;
      const runs = (index: number): boolean =>
        hasTask[index] === true && (all || selected[index] === true);
      const outcome = await rig.outcome(`${all ? '-r' : filters.join(' ')} build`);
      if (!needs.some((_, index) => runs(index))) {
        assert.ok(outcome.kind === 'refused' && outcome.problems[0]?.kind === 'unknown-task');
        continue;
      }
      assert.ok(outcome.kind === 'planned', JSON.stringify(outcome));

      const leads = (from: number, to: number, seen: readonly number[] = []): boolean =>
        (needs[from] ?? []).some(
          (next) => next === to || (!seen.includes(next) && leads(next, to, [...seen, next])),
        );
      const found = before(outcome.plan);
      const expected = needs.flatMap((_, index) => {
        if (!runs(index)) return [];
        const waits = new Set<string>();
        for (const other of needs.keys()) {
          // In a circle there is no order.
          if (!leads(index, other) || leads(other, index)) continue;
          if (!runs(other)) continue;
          waits.add(`p${other}#build`);
          if (!(needs[index] ?? []).includes(other)) bridges++;
        }
        // What those wait for that it waits for, of its own circle too, as they come together.
        for (const other of [index, ...needs.keys()]) {
          const counts =
            other === index || (leads(index, other) && !leads(other, index) && runs(other));
          const lint = dependsOn[other];
          if (counts && lint !== undefined && hasTask[lint]) waits.add(`p${lint}#lint`);
        }
        if (leads(index, index)) circles++;
        return [[`p${index}#build`, [...waits].sort()] as const];
      });
      assert.deepEqual(
        [...found]
          .filter(([name]) => name.endsWith('#build'))
          .map(([name, waits]) => [name, [...waits].sort()] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
        expected.sort(([a], [b]) => (a < b ? -1 : 1)),
        JSON.stringify({ needs, hasTask, dependsOn, selected, all }),
      );
    }
    assert.ok(circles > 10 && bridges > 10, `${circles} circles, ${bridges} bridges`);
  });
});
