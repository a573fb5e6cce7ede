/**
 * Where everything of a circuit's drawing stands: populations in rows, level
 * 0 at the bottom, and between the rows the delays of the axons.
 */

import { type Item, layersOf, ordered, placeItems } from './circuit-layers.ts';
import {
  type AxonSize,
  type Band,
  carrierOf,
  loopWay,
  type PlacedAxon,
  type PlacedBox,
  roomOf,
  type Slot,
  TURN,
  way,
} from './circuit-ways.ts';

/** A population's box, in px. */
export interface BoxSize {
  readonly id: string;
  readonly level?: number;
  readonly width: number;
  readonly height: number;
  /** Px by which its sides fall back from the middle to the corners. */
  readonly cut?: number;
  /** Px inside its outline from where axons begin; default none. */
  readonly inset?: number;
}

export interface Layout {
  readonly boxes: readonly PlacedBox[];
  readonly axons: readonly PlacedAxon[];
  readonly rows: readonly { readonly level: number; readonly y: number }[];
  readonly width: number;
  readonly height: number;
}

const NODE_GAP = 14;
const SLOT_GAP = 8;
export function circuitLayout(
  boxes: readonly BoxSize[],
  axons: readonly AxonSize[],
): Layout {
  const own = boxes.every(({ level }) => level !== undefined)
    ? new Map(boxes.map(({ id, level }) => [id, level!]))
    : layersOf(
        boxes.map(({ id }) => id),
        axons,
      );
  const levels = [...new Set(own.values())].sort((a, b) => a - b);
  // Half layer 0 lies under row 0: row r is half layer 2 r + 1.
  const halves: Item[][] = [[], ...levels.flatMap(() => [[], []])];
  const nodes = new Map<string, Item>();
  for (const { id, width } of boxes) {
    const loops = axons.filter(({ from, to }) => from === id && to === id);
    const room = Math.max(0, ...loops.map(roomOf));
    const half = 2 * levels.indexOf(own.get(id)!) + 1;
    const node = item(half, width / 2 + NODE_GAP, room, true);
    nodes.set(id, node);
    halves[half]!.push(node);
  }
  const chains = axons.map((axon, i) => chainOf(axon, i, axons, nodes, halves));
  const sorted = ordered(halves);
  placeItems(sorted);

  const all = sorted.flat();
  const leftmost = Math.min(...all.map(({ x, left }) => x - left));
  const rightmost = Math.max(...all.map(({ x, right }) => x + right));
  for (const one of all) one.x -= leftmost;

  const heights = halves.map(() => 0);
  const fit = (half: number, height: number) => {
    heights[half] = Math.max(heights[half]!, height);
  };
  for (const { id, height } of boxes) fit(nodes.get(id)!.half, height);
  chains.forEach((chain, i) => {
    if (chain.length === 0) return;
    fit(chain[carrierOf(chain.length)]!.half, axons[i]!.height);
  });
  const bands = bandsOf(sorted, heights);
  const placed = boxes.map((box) => {
    const { x, half } = nodes.get(box.id)!;
    return { ...box, x, y: bands[half]!.middle };
  });
  const byId = new Map(placed.map((box) => [box.id, box]));
  const ports = portsOf(boxes, axons, chains, nodes);
  return {
    boxes: placed,
    axons: axons.map((axon, i) => {
      const from = byId.get(axon.from)!;
      if (axon.from === axon.to) {
        const loops = axons.filter((a) => a.from === a.to && a.to === from.id);
        return loopWay(from, axon, loops.indexOf(axon), loops.length);
      }
      const to = byId.get(axon.to)!;
      return way(from, to, axon.width > 0, chains[i]!, bands, ports[i]!);
    }),
    rows: levels.map((level, i) => ({ level, y: bands[2 * i + 1]!.middle })),
    width: rightmost - leftmost,
    height: bands[0]!.bottom,
  };
}

function item(half: number, side: number, room: number, node: boolean): Item {
  return {
    ...{ half, left: side, right: side + room, node, x: 0 },
    ...{ below: [], above: [] },
  };
}

