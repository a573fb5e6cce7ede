/**
 * Inference learning that is swept back through time: the vertices of the last
 * time step relax with their predictions fixed, then those of the one before,
 * with the errors of later time steps as they were left. With predictions
 * fixed nothing goes back from an earlier time step to a later one, so each
 * slice is a relaxation by itself, of the same small graph.
 */

import type { Backend } from '../../backends/backend.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Gradients } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { Simulation } from '../../simulation/simulate.ts';
import { withData } from '../instants.ts';
import { type Cell, type CellSizes, type Sequence, slice } from './cells.ts';

/** Relaxes a slice: what its parameters, the states before among them, learn. */
export type Relax = (graph: Graph, weights: Gradients) => Promise<Gradients>;

export interface SweepRun {
  readonly backend: Backend;
  readonly weights: Gradients;
  readonly signal: AbortSignal;
}

/** Sums over all time steps of what the weights would learn. */
export async function sweepBack(
  cell: Cell,
  sizes: CellSizes,
  sequence: Sequence,
  relax: Relax,
  { backend, weights, signal }: SweepRun,
): Promise<Gradients> {
  const { batch, inputs, hidden } = sizes;
  const { xs, targets } = sequence;
  const graph = slice(cell, sizes);
  const forward = Simulation.open(graph, { rule: bp(), backend });
  for (const [id, values] of weights) forward.setParameter(id, values);
  const zeros = new Float64Array(batch * hidden);
  const none = Object.fromEntries(cell.states.map((s) => [`from ${s}`, zeros]));
  /** States before each time step. */
  const states: Map<string, ArrayLike<number>>[] = [
    new Map(cell.states.map((name) => [name, zeros])),
  ];
  const place = (state: ReadonlyMap<string, ArrayLike<number>>) => {
    for (const [name, values] of state) {
      forward.setParameter(`to ${name}`, values);
    }
  };
  const sums = new Map<string, Float64Array>();
  try {
    for (const x of xs) {
      place(states.at(-1)!);
      const ids = cell.states.map((name) => `${name}1`);
      const made = await forward.activations(ids, { x, ...none });
      states.push(
        new Map(cell.states.map((name) => [name, made.get(`${name}1`)!])),
      );
    }
    let errors: Record<string, ArrayLike<number>> = none;
    for (let t = xs.length; t >= 1; t--) {
      signal.throwIfAborted();
      const state = states[t - 1]!;
      place(state);
      const data = { x: xs[t - 1]!, ...errors };
      const out = await forward.predict(data);
      const width = out.length / batch;
      const target = Float64Array.from(out, (value, at) => {
        const [row, column] = [Math.floor(at / width), at % width];
        if (column >= inputs) return value - 1;
        const compared = cell.outputs === 'every' || t === xs.length;
        return compared ? targets[t - 1]![row * inputs + column]! : value;
      });
      const values = new Map([...weights]);
      for (const [name, own] of state) {
        values.set(`to ${name}`, Float64Array.from(own));
      }
      const fed = withData(graph, { ...data, target });
      const learned = await relax(fed, values);
      for (const id of weights.keys()) {
        const own = learned.get(id)!;
        const sum = sums.get(id) ?? new Float64Array(own.length);
        own.forEach((value, i) => {
          sum[i]! += value;
        });
        sums.set(id, sum);
      }
      errors = Object.fromEntries(
        cell.states.map((name) => [`from ${name}`, learned.get(`to ${name}`)!]),
      );
    }
  } finally {
    forward.destroy();
  }
  return sums;
}
