import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { SourceRange } from '../../config/source-range.js';
import type { TaskDefinition } from '../../config/task-definition.js';
import { locate } from '../../workspace/find-workspace.js';
import type { Location } from '../../workspace/find-workspace.js';
import type { WorkspacePackage } from '../../workspace/packages/package-graph.js';
import type { RunnerEnv } from '../env/declared-env.js';
import type { RequestPlace, RunTarget } from './find-target.js';
import type { RunRequest } from './run-request.js';
import type { Needs } from './step-graph.js';
import type { TaskCatalog } from './task-catalog.js';

/** One `vt run`, the user's or one in a command: within it every task is planned once. */
export interface RunScope {
  readonly request: RunRequest;
  readonly place: RequestPlace;
  readonly target: RunTarget;
  /** The packages of the target that have the task. */
  readonly requested: ReadonlyMap<WorkspacePackage, TaskDefinition>;
  /** Whether the task whose command this is was taken out of the target. */
  readonly isWithoutHolder: boolean;
  /** What the flags of this run, or of those it stands in, say about caching. */
  readonly cache: boolean | undefined;
  /** The runner's environment, under the assignments before the command. */
  readonly env: RunnerEnv;
  /** What comes before all of it. */
  readonly start: Needs;
  /** The pool its steps are in. */
  readonly pool: number;
  /** Whether a failure of this run, or of those it stands in, stops only what needs the failed task. */
  readonly keepGoing: boolean;
  /** Equal for requests that ask for the same. */
  readonly query: string;
  /** Differs where the same command of the same task would be run differently. */
  readonly variant: string;
  /** By name: the steps after which a task is done. */
  readonly planned: Map<string, Needs>;
  readonly layerStarts: Map<number, Needs>;
  readonly layerEnds: Map<number, Needs>;
}

type ScopeRequest = Pick<
  RunScope,
  | 'request'
  | 'place'
  | 'target'
  | 'isWithoutHolder'
  | 'cache'
  | 'env'
  | 'start'
  | 'pool'
  | 'keepGoing'
>;

export function createScope(asked: ScopeRequest, catalog: TaskCatalog): RunScope {
  const requested = new Map<WorkspacePackage, TaskDefinition>();
  for (const pkg of asked.target.packages) {
    const task = catalog.tasksOf(pkg).get(asked.target.task);
    if (task !== undefined) requested.set(pkg, task);
  }
  return {
    ...asked,
    requested,
    query: queryKey(asked.request, asked.place),
    variant: JSON.stringify([asked.cache ?? null, environmentKey(asked.env)]),
    planned: new Map(),
    layerStarts: new Map(),
    layerEnds: new Map(),
  };
}

/** Equal for requests that ask for the same packages and task; what they pass on does not count. */
export function queryKey(
  { task, packages, ignoreDependsOn }: RunRequest,
  { home, location }: RequestPlace,
): string {
  const isAnywhere = packages.kind === 'all' || packages.kind === 'root';
  const from = packages.kind === 'filters' ? location.cwd : isAnywhere ? '' : home.path;
  return JSON.stringify([task, packages, ignoreDependsOn, from]);
}

/** Where a command of a package runs, seen as the place of a request of its own. */
export function placeIn(
  pkg: WorkspacePackage,
  cwd: AbsolutePath,
  at: SourceRange,
  location: Location,
  catalog: TaskCatalog,
): RequestPlace {
  const inPackage: Location = {
    ...location,
    cwd,
    package: { directory: pkg.directory, path: pkg.path, hasManifest: pkg.manifest !== undefined },
  };
  if (cwd === pkg.directory) return { location: inPackage, home: pkg, at };
  // A directory of the package may hold a package of its own.
  const inner = locate(path.join(cwd, '.'), []).package;
  if (inner.directory === pkg.directory) return { location: inPackage, home: pkg, at };
  const home = catalog.graph.byPath.get(inner.path);
  return home === undefined
    ? { location: inPackage, home: pkg, at }
    : { location: { ...inPackage, package: inner }, home, at };
}

const environments = new WeakMap<RunnerEnv, number>();
let known = 0;

/** A number for each environment object: those of one run are made once, where they differ. */
function environmentKey(env: RunnerEnv): number {
  let key = environments.get(env);
  if (key === undefined) environments.set(env, (key = known++));
  return key;
}
