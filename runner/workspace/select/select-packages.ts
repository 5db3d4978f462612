import type { WorkspacePath } from '../../../cache/brands.js';
import { escapeGlob, isGlob, pathMatcher } from '../glob/glob-matcher.js';
import type { Matcher } from '../glob/glob-matcher.js';
import type { PackageGraph, WorkspacePackage } from '../packages/package-graph.js';
import type { PackageFilter } from './package-filter.js';
import { reachable, reversed } from './reachable.js';

/** What filters select of a workspace. */
export interface Selection {
  /** Indexes of packages. */
  readonly selected: ReadonlySet<number>;
  /** Filters, other than exclusions, that no package matches. */
  readonly unmatched: readonly PackageFilter[];
  /** Names without a scope that several scopes have. */
  readonly ambiguous: readonly {
    readonly filter: PackageFilter;
    readonly names: readonly string[];
  }[];
}

/**
 * The packages that some filter selects, or all when there are only exclusions, without those that
 * an exclusion selects.
 *
 * @param cwd what directories in filters are relative to; undefined when outside the workspace.
 */
export function selectPackages(
  graph: PackageGraph,
  filters: readonly PackageFilter[],
  cwd: WorkspacePath | undefined,
): Selection {
  const members = graph.packages.filter((pkg) => pkg.isMember);
  const needs = graph.packages.map((pkg) => pkg.needs.map(({ to }) => to));
  const neededBy = reversed(needs);
  const unmatched: PackageFilter[] = [];
  const ambiguous: { filter: PackageFilter; names: readonly string[] }[] = [];
  const included = new Set<number>();
  const excluded = new Set<number>();
  for (const filter of filters) {
    const { matches, others } = matching(members, filter, cwd);
    if (others.length > 0) ambiguous.push({ filter, names: others });
    else if (matches.length === 0 && !filter.excludes) unmatched.push(filter);
    const into = filter.excludes ? excluded : included;
    const roots = matches.map(({ index }) => index);
    if (!filter.withoutSelf) addAll(into, roots);
    if (filter.dependencies) addAll(into, reachable(roots, needs));
    if (filter.dependents) {
      const dependents = reachable(roots, neededBy);
      addAll(into, dependents);
      // As in pnpm: what is to be run of the dependents needs all of theirs.
      if (filter.dependencies) addAll(into, reachable([...dependents], needs));
    }
  }
  const isExclusive = filters.every((filter) => filter.excludes);
  const base = isExclusive ? members.map(({ index }) => index) : [...included];
  const selected = new Set(base.filter((index) => !excluded.has(index)));
  for (const { index, isMember } of graph.packages) if (!isMember) selected.delete(index);
  return { selected, unmatched, ambiguous };
}

function addAll(set: Set<number>, items: Iterable<number>): void {
  for (const item of items) set.add(item);
}

function matching(
  members: readonly WorkspacePackage[],
  { name, directory }: PackageFilter,
  cwd: WorkspacePath | undefined,
): { matches: readonly WorkspacePackage[]; others: readonly string[] } {
  const inPlace = directory === undefined ? undefined : directoryMatcher(directory, cwd);
  const there = members.filter(({ path }) => inPlace?.(path) ?? true);
  if (name === undefined) return { matches: there, others: [] };
  const isNamed = nameMatcher(name);
  const matches = there.filter((pkg) => pkg.name !== undefined && isNamed(pkg.name));
  if (matches.length > 0 || /[@/*]/.test(name)) return { matches, others: [] };
  const scoped = there.filter((pkg) => pkg.name?.startsWith('@') && pkg.name.endsWith(`/${name}`));
  return scoped.length > 1
    ? { matches: [], others: scoped.flatMap((pkg) => pkg.name ?? []) }
    : { matches: scoped, others: [] };
}

function nameMatcher(pattern: string): Matcher {
  if (!pattern.includes('*')) return (name) => name === pattern;
  const source = pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'));
  const expression = new RegExp(`^${source.join('.*')}$`, 's');
  return (name) => expression.test(name);
}

function directoryMatcher(written: string, cwd: WorkspacePath | undefined): Matcher {
  if (cwd === undefined || written.startsWith('/')) return () => false;
  const isPattern = isGlob(written);
  const base = isPattern ? escapeGlob(cwd) : cwd;
  const segments = base === '' ? [] : base.split('/');
  for (const segment of written.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return () => false;
  }
  const glob = segments.join('/');
  return isPattern ? pathMatcher(glob) : (path) => path === glob;
}
