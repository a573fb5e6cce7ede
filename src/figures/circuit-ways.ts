/**
 * Ways of axons: curves that are upright wherever they pass a half layer, so
 * that they bend only in the gaps between, where nothing else stands.
 */

import type { Item } from './circuit-layers.ts';

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
}

/** A way from population to population; y grows downwards. */
export interface PlacedAxon {
  /** SVG path, its last point `end`. */
  readonly d: string;
  /** Middle of what it carries. */
  readonly carried: { readonly x: number; readonly y: number };
  /** Where its head touches the population, and whither it looks there. */
  readonly end: { readonly x: number; readonly y: number };
  readonly look: 'up' | 'down' | 'left';
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

const point = (x: number, y: number) =>
  `${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100}`;

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
  const first = chain[0];
  const upwards = bands[first.half].middle < from.y;
  const exit = from.y + ((upwards ? -1 : 1) * from.height) / 2;
  let d = `M${point(ports.from, exit)}`;
  let x = ports.from;
  let y = exit;
  const turns = from.y === to.y;
  if (turns && !carries) {
    // An arch in the gap beside the half layer, where nothing else stands.
    const { x: middle, half } = first;
    const apex = upwards ? bands[half].bottom + 3 : bands[half].top - 3;
    const near = (x + middle) / 2;
    d += `C${point(x, apex)} ${point(near, apex)} ${point(middle, apex)}`;
    const edge = to.y + ((upwards ? -1 : 1) * (to.height + 2 * HEAD)) / 2;
    const far = (ports.to + middle) / 2;
    d += `C${point(far, apex)} ${point(ports.to, apex)} ${point(ports.to, edge)}`;
    return {
      d,
      carried: { x: middle, y: apex },
      end: { x: ports.to, y: edge + (upwards ? HEAD : -HEAD) },
      look: upwards ? 'down' : 'up',
    };
  }
  if (turns) {
    const { x: middle, half } = first;
    const side = from.x < to.x ? -TURN : TURN;
    const edge = upwards ? bands[half].bottom : bands[half].top;
    const top = bands[half].middle + (upwards ? TURN : -TURN);
    const clockwise = from.x < to.x === upwards ? 1 : 0;
    d += bend(x, y, middle + side, edge);
    d += `V${top}A${TURN} ${TURN} 0 0 ${clockwise} ${point(middle - side, top)}`;
    d += `V${edge}`;
    x = middle - side;
    y = edge;
  } else {
    for (const slot of chain) {
      const band = bands[slot.half];
      d += bend(x, y, slot.x, upwards ? band.bottom : band.top);
      y = upwards ? band.top : band.bottom;
      d += `V${Math.round(y * 100) / 100}`;
      x = slot.x;
    }
  }
  const rising = turns ? !upwards : upwards;
  const sign = rising ? 1 : -1;
  const edge = to.y + (sign * to.height) / 2;
  d += bend(x, y, ports.to, edge + sign * HEAD);
  const carrier = chain[carrierOf(chain.length)];
  return {
    d,
    carried: { x: carrier.x, y: bands[carrier.half].middle },
    end: { x: ports.to, y: edge },
    look: rising ? 'up' : 'down',
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
    `M${point(edge(out), out)}H${Math.round(turn)}` +
    `A${TURN} ${TURN} 0 0 1 ${point(Math.round(turn), back)}` +
    `H${Math.round((edge(back) + HEAD) * 100) / 100}`;
  return {
    d,
    carried: { x: right + LOOP + axon.width / 2, y },
    end: { x: edge(back), y: back },
    look: 'left',
  };
}
