import { lstatSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath } from '../../../cache/brands.js';
import type { Dependent, Explainer } from '../../../cache/explain/explainer.js';
import { viewWorkspace } from '../../execute/derive/workspace-view.js';
import { createEnvSource } from '../../plan/env/env-source.js';
import { createWorld } from '../../plan/create-world.js';
import type { ExecutionOrigin } from '../../plan/execution-origin.js';
import type { PathExplanation, PathState } from '../../report/explain/path-explanation-text.js';
import type { Io } from '../../report/output.js';
import type { Location } from '../../workspace/find-workspace.js';
import { workspacePath } from '../../workspace/paths.js';
import { planAskedTask } from './why-task.js';

/** Which tasks have to do with a path that the user named, relative to where they are. */
export async function explainPath(
  name: string,
  location: Location,
  explainer: Explainer | undefined,
  io: Io,
): Promise<PathExplanation> {
  const { state, path: asked } = pathAsked(name, location, io);
  const { root } = location.workspace;
  const nothing = { env: [], untrackedEnv: [], assignments: [] };
  const place = { searchPath: io.env['PATH'], cwd: root };
  const world = createWorld(root, createEnvSource({}, nothing), place);
  const dependents = (await explainer?.dependents(asked, world)) ?? [];
  const origins = new Map<string, ExecutionOrigin>();
  for (const dependent of dependents) {
    if (needsOrigin(dependent)) await addOrigins(dependent.task, origins, location, io);
  }
  return { path: asked, state, dependents, origins, cwd: io.cwd };
}

/** The path as results name it, and what is there now. Symlinks above it are resolved. */
export function pathAsked(
  name: string,
  { workspace }: Location,
  io: Io,
): { readonly path: string; readonly state: PathState } {
  const absolute = path.resolve(io.cwd, name);
  const above = viewWorkspace(workspace.root).physical(path.dirname(absolute));
  const physical = path.join(above, path.basename(absolute)) as AbsolutePath;
  return { path: workspacePath(workspace.root, physical) ?? physical, state: stateOf(physical) };
}

/** Only the configuration knows where a rule of it is written. */
function needsOrigin({ uses }: Dependent): boolean {
  return uses.some(
    (use) =>
      use.kind === 'ignored' &&
      (use.rule.by.kind === 'excluded' || use.rule.by.kind === 'not-named'),
  );
}

async function addOrigins(
  task: string,
  origins: Map<string, ExecutionOrigin>,
  location: Location,
  io: Io,
): Promise<void> {
  // What is named by its command line, or is gone from the configuration, has no place there.
  const outcome = await planAskedTask(task.replace(/ \(\d+\)$/, ''), [], false, location, io);
  if (outcome.kind === 'refused') return;
  for (const { planned } of outcome.plan.steps) {
    if (planned !== undefined) origins.set(planned.execution.task, planned.origin);
  }
}

function stateOf(absolute: string): PathState {
  try {
    const stat = lstatSync(absolute);
    if (stat.isFile()) return 'file';
    if (stat.isDirectory()) return 'folder';
    return stat.isSymbolicLink() ? 'link' : 'special file';
  } catch {
    return 'missing';
  }
}
