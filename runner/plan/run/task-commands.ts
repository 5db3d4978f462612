import { statSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Sink } from '../../config/sink.js';
import { defaultCacheSettings } from '../../config/task-definition.js';
import type { CommandLine, TaskDefinition } from '../../config/task-definition.js';
import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { WorkspacePackage } from '../../workspace/packages/package-graph.js';
import { physicalPath, resolvePath, workspacePath } from '../../workspace/paths.js';
import { splitCommandLine } from '../command/split-command-line.js';
import type { CommandPart } from '../command/split-command-line.js';
import type { Execution } from '../execution.js';
import type { ExecutionRequest } from '../plan-execution.js';
import type { PlanProblem } from '../plan-problem.js';
import type { TaskCatalog } from './task-catalog.js';

/** A part of a task's commands, ready to be planned. */
export interface TaskCommand {
  readonly request: ExecutionRequest;
  /** What it is a part of. */
  readonly line: CommandLine;
}

/** `app#build`, or `build` in a root without a name. */
export function taskName(pkg: WorkspacePackage, task: string): string {
  const label = packageLabel(pkg);
  return label === '' ? task : `${label}#${task}`;
}

/**
 * The commands of a task, in order: those of its pre script, its own, those of its post script.
 *
 * @param args for the last command of its own.
 * @param cache what the flags say about caching.
 */
export function taskCommands(
  pkg: WorkspacePackage,
  task: TaskDefinition,
  args: readonly string[],
  cache: boolean | undefined,
  catalog: TaskCatalog,
  root: AbsolutePath,
  problems: Sink<PlanProblem>,
): readonly TaskCommand[] {
  const commands = (of: TaskDefinition, extraArgs: readonly string[]): readonly TaskCommand[] => {
    const cwd = workingDirectory(pkg, of, root, problems);
    const parts = of.commands.flatMap((line) =>
      splitCommandLine(line.text).map((part): [CommandPart, CommandLine] => [part, line]),
    );
    const name = taskName(pkg, of.name);
    return parts.map(([part, line], index) => ({
      line,
      request: {
        // Each part has results of its own; the first keeps the task's plain name.
        task: index === 0 ? name : `${name} (${index + 1})`,
        at: of.at,
        part,
        extraArgs: index === parts.length - 1 ? extraArgs : [],
        cwd,
        globBase: pkg.path,
        settings: of.cache === false ? defaultCacheSettings : of.cache,
        uncachedBecause: uncachedBecause(of, cache, catalog),
        isTask: true,
        binDirectories: binDirectories(pkg.directory, root),
      },
    }));
  };
  const around = (prefix: string): readonly TaskCommand[] => {
    if (task.origin !== 'script' || !catalog.settings.enablePrePostScripts) return [];
    const script = catalog.tasksOf(pkg).get(prefix + task.name);
    return script?.origin === 'script' ? commands(script, []) : [];
  };
  return [...around('pre'), ...commands(task, args), ...around('post')];
}

function uncachedBecause(
  task: TaskDefinition,
  cache: boolean | undefined,
  catalog: TaskCatalog,
): Execution['uncachedBecause'] {
  if (task.cache === false) return 'configuration';
  if (cache !== undefined) return cache ? undefined : 'flag';
  const { cacheScripts, cacheTasks } = catalog.settings;
  if (task.origin === 'script') return cacheScripts ? undefined : 'script-default';
  return cacheTasks ? undefined : 'configuration';
}

function workingDirectory(
  pkg: WorkspacePackage,
  task: TaskDefinition,
  root: AbsolutePath,
  problems: Sink<PlanProblem>,
): AbsolutePath {
  // The directory of a package is physical and known to be there.
  if (task.cwd === '') return pkg.directory;
  const directory = resolvePath(pkg.directory, task.cwd);
  if (!isDirectory(directory)) {
    problems.push({ kind: 'no-such-directory', directory: task.cwd, at: task.at });
    return directory;
  }
  const cwd = physicalPath(directory);
  if (workspacePath(root, cwd) === undefined) {
    // Through a symlink; what is written was checked when it was read.
    problems.push({ kind: 'cwd-outside-package', cwd: task.cwd, at: task.at });
  }
  return cwd;
}

function binDirectories(directory: AbsolutePath, root: AbsolutePath): readonly AbsolutePath[] {
  return [...new Set([directory, root])].map((at) => resolvePath(at, 'node_modules/.bin'));
}

function isDirectory(directory: string): boolean {
  try {
    return statSync(path.join(directory, '.')).isDirectory();
  } catch {
    return false;
  }
}
