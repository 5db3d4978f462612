import type { Sink } from '../../config/sink.js';
import type { TaskDefinition, TaskReference } from '../../config/task-definition.js';
import type { WorkspacePackage } from '../../workspace/packages/package-graph.js';
import { planExecution } from '../plan-execution.js';
import type { ExecutionContext } from '../plan-execution.js';
import type { PlanProblem } from '../plan-problem.js';
import { dependencyTasks } from './dependency-tasks.js';
import { findTarget } from './find-target.js';
import { nestedCommand } from './nested-command.js';
import { OpenTasks } from './open-tasks.js';
import type { OpenTask } from './open-tasks.js';
import { packageCycle } from './package-cycle.js';
import { packageLayers } from './package-layers.js';
import { createScope, placeIn, queryKey } from './run-scope.js';
import type { RunScope } from './run-scope.js';
import type { ReadRunArguments, RunRequest } from './run-request.js';
import { StepGraph, union } from './step-graph.js';
import type { Needs } from './step-graph.js';
import type { TaskCatalog } from './task-catalog.js';
import { taskCommands, taskName } from './task-commands.js';
import type { TaskCommand } from './task-commands.js';
import { unknownTask } from './unknown-task.js';

/**
 * Turns a request into steps. Tasks are planned depth first, each after all it waits for, so that
 * every step comes after those it needs.
 */
export class RunPlanner {
  readonly graph = new StepGraph();
  readonly #open = new OpenTasks();
  /** The last steps of the latest run of each task. */
  readonly #latest = new Map<string, Needs>();
  /** Circles that have been reported, by their members. */
  readonly #circles = new Set<string>();

  constructor(
    private readonly context: ExecutionContext,
    private readonly catalog: TaskCatalog,
    private readonly readRun: ReadRunArguments,
    private readonly problems: Sink<PlanProblem>,
  ) {}

