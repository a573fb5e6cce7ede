/**
 * Layers of a circuit's drawing and the order in them: every axon becomes a
 * chain of places, one in each half layer that it passes, so that no axon
 * runs through a population and none shares its place with another. After
 * Sugiyama, Tagawa and Toda (IEEE Trans. SMC, 1981).
 */

export interface Link {
  readonly from: string;
  readonly to: string;
}

/**
 * Layer of every node, 0 first: the longest way from a source, once the axons
 * that close cycles are left out. A source stands just before its reader.
 */
export function layersOf(
  ids: readonly string[],
  links: readonly Link[],
): Map<string, number> {
  const next = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of links) {
    if (from !== to) next.get(from)!.push(to);
  }
  // Depth first; a link to a node that is still open closes a cycle.
  const state = new Map<string, 'open' | 'done'>();
  const forward = new Map<string, string[]>(ids.map((id) => [id, []]));
  const finished: string[] = [];
  const visit = (id: string) => {
    state.set(id, 'open');
    for (const to of next.get(id)!) {
      if (state.get(to) === 'open') continue;
      forward.get(id)!.push(to);
      if (!state.has(to)) visit(to);
    }
    state.set(id, 'done');
    finished.push(id);
  };
  const read = new Set(links.filter((l) => l.from !== l.to).map((l) => l.to));
  for (const id of ids) if (!read.has(id)) visit(id);
  for (const id of ids) if (!state.has(id)) visit(id);

  const order = finished.reverse();
  const layers = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const id of order) {
    for (const to of forward.get(id)!) {
      layers.set(to, Math.max(layers.get(to)!, layers.get(id)! + 1));
    }
  }
  for (const id of ids) {
    const readers = forward.get(id)!.map((to) => layers.get(to)!);
    if (read.has(id) || readers.length === 0) continue;
    layers.set(id, Math.min(...readers) - 1);
  }
  return layers;
}

/** A population or a place of an axon, in a half layer. */
export interface Item {
  readonly half: number;
  /** px that it takes to the left and to the right of its x. */
  readonly left: number;
  readonly right: number;
  readonly node: boolean;
  readonly below: Item[];
  readonly above: Item[];
  x: number;
}

/** Rounds of ordering; after a few it changes no more. */
const ROUNDS = 24;

/** Orders the items of every half layer so that few links cross. */
export function ordered(halves: readonly Item[][]): Item[][] {
  // Place of an item in its half layer, from 0 to 1.
  const rank = new Map<Item, number>();
  const place = (items: readonly Item[]) => {
    for (const [i, item] of items.entries()) {
      rank.set(item, (i + 0.5) / items.length);
    }
  };
  halves.forEach(place);
  let best = halves.map((items) => [...items]);
  let current = best;
  let fewest = crossings(best);
  for (let round = 0; round < ROUNDS && fewest > 0; round++) {
    const up = round % 2 === 0;
    current = current.map((items) => [...items]);
    for (const items of up ? current : current.toReversed()) {
      const key = new Map(
        items.map((item) => {
          const others = up ? item.below : item.above;
          const sum = others.reduce((all, other) => all + rank.get(other)!, 0);
          return [
            item,
            others.length > 0 ? sum / others.length : rank.get(item)!,
          ];
        }),
      );
      items.sort((a, b) => key.get(a)! - key.get(b)!);
      place(items);
    }
    const now = crossings(current);
    if (now < fewest) [fewest, best] = [now, current];
  }
  return best;
}

export function crossings(halves: readonly (readonly Item[])[]): number {
  let count = 0;
  for (let i = 0; i + 1 < halves.length; i++) {
    const place = new Map(halves[i + 1]!.map((item, at) => [item, at]));
    const ends: number[] = [];
    for (const item of halves[i]!) {
      const own = item.above.map((other) => place.get(other)!);
      for (const end of own) {
        for (const before of ends) if (before > end) count += 1;
      }
      ends.push(...own);
    }
  }
  return count;
}

/** Rounds of placing: each moves items towards their neighbours. */
const PLACINGS = 120;

/** Sets x: near the neighbours, in order, and nothing on anything else. */
export function placeItems(halves: readonly (readonly Item[])[]): void {
  const all = (items: readonly Item[], value: number) => items.map(() => value);
  for (const items of halves) spread(items, all(items, 0), all(items, 1));
  for (let round = 0; round < PLACINGS; round++) {
    for (const items of round % 2 === 0 ? halves : halves.toReversed()) {
      const weights = all(items, 0.1);
      const wanted = items.map((item, i) => {
        let [sum, weight] = [0, 0];
        for (const other of [...item.below, ...item.above]) {
          // Between two places of one axon a bend looks worst.
          const pull = item.node || other.node ? 1 : 16;
          sum += pull * other.x;
          weight += pull;
        }
        weights[i] = Math.max(weight, 0.1);
        return weight > 0 ? sum / weight : item.x;
      });
      spread(items, wanted, weights);
    }
  }
}

/**
 * The x nearest to the wanted ones, in the sense of least squares, that keep
 * the order and the distances: isotonic regression by pooling neighbours.
 */
export function spread(
  items: readonly Item[],
  wanted: readonly number[],
  weights: readonly number[],
): void {
  let offset = 0;
  const offsets = items.map((item, i) => {
    if (i > 0) offset += items[i - 1]!.right + item.left;
    return offset;
  });
  const pools: { sum: number; weight: number; count: number }[] = [];
  wanted.forEach((x, i) => {
    const weight = weights[i]!;
    const pool = { sum: (x - offsets[i]!) * weight, weight, count: 1 };
    for (let before = pools.at(-1); before; before = pools.at(-1)) {
      if (before.sum / before.weight <= pool.sum / pool.weight) break;
      pools.pop();
      pool.sum += before.sum;
      pool.weight += before.weight;
      pool.count += before.count;
    }
    pools.push(pool);
  });
  const places = pools.flatMap(({ sum, weight, count }) =>
    Array.from({ length: count }, () => sum / weight),
  );
  items.forEach((item, i) => {
    item.x = places[i]! + offsets[i]!;
  });
}
