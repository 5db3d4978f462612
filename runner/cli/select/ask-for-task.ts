import type { PlanProblem } from '../../plan/plan-problem.js';
import { listTasks } from '../../plan/run/list-tasks.js';
import type { ListedTask } from '../../plan/run/list-tasks.js';
import type { RunRequest } from '../../plan/run/run-request.js';
import { taskListText } from '../../report/select/task-list-text.js';
import { createStyle, wantsColor } from '../../report/style.js';
import type { Location } from '../../workspace/find-workspace.js';
import { missingTask } from '../commands/run-flags.js';
import { reportProblems } from '../report-problems.js';
import type { CommandContext, Exit } from '../services.js';
import type { Keyboard } from './keyboard.js';
import { selectTask } from './select-task.js';

/** What the user wants to run, by the name that `vt run` knows, or how to end instead. */
export type Asked =
  { readonly kind: 'task'; readonly task: string } | { readonly kind: 'end'; readonly exit: Exit };

/** 128 + SIGINT: nothing was chosen. */
const CANCELLED: Exit = { kind: 'code', code: 130 };

/**
 * For a `vt run` without a task: lets the user choose one, or lists them all where nobody can be asked.
 * Configuration that cannot be read takes away its own tasks only.
 *
 * @param mayList false: where nobody can be asked, it is a mistake to name no task.
 */
export async function askForTask(
  location: Location,
  mayList: boolean,
  context: CommandContext,
): Promise<Asked> {
  const { io, services } = context;
  const keyboard = await services.keyboard();
  if (keyboard === undefined && !mayList) {
    throw missingTask();
  }
  const { tasks, problems } = await listTasks(location);
  reportProblems(problems, io);
  if (tasks.length === 0) {
    if (problems.length === 0) reportProblems([{ kind: 'no-tasks' }], io);
    return { kind: 'end', exit: { kind: 'code', code: 1 } };
  }
  if (keyboard !== undefined) return ask(tasks, '', keyboard, context);
  io.stdout.write(taskListText(tasks));
  return { kind: 'end', exit: { kind: 'code', code: 0 } };
}

/**
 * For a task that is not there, which only the command line named: lets the user choose another one,
 * beginning with what was typed. Undefined where nobody can be asked, or something else is wrong.
 */
export async function askInstead(
  { task, packages }: RunRequest,
  mistakes: readonly PlanProblem[],
  location: Location,
  context: CommandContext,
): Promise<Asked | undefined> {
  // Who chose packages by a flag has said more than the selector could keep to.
  if (packages.kind !== 'own' || !mistakes.every(isUnknownName)) return undefined;
  const keyboard = await context.services.keyboard();
  if (keyboard === undefined) return undefined;
  const { tasks } = await listTasks(location);
  if (tasks.length === 0) return undefined;
  context.io.stdout.write(`Task "${task}" not found.\n`);
  return ask(tasks, task, keyboard, context);
}

function isUnknownName(problem: PlanProblem): boolean {
  return (
    (problem.kind === 'unknown-task' || problem.kind === 'unknown-package') &&
    problem.at === undefined
  );
}

async function ask(
  tasks: readonly ListedTask[],
  query: string,
  keyboard: Keyboard,
  { io }: CommandContext,
): Promise<Asked> {
  const style = createStyle(wantsColor(io.env, io.stdout.isTTY));
  const selected = await selectTask(tasks, query, { keyboard, screen: io.stdout, style });
  switch (selected.kind) {
    case 'chosen':
      return { kind: 'task', task: selected.task.name };
    case 'cancelled':
      return { kind: 'end', exit: CANCELLED };
    case 'ended':
      return { kind: 'end', exit: { kind: 'signal', signal: selected.signal } };
  }
}
