import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { planRun } from '../plan/plan-run.js';
import type { Plan, PlanOutcome } from '../plan/plan.js';
import { locate } from '../workspace/find-workspace.js';
import { parseRunFlags, readNestedRun, runRequest } from './commands/run-flags.js';

/** For tests: a workspace on disk, and what `vt run` plans in it. */
export class PlanRig {
  readonly root: string;
  env: Record<string, string> = { PATH: '/usr/bin:/bin' };

  /** @param files by path; what is no text becomes JSON. */
  constructor(t: TestContext, files: Readonly<Record<string, unknown>>) {
    this.root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'vt-plan-')));
    t.after(() => {
      rmSync(this.root, { recursive: true });
    });
    this.write(files);
  }

  write(files: Readonly<Record<string, unknown>>): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.root, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }

  /** @param args as after `vt run`, separated by spaces. */
  outcome(args: string, cwd = '.'): Promise<PlanOutcome> {
    const request = runRequest(parseRunFlags(args.split(' ')), this.env);
    if (request === undefined) throw new Error(`no task in: ${args}`);
    const location = locate(path.join(this.root, cwd), []);
    const context = { location, env: this.env, capture: 'pipes', readRun: readNestedRun } as const;
    return planRun(request, context);
  }

  /** The commands in order, each as `task: command`, or the kinds of problems. */
  async commands(args: string, cwd?: string): Promise<readonly string[]> {
    const outcome = await this.outcome(args, cwd);
    if (outcome.kind === 'refused') return outcome.problems.map(({ kind }) => kind);
    return outcome.plan.steps.flatMap(({ planned }) =>
      planned === undefined ? [] : `${planned.execution.task}: ${planned.execution.command}`,
    );
  }

  /** The graph, as `planText` shows it, or the kinds of problems. */
  async graph(args: string, cwd?: string): Promise<readonly string[]> {
    const outcome = await this.outcome(args, cwd);
    return outcome.kind === 'refused'
      ? outcome.problems.map(({ kind }) => kind)
      : planText(outcome.plan);
  }

  async warnings(args: string, cwd?: string): Promise<readonly string[]> {
    const outcome = await this.outcome(args, cwd);
    return outcome.kind === 'refused' ? ['refused'] : outcome.warnings.map(({ kind }) => kind);
  }
}

/** One line for each command: `task < what it needs ~ what it follows`; bridges are seen through. */
function planText(plan: Plan): readonly string[] {
  const nameOf = (index: number): readonly string[] => {
    const step = plan.steps[index];
    if (step === undefined) throw new Error(`no step ${index}`);
    const { planned } = step;
    return planned === undefined ? step.needs.flatMap(nameOf) : [planned.execution.task];
  };
  const list = (mark: string, steps: readonly number[]): string => {
    const names = [...new Set(steps.flatMap(nameOf))].sort();
    return names.length === 0 ? '' : ` ${mark} ${names.join(', ')}`;
  };
  return plan.steps.flatMap((step) =>
    step.planned === undefined
      ? []
      : `${step.planned.execution.task}${list('<', step.needs)}${list('~', step.follows)}`,
  );
}
