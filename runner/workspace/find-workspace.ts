import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AbsolutePath, WorkspacePath } from '../../cache/brands.js';
import type { ConfigProblem } from '../config/config-problem.js';
import { loadManifest } from '../config/load-package-tasks.js';
import { physicalPath, workspacePath } from './paths.js';

/** The directory tree whose files count, and how it was recognised. */
interface Workspace {
  /** Physical path. */
  readonly root: AbsolutePath;
  /**
   * `members`: a pnpm-workspace.yaml or `workspaces` names its packages; `package`: one package
   * alone; `repository`: no package.json, the folder that holds `.git`; `directory`: nothing at all.
   */
  readonly kind: 'members' | 'package' | 'repository' | 'directory';
}

/** A directory with a package.json or a vite-task.json, or the workspace root without either. */
interface PackageLocation {
  /** Physical path. */
  readonly directory: AbsolutePath;
  /** The same, relative to the workspace. */
  readonly path: WorkspacePath;
  readonly hasManifest: boolean;
}

/** Where a command was started, in terms of the workspace. */
export interface Location {
  /** Physical path of the directory. */
  readonly cwd: AbsolutePath;
  readonly workspace: Workspace;
  /** The nearest package at or above `cwd`, within the workspace. */
  readonly package: PackageLocation;
}

/**
 * Finds the workspace of a directory: the nearest ancestor (or itself) with a pnpm-workspace.yaml
 * or a package.json with `workspaces`; else the nearest with a package.json; else the nearest with
 * `.git`; else the nearest with a vite-task.json; else the directory itself.
 *
 * @param cwd an existing directory; throws the system's error otherwise.
 */
export function locate(cwd: string, problems: ConfigProblem[]): Location {
  const physical = physicalPath(cwd);
  let nearestManifest: AbsolutePath | undefined;
  let nearestPackage: AbsolutePath | undefined;
  let nearestRepository: AbsolutePath | undefined;
  let members: AbsolutePath | undefined;
  for (const directory of ancestors(physical)) {
    const hasManifest = existsSync(path.join(directory, 'package.json'));
    if (hasManifest) nearestManifest ??= directory;
    if (hasManifest || existsSync(path.join(directory, 'vite-task.json'))) {
      nearestPackage ??= directory;
    }
    if (
      existsSync(path.join(directory, 'pnpm-workspace.yaml')) ||
      (hasManifest && namesMembers(directory, problems))
    ) {
      members = directory;
      break;
    }
    if (existsSync(path.join(directory, '.git'))) nearestRepository ??= directory;
  }
  const fallback = nearestPackage ?? physical;
  const workspace = chooseWorkspace(fallback, members, nearestManifest, nearestRepository);
  // A vite-task.json outside the repository it is found from would be a stranger's.
  const packageDirectory =
    nearestPackage !== undefined && workspacePath(workspace.root, nearestPackage) !== undefined
      ? nearestPackage
      : workspace.root;
  return {
    cwd: physical,
    workspace,
    package: {
      directory: packageDirectory,
      path: workspacePath(workspace.root, packageDirectory) ?? ('' as WorkspacePath),
      hasManifest: packageDirectory === nearestManifest,
    },
  };
}

function chooseWorkspace(
  fallback: AbsolutePath,
  members: AbsolutePath | undefined,
  manifest: AbsolutePath | undefined,
  repository: AbsolutePath | undefined,
): Workspace {
  if (members !== undefined) return { root: members, kind: 'members' };
  if (manifest !== undefined) return { root: manifest, kind: 'package' };
  if (repository !== undefined) return { root: repository, kind: 'repository' };
  return { root: fallback, kind: 'directory' };
}

/** Only the nearest broken package.json is worth a message: those above may be a stranger's. */
function namesMembers(directory: AbsolutePath, problems: ConfigProblem[]): boolean {
  const found: ConfigProblem[] = [];
  const manifest = loadManifest(directory, found);
  if (problems.length === 0) problems.push(...found);
  return manifest?.workspaces !== undefined;
}

function* ancestors(directory: AbsolutePath): Generator<AbsolutePath> {
  for (let at: string = directory; ; at = path.dirname(at)) {
    yield at as AbsolutePath;
    if (at === path.dirname(at)) return;
  }
}
