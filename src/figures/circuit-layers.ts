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
  let current = halves.map((items) => [...items]);
  let best = current;
  let fewest = crossings(current);
  for (let round = 0; round < ROUNDS && fewest > 0; round++) {
    const up = round % 2 === 0;
    const rank = ranks(current);
    const sequence = current.map((_, i) => (up ? i : current.length - 1 - i));
    const swept = current.map((items) => [...items]);
    for (const i of sequence) {
      const key = new Map(
        swept[i].map((item) => {
          const others = up ? item.below : item.above;
          const sum = others.reduce((total, other) => total + rank(other), 0);
          return [item, others.length > 0 ? sum / others.length : rank(item)];
        }),
      );
      swept[i].sort((a, b) => key.get(a)! - key.get(b)!);
      rank.update(swept[i]);
    }
    current = swept;
    const now = crossings(current);
    if (now < fewest) {
      fewest = now;
      best = current;
    }
  }
  return best;
}

/** Place of an item in its half layer, from 0 to 1. */
function ranks(halves: readonly (readonly Item[])[]) {
  const places = new Map<Item, number>();
  const update = (items: readonly Item[]) => {
    items.forEach((item, i) => {
      places.set(item, (i + 0.5) / items.length);
    });
  };
  halves.forEach(update);
  return Object.assign((item: Item) => places.get(item)!, { update });
}

export function crossings(halves: readonly (readonly Item[])[]): number {
  let count = 0;
  for (let i = 0; i + 1 < halves.length; i++) {
    const place = new Map(halves[i + 1].map((item, at) => [item, at]));
    const ends: number[] = [];
    for (const item of halves[i]) {
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
  for (const items of halves)
    spread(
      items,
      items.map(() => 0),
      items.map(() => 1),
    );
  for (let round = 0; round < PLACINGS; round++) {
    const up = round % 2 === 0;
    for (let i = 0; i < halves.length; i++) {
      const items = halves[up ? i : halves.length - 1 - i];
      const wanted: number[] = [];
      const weights: number[] = [];
      for (const item of items) {
        let sum = 0;
        let weight = 0;
        for (const other of [...item.below, ...item.above]) {
          // Between two places of one axon a bend looks worst.
          const pull = item.node || other.node ? 1 : 16;
          sum += pull * other.x;
          weight += pull;
        }
        wanted.push(weight > 0 ? sum / weight : item.x);
        weights.push(Math.max(weight, 0.1));
      }
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
    if (i > 0) offset += items[i - 1].right + item.left;
    return offset;
  });
  const pools: { sum: number; weight: number; count: number }[] = [];
  items.forEach((_, i) => {
    const weight = weights[i];
    let pool = { sum: (wanted[i] - offsets[i]) * weight, weight, count: 1 };
    for (;;) {
      const before = pools.at(-1);
      if (!before || before.sum / before.weight <= pool.sum / pool.weight)
        break;
      pools.pop();
      pool = {
        sum: before.sum + pool.sum,
        weight: before.weight + pool.weight,
        count: before.count + pool.count,
      };
    }
    pools.push(pool);
  });
  let i = 0;
  for (const { sum, weight, count } of pools) {
    for (let k = 0; k < count; k++, i++) items[i].x = sum / weight + offsets[i];
  }
}
