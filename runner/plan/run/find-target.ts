import { nearestName } from '../../config/nearest-name.js';
import type { Sink } from '../../config/sink.js';
import type { SourceRange } from '../../config/source-range.js';
import { workspacePath } from '../../workspace/paths.js';
import type { Location } from '../../workspace/find-workspace.js';
import { packageLabel } from '../../workspace/packages/package-graph.js';
import type { WorkspacePackage } from '../../workspace/packages/package-graph.js';
import { parseFilter, splitFilters } from '../../workspace/select/package-filter.js';
import type { PackageFilter } from '../../workspace/select/package-filter.js';
import { reachable } from '../../workspace/select/reachable.js';
import { selectPackages } from '../../workspace/select/select-packages.js';
import type { PlanProblem } from '../plan-problem.js';
import type { RunRequest } from './run-request.js';
import type { TaskCatalog } from './task-catalog.js';

/** What a request names. */
export interface RunTarget {
  readonly task: string;
  /** In the order of the workspace; some of them may lack the task. */
  readonly packages: readonly WorkspacePackage[];
  /** Whether the task waits for that of the packages its package needs. */
  readonly isOrdered: boolean;
}

/** Where a request is made. */
export interface RequestPlace {
  readonly location: Location;
  /** The package of `location`. */
  readonly home: WorkspacePackage;
  /** The command that makes it; undefined for the command line. */
  readonly at: SourceRange | undefined;
}

/** Finds the packages of a request. Undefined, with a problem, when it names what is not there. */
export function findTarget(
  request: Pick<RunRequest, 'task' | 'packages' | 'failIfNoMatch'>,
  { location, home, at }: RequestPlace,
  catalog: TaskCatalog,
  problems: Sink<PlanProblem>,
): RunTarget | undefined {
  const { packages: query } = request;
  const hash = request.task.lastIndexOf('#');
  const task = request.task.slice(hash + 1);
  const of = (packages: readonly WorkspacePackage[], isOrdered: boolean): RunTarget => ({
    task,
    packages,
    isOrdered,
  });
  switch (query.kind) {
    case 'all':
      return of(
        catalog.graph.packages.filter(({ isMember }) => isMember),
        true,
      );
    case 'root':
      return of(home.path === '' ? [home] : catalog.graph.packages.slice(0, 1), false);
    case 'filters':
      return selectByFilters(request, task, { location, home, at }, catalog, problems);
    case 'own':
    case 'transitive': {
      const asked = hash === -1 ? undefined : request.task.slice(0, hash);
      const start =
        asked !== undefined
          ? catalog.packageNamed(asked)
          : query.kind === 'transitive' && query.from === 'root'
            ? catalog.graph.packages[0]
            : home;
      if (start === undefined) {
        const nearest = nearestName(asked ?? '', catalog.graph.packages.map(packageLabel));
        problems.push({ kind: 'unknown-package', package: asked ?? '', nearest, at });
        return undefined;
      }
      if (query.kind === 'own') return of([start], false);
      const { packages } = catalog.graph;
      const needed = reachable(
        [start.index],
        packages.map((pkg) => pkg.needs.map(({ to }) => to)),
      );
      return of(
        packages.filter((pkg) => pkg.index === start.index || needed.has(pkg.index)),
        true,
      );
    }
  }
}

function selectByFilters(
  { packages: query, failIfNoMatch }: Pick<RunRequest, 'packages' | 'failIfNoMatch'>,
  task: string,
  { location, at }: RequestPlace,
  catalog: TaskCatalog,
  problems: Sink<PlanProblem>,
): RunTarget | undefined {
  if (query.kind !== 'filters') return undefined;
  const { graph } = catalog;
  const filters: PackageFilter[] = [];
  let isUsable = true;
  for (const text of query.filters.flatMap(splitFilters)) {
    const filter = parseFilter(text);
    if (typeof filter !== 'string') {
      filters.push(filter);
      continue;
    }
    problems.push({ kind: 'bad-filter', filter: text, reason: filter, at });
    isUsable = false;
  }
  const cwd = workspacePath(location.workspace.root, location.cwd);
  const { selected, unmatched, ambiguous } = selectPackages(graph, filters, cwd);
  for (const { filter, names } of ambiguous) {
    problems.push({ kind: 'ambiguous-filter', filter: filter.text, names, at });
    isUsable = false;
  }
  if (!isUsable) return undefined;
  const members = graph.packages.filter(
    ({ index, path }) => selected.has(index) || (query.root && path === ''),
  );
  if (members.length === 0 && failIfNoMatch) {
    problems.push({ kind: 'nothing-matched', filters: filters.map(({ text }) => text), at });
    return undefined;
  }
  for (const { text, name, directory } of unmatched) {
    const candidates =
      directory === undefined
        ? graph.packages.flatMap((pkg) => pkg.name ?? [])
        : graph.packages.map((pkg) => `./${pkg.path}`);
    const nearest = nearestName(name ?? directory ?? '', candidates);
    problems.push({ kind: 'filter-without-match', filter: text, nearest, at });
  }
  return { task, packages: members, isOrdered: true };
}
