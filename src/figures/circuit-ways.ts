/**
 * Ways of axons: curves that are upright wherever they pass a half layer, so
 * that they bend only in the gaps between, where nothing else stands.
 */

import type { Item } from './circuit-layers.ts';
import { px } from './svg.ts';

/** What an axon carries between the rows: its delay and its label. */
export interface AxonSize {
  readonly from: string;
  readonly to: string;
  /** 0 where it carries nothing. */
  readonly width: number;
  readonly height: number;
}

/** A population with its middle. */
export interface PlacedBox {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Px by which its sides fall back from the middle to the corners. */
  readonly cut?: number;
  /** Px inside its outline from where axons begin; default none. */
  readonly inset?: number;
}

/** A way from population to population; y grows downwards. */
export interface PlacedAxon {
  /** SVG path, its last point `end`. */
  readonly d: string;
  /** Middle of what it carries. */
  readonly carried: { readonly x: number; readonly y: number };
  /** Where its head touches the population, and whither it looks there. */
  readonly end: { readonly x: number; readonly y: number };
  readonly look: 'up' | 'down' | 'left' | 'right';
}

/** Px of an arrow head: a path ends that much before its population. */
export const HEAD = 9;
/** Half of the distance between the two legs of an axon that turns back. */
export const TURN = 7;
/** From a population to what a loop on it carries. */
const LOOP = 22;

/** What a loop carries begins so far before its right end. */
export const LOOP_END = 13;
/** From loop to loop of one population. */
const LOOP_ROW = 28;

/** Px that a loop takes to the right of its population. */
export const roomOf = ({ width }: AxonSize) =>
  LOOP + Math.max(width, LOOP_END) + 8;

/** Height of a population that its loops need. */
export const loopsHeight = (count: number) =>
  count === 0 ? 0 : count * LOOP_ROW + 6;

/** A place of an axon in a half layer. */
export interface Slot extends Item {
  readonly axon: number;
}

/** A half layer, in px. */
export interface Band {
  readonly top: number;
  readonly bottom: number;
  readonly middle: number;
}

/** The place between two rows nearest to the middle of a chain. */
export const carrierOf = (count: number) => 2 * Math.floor((count - 1) / 4);

const point = (x: number, y: number) => `${px(x)} ${px(y)}`;

/** From (x, y) on, upright at both ends. */
function bend(x: number, y: number, toX: number, toY: number): string {
  const middle = (y + toY) / 2;
  return `C${point(x, middle)} ${point(toX, middle)} ${point(toX, toY)}`;
}

/** From population to population through its chain of places. */
export function way(
  from: PlacedBox,
  to: PlacedBox,
  carries: boolean,
  chain: readonly Slot[],
  bands: readonly Band[],
  ports: { from: number; to: number },
): PlacedAxon {
  const { x: middle, half } = chain[0]!;
  const upwards = bands[half]!.middle < from.y;
  const exit = from.y + ((upwards ? -1 : 1) * from.height) / 2;
  const turns = from.y === to.y;
  const rising = turns ? !upwards : upwards;
  const sign = rising ? 1 : -1;
  const end = { x: ports.to, y: to.y + (sign * to.height) / 2 };
  const stop = end.y + sign * HEAD;
  const look = rising ? 'up' : 'down';
  const inside = exit + (upwards ? 1 : -1) * (from.inset ?? 0);
  const begin = `M${point(ports.from, inside)}V${px(exit)}`;
  if (turns && !carries) {
    // An arch in the gap beside the half layer, where nothing else stands.
    const y = upwards ? bands[half]!.bottom + 3 : bands[half]!.top - 3;
    const [near, far] = [(ports.from + middle) / 2, (ports.to + middle) / 2];
    const d =
      `${begin}C${point(ports.from, y)} ${point(near, y)} ${point(middle, y)}` +
      `C${point(far, y)} ${point(ports.to, y)} ${point(ports.to, stop)}`;
    return { d, carried: { x: middle, y }, end, look };
  }
  let d = begin;
  let [x, y] = [ports.from, exit];
  if (turns) {
    const side = from.x < to.x ? -TURN : TURN;
    const edge = upwards ? bands[half]!.bottom : bands[half]!.top;
    const top = bands[half]!.middle + (upwards ? TURN : -TURN);
    const clockwise = from.x < to.x === upwards ? 1 : 0;
    d +=
      `${bend(x, y, middle + side, edge)}V${px(top)}` +
      `A${TURN} ${TURN} 0 0 ${clockwise} ${point(middle - side, top)}` +
      `V${px(edge)}`;
    [x, y] = [middle - side, edge];
  } else {
    for (const slot of chain) {
      const { top, bottom } = bands[slot.half]!;
      d += bend(x, y, slot.x, upwards ? bottom : top);
      [x, y] = [slot.x, upwards ? top : bottom];
      d += `V${px(y)}`;
    }
  }
  const carrier = chain[carrierOf(chain.length)]!;
  return {
    d: d + bend(x, y, ports.to, stop),
    carried: { x: carrier.x, y: bands[carrier.half]!.middle },
    ...{ end, look },
  };
}

/** Loop number `index` of `count`, from above, to the right of its population. */
export function loopWay(
  box: PlacedBox,
  axon: AxonSize,
  index: number,
  count: number,
): PlacedAxon {
  const right = box.x + box.width / 2;
  const y = box.y + (index - (count - 1) / 2) * LOOP_ROW;
  const edge = (at: number) =>
    right - ((box.cut ?? 0) * Math.abs(at - box.y)) / (box.height / 2);
  const [out, back] = [y - TURN, y + TURN];
  const turn = right + LOOP + LOOP_END - TURN;
  const d =
    `M${point(edge(out), out)}H${px(turn)}` +
    `A${TURN} ${TURN} 0 0 1 ${point(turn, back)}` +
    `H${px(edge(back) + HEAD)}`;
  return {
    d,
    carried: { x: right + LOOP + axon.width / 2, y },
    end: { x: edge(back), y: back },
    look: 'left',
  };
}
