/**
 * Losses on a plane through trained weights, measured, and for one linear layer
 * known in closed form.
 */

import type { Backend } from '../../backends/backend.ts';
import type { FloatArray } from '../../base/tensor.ts';
import type { Examples, TrainingData } from '../../data/examples.ts';
import type { Graph } from '../../graph/graph.ts';
import { bp } from '../../rules/bp.ts';
import { Simulation } from '../../simulation/simulate.ts';
import { firstOf, Tester } from '../training.ts';
import { type Direction, direction, moved, type Weight } from './directions.ts';

export interface Plane {
  /** Steps along either direction. */
  readonly places: readonly number[];
  readonly weights: readonly Weight[];
  readonly directions: readonly [Direction, Direction];
}

export interface PlaneOptions {
  readonly seed: number;
  /** Places along either direction; one more if it is even. */
  readonly grid: number;
  /** Steps from the centre to the edge. */
  readonly reach: number;
}

/** The plane around some weights. */
export function planeOf(
  graph: Graph,
  values: ReadonlyMap<string, FloatArray>,
  { seed, grid, reach }: PlaneOptions,
): Plane {
  const weights = graph.vertices
    .filter(({ op }) => op === 'param')
    .map(({ id, shape }) => ({ id, shape, values: values.get(id)! }));
  const half = Math.floor(grid / 2);
  return {
    places: Array.from(
      { length: 2 * half + 1 },
      (_, i) => (reach * (i - half)) / half,
    ),
    weights,
    directions: [
      direction(weights, seed, 'first'),
      direction(weights, seed, 'second'),
    ],
  };
}

/** Mean losses of training examples, row after row of the second direction. */
export async function lossesOn(
  { places, weights, directions }: Plane,
  of: {
    readonly model: (batch: number) => Graph;
    readonly data: TrainingData;
    readonly examples: number;
    readonly backend: Backend;
    readonly signal: AbortSignal;
  },
  progress: (part: number) => void,
): Promise<number[]> {
  const { model, data, backend, signal } = of;
  const simulation = Simulation.open(model(1), { rule: bp(), backend });
  const tester = new Tester(simulation, of);
  const losses: number[] = [];
  try {
    for (const b of places) {
      for (const a of places) {
        signal.throwIfAborted();
        for (const weight of weights) {
          const there = moved(weight, [a, b], directions);
          simulation.setParameter(weight.id, there);
        }
        losses.push((await tester.part(data.train)).loss);
      }
      progress(losses.length / places.length ** 2);
      await new Promise((resolve) => setTimeout(resolve)); // for Ctrl-C
    }
    return losses;
  } finally {
    tester.close();
    simulation.destroy();
  }
}

/**
 * The same for y = x W^T + b with half the squared error: with errors r at the
 * centre and changes p, q of the outputs by a step along either direction, the
 * loss of an example is |r + a p + b q|^2 / 2. In float64, without a graph.
 */
export function linearLosses(
  { places, weights, directions }: Plane,
  examples: Examples,
  most: number,
): number[] {
  const [W, bias] = weights;
  const [outputs, inputs] = W!.shape as [number, number];
  const count = Math.min(most, examples.count);
  const { x, target } = examples.feeds(firstOf(count));
  const sums = { rr: 0, rp: 0, rq: 0, pp: 0, pq: 0, qq: 0 };
  const [first, second] = directions.map((each) => each.get(W!.id)!);
  for (let row = 0; row < count; row++) {
    for (let unit = 0; unit < outputs; unit++) {
      let r = bias!.values[unit]! - target![row * outputs + unit]!;
      let [p, q] = [0, 0];
      for (let i = 0; i < inputs; i++) {
        const input = x![row * inputs + i]!;
        r += input * W!.values[unit * inputs + i]!;
        p += input * first![unit * inputs + i]!;
        q += input * second![unit * inputs + i]!;
      }
      sums.rr += r * r;
      sums.rp += r * p;
      sums.rq += r * q;
      sums.pp += p * p;
      sums.pq += p * q;
      sums.qq += q * q;
    }
  }
  const { rr, rp, rq, pp, pq, qq } = sums;
  return places.flatMap((b) =>
    places.map(
      (a) =>
        (rr +
          2 * (a * rp + b * rq) +
          a * a * pp +
          2 * a * b * pq +
          b * b * qq) /
        (2 * count),
    ),
  );
}
