import type { PackageGraph, WorkspacePackage } from '../../workspace/packages/package-graph.js';
import { strongComponents } from '../../workspace/packages/strong-components.js';

/**
 * A package graph without its circles. Packages that need each other come together: after all that
 * any of them needs, before all that need any of them. Among themselves `dependencies` decide alone;
 * what is a circle even so is one layer, without an order.
 */
export interface PackageLayers {
  /** Each after those it needs. */
  readonly layers: readonly PackageLayer[];
  /** Index of the layer by index of the package. */
  readonly layerOf: readonly number[];
}

interface PackageLayer {
  /** Indexes of packages, ascending; several: they need each other. */
  readonly members: readonly number[];
  /** Indexes of earlier layers, ascending. */
  readonly needs: readonly number[];
}

/** The layers of a graph; the same graph is taken apart once. */
export function packageLayers(graph: PackageGraph): PackageLayers {
  const known = memory.get(graph);
  if (known !== undefined) return known;
  const found = findLayers(graph.packages);
  memory.set(graph, found);
  return found;
}

const memory = new WeakMap<PackageGraph, PackageLayers>();

function findLayers(packages: readonly WorkspacePackage[]): PackageLayers {
  const needs = packages.map((pkg) => pkg.needs.map(({ to }) => to));
  const layers: PackageLayer[] = [];
  const layerOf = new Array<number>(packages.length).fill(0);
  /** By package: every layer of those that it needs and that need it. */
  const together = new Array<readonly number[]>(packages.length).fill([]);
  for (const component of strongComponents(needs)) {
    const inside = new Set(component);
    const outside = component.flatMap((member) =>
      (needs[member] ?? []).flatMap((to) => (inside.has(to) ? [] : (together[to] ?? []))),
    );
    const first = layers.length;
    const parts = component.length === 1 ? [component] : withoutWeakEdges(packages, component);
    for (const members of parts) {
      const index = layers.length;
      for (const member of members) layerOf[member] = index;
      const within = members
        .flatMap((member) => strongNeeds(packages, member))
        .filter((to) => inside.has(to))
        .map((to) => layerOf[to] ?? 0);
      const others = [...outside, ...(parts.length > 1 ? within : [])].filter((n) => n !== index);
      layers.push({ members, needs: [...new Set(others)].sort((a, b) => a - b) });
    }
    const all = parts.map((_, part) => first + part);
    for (const member of component) together[member] = all;
  }
  return { layers, layerOf };
}

/** A circle, taken apart by leaving out what only tests (dev) or hosts (peer) need. */
function withoutWeakEdges(
  packages: readonly WorkspacePackage[],
  component: readonly number[],
): readonly (readonly number[])[] {
  const position = new Map(component.map((member, index) => [member, index]));
  const edges = component.map((member) =>
    strongNeeds(packages, member).flatMap((to) => position.get(to) ?? []),
  );
  return strongComponents(edges).map((part) => part.map((index) => component[index] ?? 0));
}

function strongNeeds(packages: readonly WorkspacePackage[], member: number): readonly number[] {
  return (packages[member]?.needs ?? [])
    .filter(({ fields }) =>
      fields.some((f) => f === 'dependencies' || f === 'optionalDependencies'),
    )
    .map(({ to }) => to);
}
