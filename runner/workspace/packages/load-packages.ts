import type { AbsolutePath, WorkspacePath } from '../../../cache/brands.js';
import { loadManifest } from '../../config/load-package-tasks.js';
import type { ManifestDependencyField, PackageManifest } from '../../config/package-manifest.js';
import type { Location } from '../find-workspace.js';
import { findMembers } from '../members/find-members.js';
import { memberSettings } from '../members/member-globs.js';
import type { MemberSettings } from '../members/member-globs.js';
import { resolvePath, workspacePath } from '../paths.js';
import type { WorkspaceProblem } from '../workspace-problem.js';
import { dependencyTarget } from './dependency-target.js';
import type { PackageEdge, PackageGraph, WorkspacePackage } from './package-graph.js';
import type { Sink } from '../../config/sink.js';

/** A package before its edges are known. */
type BarePackage = Omit<WorkspacePackage, 'needs'>;

/**
 * Reads the package.json of every package of the workspace, and of the package that vt was started
 * in if it is none of them. A graph comes back whatever the problems are.
 */
export async function loadPackages(
  location: Pick<Location, 'workspace' | 'package'>,
  problems: Sink<WorkspaceProblem>,
): Promise<PackageGraph> {
  const { root, kind } = location.workspace;
  const rootManifest = loadManifest(root, problems);
  const settings: MemberSettings =
    kind === 'members'
      ? await memberSettings(root, rootManifest, problems)
      : { globs: [], catalogs: new Map() };
  const bare: BarePackage[] = [];
  const add = (
    path: WorkspacePath,
    manifest: PackageManifest | undefined,
    isMember: boolean,
  ): void => {
    bare.push({
      index: bare.length,
      directory: below(root, path),
      path,
      name: manifest?.name,
      manifest,
      isMember,
    });
  };
  add('' as WorkspacePath, rootManifest, true);
  for (const path of findMembers(root, settings.globs, problems)) {
    add(path, loadManifest(below(root, path), problems), true);
  }
  const home = location.package;
  if (!bare.some(({ path }) => path === home.path)) {
    add(home.path, loadManifest(home.directory, problems), false);
  }
  return connect(root, bare, settings, problems);
}

/** The graph of the one package that vt was started in: enough as long as no other is named. */
export function loadOwnPackage(
  location: Pick<Location, 'workspace' | 'package'>,
  problems: Sink<WorkspaceProblem>,
): WorkspacePackage {
  const { directory, path } = location.package;
  const manifest = loadManifest(directory, problems);
  return { index: 0, directory, path, name: manifest?.name, manifest, needs: [], isMember: true };
}

/** Both are clean, and there are thousands: there is nothing to resolve. */
function below(root: AbsolutePath, path: WorkspacePath): AbsolutePath {
  if (path === '') return root;
  return (root === '/' ? `/${path}` : `${root}/${path}`) as AbsolutePath;
}

async function connect(
  root: AbsolutePath,
  bare: readonly BarePackage[],
  settings: MemberSettings,
  problems: Sink<WorkspaceProblem>,
): Promise<PackageGraph> {
  const byName = new Map<string, BarePackage>();
  for (const pkg of bare) {
    if (pkg.name === undefined || pkg.manifest === undefined) continue;
    const other = byName.get(pkg.name);
    if (other === undefined) byName.set(pkg.name, pkg);
    // A package that is not of the workspace may be a copy of one that is.
    else if (pkg.isMember) {
      const { name, manifest } = pkg;
      const at = manifest.placeOf('name');
      const there = other.manifest?.placeOf('name') ?? at;
      problems.push({ kind: 'duplicate-package', name, at: there, other: at });
    }
  }
  const byPath = new Map(bare.map((pkg) => [pkg.path as string, pkg]));
  const satisfies = await rangeCheck(bare, byName, settings);
  const packages = bare.map((pkg): WorkspacePackage => {
    const needs = new Map<number, { fields: ManifestDependencyField[]; as: string }>();
    for (const { name, spec, field } of pkg.manifest?.dependencies ?? []) {
      const target = findTarget(name, spec, pkg, { root, byName, byPath, settings, satisfies });
      if (target === undefined || target === pkg) continue;
      const edge = needs.get(target.index);
      if (edge === undefined) needs.set(target.index, { fields: [field], as: name });
      else if (!edge.fields.includes(field)) edge.fields.push(field);
    }
    const edges = [...needs].map(([to, edge]): PackageEdge => ({ to, ...edge }));
    return { ...pkg, needs: edges.sort((a, b) => a.to - b.to) };
  });
  const at = <T>(found: ReadonlyMap<T, BarePackage>): Map<T, WorkspacePackage> =>
    new Map([...found].map(([key, { index }]) => [key, packages[index] as WorkspacePackage]));
  return { packages, byName: at(byName), byPath: at(byPath) };
}

type RangeCheck = (version: string | undefined, range: string) => boolean;

interface Lookup {
  readonly root: AbsolutePath;
  readonly byName: ReadonlyMap<string, BarePackage>;
  readonly byPath: ReadonlyMap<string, BarePackage>;
  readonly settings: MemberSettings;
  readonly satisfies: RangeCheck;
}

function findTarget(
  name: string,
  spec: string,
  from: BarePackage,
  lookup: Lookup,
): BarePackage | undefined {
  // Most dependencies are other people's, and plain ranges.
  if (!spec.includes(':') && !spec.includes('/') && !lookup.byName.has(name)) return undefined;
  const target = dependencyTarget(name, spec);
  switch (target.kind) {
    case 'workspace':
      return lookup.byName.get(target.name);
    case 'range':
      return inRange(lookup, target.name, target.range);
    case 'catalog': {
      const range = lookup.settings.catalogs.get(target.catalog)?.get(target.name);
      // A catalog's entry is a dependency's value like any other, but for catalogs.
      return range === undefined || range.startsWith('catalog:')
        ? undefined
        : findTarget(target.name, range, from, lookup);
    }
    case 'directory': {
      const path = workspacePath(lookup.root, resolvePath(from.directory, target.directory));
      return path === undefined ? undefined : lookup.byPath.get(path);
    }
    case 'elsewhere':
      return undefined;
  }
}

function inRange(
  { byName, satisfies }: Lookup,
  name: string,
  range: string,
): BarePackage | undefined {
  const found = byName.get(name);
  return found !== undefined && satisfies(found.manifest?.version, range) ? found : undefined;
}

/** Loads what compares versions only if some range has to be compared. */
async function rangeCheck(
  bare: readonly BarePackage[],
  byName: ReadonlyMap<string, BarePackage>,
  { catalogs }: MemberSettings,
): Promise<RangeCheck> {
  const isNeeded =
    catalogs.size > 0 ||
    bare.some(({ manifest }) =>
      manifest?.dependencies.some(
        ({ name, spec }) =>
          spec.startsWith('npm:') || (byName.has(name) && spec !== '*' && !/^[a-z]+:/.test(spec)),
      ),
    );
  if (!isNeeded) return (_, range) => range === '*';
  const { default: satisfies } = await import('semver/functions/satisfies.js');
  // A package without a version is what a workspace has instead of a released one; any range but
  // `*` would be a guess.
  return (version, range) =>
    range === '*' || (version !== undefined && satisfies(version, range, { loose: true }));
}