  /** Plans all that a scope asks for; the steps after which it is done. */
  planScope(scope: RunScope): Needs {
    const { target } = scope;
    if (target.packages.length === 0) return scope.start;
    if (scope.requested.size === 0) {
      // A task that runs itself has been taken out, and was there.
      if (!scope.isWithoutHolder) this.problems.push(unknownTask(scope, this.catalog));
      return scope.start;
    }
    const done: Needs[] = [];
    if (isOrdered(scope)) {
      // Bottom up, so that the recursion below stays flat however deep the workspace is.
      packageLayers(this.catalog.graph).layers.forEach((_, layer) => this.#layerEnd(scope, layer));
    }
    for (const pkg of target.packages) {
      const task = scope.requested.get(pkg);
      if (task !== undefined) done.push(this.#planTask(scope, pkg, task));
    }
    // Nobody waited for what the tasks depend on: who waits for the run does.
    if (scope.request.parallel) done.push(...scope.planned.values());
    return union(...done);
  }

  #planTask(scope: RunScope, pkg: WorkspacePackage, task: TaskDefinition): Needs {
    // By place: a package that is no member may have the name of one.
    const key = `${pkg.path}#${task.name}`;
    const known = scope.planned.get(key);
    if (known !== undefined) return known;
    const circle = this.#open.circleOf(key, () => this.catalog.graph.packages);
    if (circle !== undefined) {
      this.#reportOnce({ kind: 'dependency-cycle', members: circle });
      return scope.start;
    }
    const open: OpenTask = { key, name: taskName(pkg, task.name), pkg, via: 'package' };
    this.#open.enter(open);
    const isRequested = scope.requested.get(pkg) === task;
    const before = scope.request.ignoreDependsOn
      ? []
      : task.dependsOn.map((reference) => this.#planReference(scope, open, task, reference));
    if (isRequested && isOrdered(scope)) {
      open.via = 'package';
      before.push(
        this.#layerStart(scope, packageLayers(this.catalog.graph).layerOf[pkg.index] ?? 0),
      );
    }
    const needs = scope.request.parallel ? [] : union(...before);
    const end = this.#planCommands(
      scope,
      open,
      task,
      isRequested,
      needs.length > 0 ? needs : scope.start,
    );
    this.#open.leave(open);
    scope.planned.set(key, end);
    return end;
  }

  /** A circle is come upon wherever it is entered, and by every run that asks for it. */
  #reportOnce(circle: Extract<PlanProblem, { kind: 'dependency-cycle' | 'package-cycle' }>): void {
    const { kind, members } = circle;
    const names = members.map((member) => ('task' in member ? member.task : member.package));
    const key = JSON.stringify([kind, 'task' in circle ? circle.task : '', names.sort()]);
    if (this.#circles.has(key)) return;
    this.#circles.add(key);
    this.problems.push(circle);
  }

  #planReference(
    scope: RunScope,
    open: OpenTask,
    task: TaskDefinition,
    reference: TaskReference,
  ): Needs {
    open.via = { because: 'depends-on', at: reference.at };
    const found = dependencyTasks(open.pkg, task, reference, this.catalog, this.problems);
    return union(...found.map(({ pkg, task: needed }) => this.#planTask(scope, pkg, needed)));
  }

  /** What the packages of a layer wait for. */
  #layerStart(scope: RunScope, layer: number): Needs {
    const known = scope.layerStarts.get(layer);
    if (known !== undefined) return known;
    const { layers } = packageLayers(this.catalog.graph);
    const start = union(
      ...(layers[layer]?.needs ?? []).map((other) => this.#layerEnd(scope, other)),
    );
    scope.layerStarts.set(layer, start);
    return start;
  }

  /** What packages wait for that need one of this layer; a layer without the task is a bridge. */
  #layerEnd(scope: RunScope, layer: number): Needs {
    const known = scope.layerEnds.get(layer);
    if (known !== undefined) return known;
    const { packages } = this.catalog.graph;
    const members = packageLayers(this.catalog.graph).layers[layer]?.members ?? [];
    const tasks = members.flatMap((member) => {
      const pkg = packages[member];
      const task = pkg === undefined ? undefined : scope.requested.get(pkg);
      return pkg === undefined || task === undefined ? [] : [{ pkg, task }];
    });
    if (tasks.length > 1) {
      const cycle = packageCycle(members, packages);
      this.#reportOnce({ kind: 'package-cycle', task: scope.target.task, members: cycle });
    }
    const end =
      tasks.length === 0
        ? this.graph.joined(this.#layerStart(scope, layer))
        : union(...tasks.map(({ pkg, task }) => this.#planTask(scope, pkg, task)));
    const joined = tasks.length > 1 ? this.graph.joined(end) : end;
    scope.layerEnds.set(layer, joined);
    return joined;
  }

  #planCommands(
    scope: RunScope,
    open: OpenTask,
    task: TaskDefinition,
    isRequested: boolean,
    start: Needs,
  ): Needs {
    const { root } = this.context.location.workspace;
    const args = isRequested ? scope.request.args : [];
    const commands = taskCommands(
      open.pkg,
      task,
      args,
      scope.cache,
      this.catalog,
      root,
      this.problems,
    );
    // A task without commands stands for what it waits for, and many may wait for it.
    if (commands.length === 0) return this.graph.joined(start);
    let needs = start;
    let hasOwnStep = false;
    for (const command of commands) {
      const nested = this.#planNested(scope, open, task, command, needs);
      if (nested !== undefined) {
        needs = nested;
        continue;
      }
      needs = [
        this.#addStep(scope, open, command, needs, hasOwnStep ? [] : this.#latest.get(open.key)),
      ];
      hasOwnStep = true;
    }
    if (hasOwnStep) this.#latest.set(open.key, needs);
    return this.graph.joined(needs);
  }

  #addStep(
    scope: RunScope,
    open: OpenTask,
    { request }: TaskCommand,
    needs: Needs,
    follows: Needs = [],
  ): number {
    return this.graph.add({
      identity: JSON.stringify([open.key, request.task, request.extraArgs, scope.variant]),
      key: open.key,
      task: open.name,
      package: open.pkg.path,
      needs,
      follows,
      pool: scope.pool,
      continues: scope.keepGoing,
      make: () => planExecution(request, { ...this.context, env: scope.env }, this.problems),
    });
  }

  /** Plans the `vt run` that a command is. Undefined when it is something else. */
  #planNested(
    scope: RunScope,
    open: OpenTask,
    task: TaskDefinition,
    { request, line }: TaskCommand,
    start: Needs,
  ): Needs | undefined {
    const nested = nestedCommand(request.part, request.extraArgs, scope.env, this.readRun);
    if (nested === undefined) return undefined;
    const place = placeIn(open.pkg, request.cwd, line.at, this.context.location, this.catalog);
    const target = findTarget(nested.request, place, this.catalog, this.problems);
    if (target === undefined) return start;
    const { pkg } = open;
    const isHolder = (other: WorkspacePackage): boolean =>
      other === pkg && target.task === task.name;
    const { packages: query } = nested.request;
    if (query.kind === 'own' && target.packages.every(isHolder)) {
      const command = request.part.text;
      this.problems.push({ kind: 'task-runs-itself', task: open.name, command, at: line.at });
      return start;
    }
    // `"build": "vt run -r build"`: the run that asks for this task does that already.
    const isRequested = scope.requested.get(pkg) === task;
    if (isRequested && queryKey(nested.request, place) === scope.query) return start;
    open.via = { because: 'command', at: line.at };
    const end = this.planScope(
      createScope(
        {
          request: nested.request,
          place,
          target: { ...target, packages: target.packages.filter((other) => !isHolder(other)) },
          isWithoutHolder: target.packages.some(isHolder),
          cache: nested.request.cache ?? scope.cache,
          env: nested.env,
          start,
          pool: this.#poolOf(nested.request, scope),
          keepGoing: nested.request.keepGoing || scope.keepGoing,
        },
        this.catalog,
      ),
    );
    return this.graph.joined(end);
  }

  /** Room of its own for a run that is to be parallel, else what it says within that of the outer run. */
  #poolOf({ parallel, limit }: RunRequest, { pool }: RunScope): number {
    if (parallel) return this.graph.addPool(limit ?? Infinity, undefined);
    return limit === undefined ? pool : this.graph.addPool(limit, pool);
  }
}

/** Whether the tasks of a run wait for those of the packages that theirs need. */
function isOrdered({ target, request }: RunScope): boolean {
  return target.isOrdered && !request.parallel;
}
