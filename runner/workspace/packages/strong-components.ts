/**
 * The sets of nodes that reach each other, each after every set it leads to. A node that is in no
 * circle is a set of its own.
 *
 * @param edges for each node the nodes it leads to.
 */
export function strongComponents(
  edges: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  const components: number[][] = [];
  const order = new Int32Array(edges.length).fill(-1);
  const low = new Int32Array(edges.length);
  const isOpen = new Uint8Array(edges.length);
  const open: number[] = [];
  let next = 0;
  // Tarjan's algorithm with a stack of its own: a chain of packages may be longer than the engine's.
  for (let start = 0; start < edges.length; start++) {
    if (order[start] !== -1) continue;
    const path: { readonly node: number; edge: number }[] = [];
    const enter = (node: number): void => {
      order[node] = low[node] = next++;
      isOpen[node] = 1;
      open.push(node);
      path.push({ node, edge: 0 });
    };
    enter(start);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node } = step;
      const to = edges[node]?.[step.edge++];
      if (to !== undefined) {
        if (order[to] === -1) enter(to);
        else if (isOpen[to] === 1) low[node] = Math.min(low[node] ?? 0, order[to] ?? 0);
        continue;
      }
      path.pop();
      const above = path.at(-1)?.node;
      if (above !== undefined) low[above] = Math.min(low[above] ?? 0, low[node] ?? 0);
      if (low[node] !== order[node]) continue;
      const members = open.splice(open.lastIndexOf(node));
      for (const member of members) isOpen[member] = 0;
      components.push(members.sort((a, b) => a - b));
    }
  }
  return components;
}
