import path from 'node:path';
import { statSync } from 'node:fs';
import type { ConfigProblem } from '../config/config-problem.js';
import { isWarning } from '../config/config-problem.js';
import { loadPackageTasks, loadRootSettings } from '../config/load-package-tasks.js';
import { nearestName } from '../config/nearest-name.js';
import type { RootSettings } from '../config/parse-task-file.js';
import { defaultCacheSettings } from '../config/task-definition.js';
import type { CommandLine, TaskDefinition } from '../config/task-definition.js';
import { physicalPath, resolvePath, workspacePath } from '../workspace/paths.js';
import { splitCommandLine } from './command/split-command-line.js';
import type { Execution } from './execution.js';
import { orderTasks } from './order-tasks.js';
import { planExecution } from './plan-execution.js';
import type { PlanContext, PlanOutcome, PlannedExecution, PlannedTask } from './plan.js';
import type { PlanProblem } from './plan-problem.js';

/** `vt run`: a task by name. */
export interface RunRequest {
  /** `task`, or `package#task`. */
  readonly task: string;
  /** For the task's last command; tasks it waits for get none. */
  readonly args: readonly string[];
  /** True for --cache, false for --no-cache, undefined for what the configuration says. */
  readonly cache: boolean | undefined;
}

/** Plans a task of the package vt was started in, and the tasks it waits for. */
export function planRun(request: RunRequest, context: PlanContext): PlanOutcome {
  const { workspace, package: home } = context.location;
  const found: ConfigProblem[] = [];
  const isRoot = home.directory === workspace.root;
  const loaded = loadPackageTasks(home.directory, isRoot, found);
  const settings = isRoot ? loaded.rootSettings : loadRootSettings(workspace.root, found);
  const problems: PlanProblem[] = found.filter((problem) => !isWarning(problem));
  const warnings = found.filter(isWarning);
  if (problems.length > 0) return { kind: 'refused', problems: found };

  const name = ownTaskName(request.task, loaded.name);
  if (name === undefined) {
    return refuse({
      kind: 'not-supported-yet',
      feature: 'tasks-of-other-packages',
      what: request.task,
      at: undefined,
    });
  }
  const asked = loaded.tasks.get(name);
  if (asked === undefined) {
    const known = [...loaded.tasks.keys()];
    return refuse({ kind: 'unknown-task', task: name, nearest: nearestName(name, known), known });
  }
  const order = orderTasks(asked, loaded.tasks, (n) => ownTaskName(n, loaded.name), problems);
  const planner: TaskPlanner = {
    context,
    problems,
    settings,
    scripts: loaded.tasks,
    prefix: loaded.name ?? home.path,
    cache: request.cache,
  };
  const tasks = order.map(({ task, waitsFor }): PlannedTask => ({
    name: displayName(planner.prefix, task.name),
    executions: planTask(planner, task, task === asked ? request.args : []),
    waitsFor,
  }));
  return problems.length > 0
    ? { kind: 'refused', problems: [...warnings, ...problems] }
    : { kind: 'planned', plan: { workspaceRoot: workspace.root, tasks }, warnings };
}

function refuse(problem: PlanProblem): PlanOutcome {
  return { kind: 'refused', problems: [problem] };
}

/** The name within this package; undefined when the reference is to another one. */
function ownTaskName(reference: string, packageName: string | undefined): string | undefined {
  const hash = reference.lastIndexOf('#');
  if (hash === -1) return reference;
  return reference.slice(0, hash) === packageName ? reference.slice(hash + 1) : undefined;
}

interface TaskPlanner {
  readonly context: PlanContext;
  readonly problems: PlanProblem[];
  readonly settings: RootSettings;
  readonly scripts: ReadonlyMap<string, TaskDefinition>;
  /** Name of the package, or its path when it has none. */
  readonly prefix: string;
  readonly cache: boolean | undefined;
}

function planTask(
  planner: TaskPlanner,
  task: TaskDefinition,
  args: readonly string[],
): readonly PlannedExecution[] {
  const around = (prefix: string): readonly PlannedExecution[] => {
    if (task.origin !== 'script' || !planner.settings.enablePrePostScripts) return [];
    const script = planner.scripts.get(prefix + task.name);
    return script?.origin === 'script' ? planCommands(planner, script, []) : [];
  };
  return [...around('pre'), ...planCommands(planner, task, args), ...around('post')];
}

function planCommands(
  planner: TaskPlanner,
  task: TaskDefinition,
  args: readonly string[],
): readonly PlannedExecution[] {
  const { location } = planner.context;
  const directory = resolvePath(location.package.directory, task.cwd);
  const cwd = isDirectory(directory) ? physicalPath(directory) : undefined;
  if (cwd === undefined) {
    planner.problems.push({ kind: 'no-such-directory', directory: task.cwd, at: task.at });
  } else if (workspacePath(location.workspace.root, cwd) === undefined) {
    // Through a symlink; what is written was checked when it was read.
    planner.problems.push({ kind: 'cwd-outside-package', cwd: task.cwd, at: task.at });
  }
  const parts = task.commands.flatMap((command: CommandLine) => splitCommandLine(command.text));
  const name = displayName(planner.prefix, task.name);
  const binDirectories = [...new Set([location.package.directory, location.workspace.root])].map(
    (packageDirectory) => resolvePath(packageDirectory, 'node_modules/.bin'),
  );
  return parts.map((part, index) =>
    planExecution(
      {
        // Each part has results of its own; the first keeps the task's plain name.
        task: index === 0 ? name : `${name} (${index + 1})`,
        part,
        extraArgs: index === parts.length - 1 ? args : [],
        cwd: cwd ?? directory,
        globBase: location.package.path,
        settings: task.cache === false ? defaultCacheSettings : task.cache,
        uncachedBecause: uncachedBecause(planner, task),
        isTask: true,
        binDirectories,
      },
      planner.context,
      planner.problems,
    ),
  );
}

function uncachedBecause(
  { cache, settings }: TaskPlanner,
  task: TaskDefinition,
): Execution['uncachedBecause'] {
  if (task.cache === false) return 'configuration';
  if (cache !== undefined) return cache ? undefined : 'flag';
  if (task.origin === 'script') return settings.cacheScripts ? undefined : 'script-default';
  return settings.cacheTasks ? undefined : 'configuration';
}

function displayName(prefix: string, task: string): string {
  return prefix === '' ? task : `${prefix}#${task}`;
}

function isDirectory(directory: string): boolean {
  try {
    return statSync(path.join(directory, '.')).isDirectory();
  } catch {
    return false;
  }
}