/** Places of an axon from its source to its target, linked to each other. */
function chainOf(
  axon: AxonSize,
  index: number,
  axons: readonly AxonSize[],
  nodes: ReadonlyMap<string, Item>,
  halves: Item[][],
): Slot[] {
  if (axon.from === axon.to) return [];
  const from = nodes.get(axon.from)!;
  const to = nodes.get(axon.to)!;
  const slot = (half: number, width: number): Slot => {
    const made = item(half, width / 2 + SLOT_GAP, 0, false);
    const placed = Object.assign(made, { axon: index });
    halves[half]!.push(placed);
    return placed;
  };
  if (from.half === to.half) {
    // Of a pair in both directions, one turns above and one below.
    const back = axons.findIndex(
      (other) => other.from === axon.to && other.to === axon.from,
    );
    const above = back < 0 || back > index;
    const turn = slot(
      from.half + (above ? 1 : -1),
      Math.max(axon.width, 2 * TURN),
    );
    for (const node of [from, to]) {
      (above ? node.above : node.below).push(turn);
      (above ? turn.below : turn.above).push(node);
    }
    return [turn];
  }
  const step = from.half < to.half ? 1 : -1;
  const count = Math.abs(to.half - from.half) - 1;
  const carrier = carrierOf(count);
  const chain = Array.from({ length: count }, (_, i) =>
    slot(from.half + step * (i + 1), i === carrier ? axon.width : 0),
  );
  const whole: Item[] = [from, ...chain, to];
  for (let i = 0; i + 1 < whole.length; i++) {
    const [one, next] = [whole[i]!, whole[i + 1]!];
    const [low, high] = step > 0 ? [one, next] : [next, one];
    low.above.push(high);
    high.below.push(low);
  }
  return chain;
}

/** The half layers from above, with room between them for the bends. */
function bandsOf(
  halves: readonly (readonly Item[])[],
  heights: readonly number[],
): Band[] {
  const bands: Band[] = [];
  const last = halves.findIndex((items) => items.length > 0);
  let y = 0;
  for (let half = halves.length - 1; half >= 0; half--) {
    const bottom = y + heights[half]!;
    bands[half] = { top: y, bottom, middle: (y + bottom) / 2 };
    const above = half === halves.length - 1 && halves[half]!.length === 0;
    y = bottom + (above || half <= last ? 0 : gapUnder(halves[half]!));
  }
  return bands;
}

/** The farther the links under a half layer run, the more they need. */
function gapUnder(items: readonly Item[]): number {
  const runs = items.flatMap((one) =>
    one.below.map((other) => Math.abs(other.x - one.x)),
  );
  return Math.min(64, Math.max(26, 0.16 * Math.max(0, ...runs)));
}

/** Where axons leave and reach their populations: side by side, uncrossed. */
function portsOf(
  boxes: readonly BoxSize[],
  axons: readonly AxonSize[],
  chains: readonly (readonly Slot[])[],
  nodes: ReadonlyMap<string, Item>,
): { from: number; to: number }[] {
  const ports = axons.map(() => ({ from: 0, to: 0 }));
  for (const { id, width } of boxes) {
    const node = nodes.get(id)!;
    const ends = axons.flatMap((axon, i) =>
      (['from', 'to'] as const).flatMap((end) => {
        const slot = chains[i]!.at(end === 'from' ? 0 : -1);
        return slot && axon[end] === id ? [{ port: ports[i], end, slot }] : [];
      }),
    );
    for (const above of [true, false]) {
      const side = ends
        .filter(({ slot }) => slot.half > node.half === above)
        .sort((a, b) => a.slot.x - b.slot.x);
      const room = Math.max(width - 36, 0.55 * width);
      const gap = Math.min(18, room / Math.max(1, side.length - 1));
      side.forEach(({ port, end }, i) => {
        port![end] = node.x + (i - (side.length - 1) / 2) * gap;
      });
    }
  }
  return ports;
}
