import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import type { ManifestDependencyField, PackageManifest } from '../../config/package-manifest.js';

/** That a package needs another one of the workspace. */
export interface PackageEdge {
  /** Index of the package that is needed. */
  readonly to: number;
  /** Where package.json says so; each field once. */
  readonly fields: readonly ManifestDependencyField[];
  /** The name it is needed by in the first of them. */
  readonly as: string;
}

/** A package of the workspace. */
export interface WorkspacePackage {
  /** Its place in `PackageGraph.packages`. */
  readonly index: number;
  readonly directory: AbsolutePath;
  /** '' for the root. */
  readonly path: WorkspacePath;
  /** Undefined when package.json has none, or is missing. */
  readonly name: string | undefined;
  /** Undefined for a directory that has only a vite-task.json, or nothing. */
  readonly manifest: PackageManifest | undefined;
  /** Packages of the workspace it needs, each once, sorted by index, never itself. */
  readonly needs: readonly PackageEdge[];
  /** Whether it belongs to the workspace; false for a package that lies in it and is not named. */
  readonly isMember: boolean;
}

/** Every package of a workspace, the root first, then by path. */
export interface PackageGraph {
  readonly packages: readonly WorkspacePackage[];
  readonly byName: ReadonlyMap<string, WorkspacePackage>;
  readonly byPath: ReadonlyMap<string, WorkspacePackage>;
}

/** What messages call a package: its name, or its path when it has none; '' for such a root. */
export function packageLabel(pkg: Pick<WorkspacePackage, 'name' | 'path'>): string {
  return pkg.name ?? pkg.path;
}
