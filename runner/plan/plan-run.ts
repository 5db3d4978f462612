import { loadOwnPackage, loadPackages } from '../workspace/packages/load-packages.js';
import type { PackageGraph } from '../workspace/packages/package-graph.js';
import type { WorkspaceProblem } from '../workspace/workspace-problem.js';
import type { PlanContext } from './plan-context.js';
import { executionContext } from './plan-execution.js';
import type { PlanOutcome } from './plan.js';
import { isPlanWarning } from './plan-problem.js';
import type { PlanProblem } from './plan-problem.js';
import { findTarget } from './run/find-target.js';
import { RunPlanner } from './run/run-planner.js';
import type { ReadRunArguments, RunRequest } from './run/run-request.js';
import { createScope } from './run/run-scope.js';
import { OtherPackagesNeeded, TaskCatalog } from './run/task-catalog.js';

/** Tasks that run at once unless something else was said; pnpm and Vite Task have the same. */
const DEFAULT_LIMIT = 4;

/** What planning tasks needs to know besides. */
export interface RunContext extends PlanContext {
  readonly readRun: ReadRunArguments;
}

/**
 * Plans a task of some packages, and all that it waits for. Other packages are read only when the
 * request, or a task it leads to, concerns them.
 */
export async function planRun(request: RunRequest, context: RunContext): Promise<PlanOutcome> {
  try {
    return planWith(request, context, undefined, []);
  } catch (error) {
    if (!(error instanceof OtherPackagesNeeded)) throw error;
  }
  const problems: WorkspaceProblem[] = [];
  const graph = await loadPackages(context.location, problems);
  return planWith(request, context, graph, problems);
}

function planWith(
  request: RunRequest,
  context: RunContext,
  graph: PackageGraph | undefined,
  workspaceProblems: readonly PlanProblem[],
): PlanOutcome {
  const shared = executionContext(context);
  const { location, env } = shared;
  const { root } = location.workspace;
  /** Of files, and of what was asked for. */
  const found: PlanProblem[] = [...workspaceProblems];
  const problems: PlanProblem[] = [];
  if (found.some(isPlanError)) return { kind: 'refused', problems: found };
  const home = graph?.byPath.get(location.package.path) ?? loadOwnPackage(location, found);
  const catalog = new TaskCatalog(home, root, graph, found);
  const planner = new RunPlanner(shared, catalog, context.readRun, problems);
  const place = { location, home, at: undefined };
  const target = findTarget(request, place, catalog, problems);
  if (target !== undefined) {
    const { cache, keepGoing } = request;
    const limit = request.limit ?? (request.parallel ? Infinity : DEFAULT_LIMIT);
    const pool = planner.graph.addPool(limit, undefined);
    const asked = { request, place, target, isWithoutHolder: false, cache, env, start: [] };
    planner.planScope(createScope({ ...asked, pool, keepGoing }, catalog));
  }
  // Where a configuration is broken, that its tasks are not found is no news.
  const news = found.some(isPlanError) ? problems.filter(({ kind }) => !isEcho(kind)) : problems;
  const all = [...found, ...news];
  if (all.some(isPlanError)) return { kind: 'refused', problems: all };
  const { steps, tasks, pools } = planner.graph;
  return { kind: 'planned', plan: { workspaceRoot: root, steps, tasks, pools }, warnings: all };
}

function isPlanError(problem: PlanProblem): boolean {
  return !isPlanWarning(problem);
}

function isEcho(kind: PlanProblem['kind']): boolean {
  return kind === 'unknown-task' || kind === 'unknown-dependency';
}
