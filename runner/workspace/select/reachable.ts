/** The nodes that some way of at least one edge leads to from `starts`. */
export function reachable(
  starts: readonly number[],
  edges: readonly (readonly number[])[],
): ReadonlySet<number> {
  const found = new Set<number>();
  const pending = [...starts];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const to of edges[node] ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      pending.push(to);
    }
  }
  return found;
}

/** The same edges, each the other way round. */
export function reversed(edges: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const back: number[][] = edges.map(() => []);
  edges.forEach((targets, from) => {
    for (const to of targets) back[to]?.push(from);
  });
  return back;
}
