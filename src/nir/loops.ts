/** Loops of a directed graph, found depth first. */

export interface ClosingEdge {
  /** Index of the edge. */
  readonly edge: number;
  /** The nodes of the loop, from its first to its first again. */
  readonly loop: readonly string[];
}

/**
 * The edges that close loops when nodes are visited in order and depth first:
 * without them there is no loop left.
 */
export function closingEdges(
  nodes: Iterable<string>,
  edges: readonly (readonly [string, string])[],
): ClosingEdge[] {
  const outgoing = new Map<string, number[]>();
  edges.forEach(([from], i) => {
    const known = outgoing.get(from);
    if (known) known.push(i);
    else outgoing.set(from, [i]);
  });
  const found: ClosingEdge[] = [];
  const seen = new Set<string>();
  // The path that is being followed, with the place in each node's edges.
  const path: { node: string; next: number }[] = [];
  const places = new Map<string, number>();
  const enter = (node: string) => {
    seen.add(node);
    places.set(node, path.length);
    path.push({ node, next: 0 });
  };
  for (const first of nodes) {
    if (!seen.has(first)) enter(first);
    while (path.length > 0) {
      const top = path[path.length - 1]!;
      const edge = outgoing.get(top.node)?.[top.next++];
      if (edge === undefined) {
        path.pop();
        places.delete(top.node);
        continue;
      }
      const to = edges[edge]![1];
      const place = places.get(to);
      if (place !== undefined) {
        const loop = path.slice(place).map(({ node }) => node);
        found.push({ edge, loop: [...loop, to] });
      } else if (!seen.has(to)) enter(to);
    }
  }
  return found;
}
