/**
 * The dynamics (Salvatori 2022, Eq. 7 and 8) in plain numbers, for scalar graphs in axonal form: one
 * queue an axon for errors, one for values. No symbols, no kernels, no
 * events: every population is computed at every tick.
 */

import type { Levelled } from '../../src/graph/level.ts';
import type { Vertex } from '../../src/graph/vertex.ts';

export interface Schedule {
  readonly gamma: number;
  /** The last tick; the first is 0. */
  readonly last: number;
  /** Whether all parameters learn at a tick, by gradient descent. */
  readonly learns: (tick: number) => boolean;
  readonly rate: number;
}

/** A population's state, tick by tick. */
export interface Track {
  readonly value: number[];
  readonly prediction: number[];
  readonly error: number[];
}

export interface Run {
  readonly tracks: ReadonlyMap<string, Track>;
  /** Parameters in the end. */
  readonly parameters: ReadonlyMap<string, number>;
}

/** What is under way on an axon, by the tick at which it arrives. */
interface Wire {
  readonly from: Vertex;
  readonly to: Vertex;
  readonly slot: number;
  readonly delay: number;
  readonly errors: Map<number, number>;
  readonly values: Map<number, number>;
}

/** One presentation; `given` has data inputs, parameters and the target. */
export function interpret(
  { vertices, axons, graph }: Levelled,
  given: ReadonlyMap<string, number>,
  { gamma, last, learns, rate }: Schedule,
): Run {
  const populations = vertices.filter(({ op }) => !isLeaf(op));
  const parameters = vertices.filter(({ op }) => op === 'param');
  const target = get(given, 'target');
  const x = new Map<Vertex, number>();
  const mu = new Map<Vertex, number>();
  const eps = new Map<Vertex, number>();
  /** Inputs as they have reached a population. */
  const seen = new Map<Vertex, number[]>();
  const tracks = new Map<string, Track>();
  const wires = axons.map(
    ({ from, to, slot, delay }): Wire => ({
      from,
      to,
      slot,
      delay,
      errors: new Map(),
      values: new Map(),
    }),
  );

  // The forward sweep leaves every value at its prediction.
  for (const vertex of vertices) {
    if (isLeaf(vertex.op)) {
      x.set(vertex, get(given, vertex.id));
      continue;
    }
    const inputs = vertex.inputs.map((input) => get(x, input));
    seen.set(vertex, inputs);
    mu.set(vertex, forward(vertex, inputs));
    x.set(vertex, get(mu, vertex));
    eps.set(vertex, 0);
    tracks.set(vertex.id, { value: [], prediction: [], error: [] });
  }
  x.set(graph.output, target);
  eps.set(graph.output, get(mu, graph.output) - target);

  for (let t = 0; ; t++) {
    for (const vertex of populations) {
      const track = get(tracks, vertex.id);
      track.value.push(get(x, vertex));
      track.prediction.push(get(mu, vertex));
      track.error.push(get(eps, vertex));
    }

    // Messages are formed from the present, and arrive `delay` ticks later.
    for (const { to, slot, delay, errors } of wires) {
      const slope = derivative(to, get(seen, to), slot);
      errors.set(t + delay, slope * get(eps, to));
    }
    const s = new Map<Vertex, number>();
    for (const { from, errors } of wires) {
      s.set(from, (s.get(from) ?? 0) + (errors.get(t) ?? 0));
    }

    // All that changes is made of the state at t, weights too.
    const next = new Map(x);
    for (const vertex of populations) {
      if (vertex === graph.output) continue;
      const move = get(eps, vertex) - get(s, vertex);
      next.set(vertex, get(x, vertex) + gamma * move);
    }
    if (learns(t)) {
      for (const vertex of parameters) {
        next.set(vertex, get(x, vertex) - rate * get(s, vertex));
      }
    }
    for (const [vertex, value] of next) x.set(vertex, value);
    if (t === last) break;

    // The instant t + 1: new values set out, older ones arrive.
    for (const { from, to, slot, delay, values } of wires) {
      values.set(t + 1 + delay, get(x, from));
      const arriving = values.get(t + 1);
      if (arriving !== undefined) get(seen, to)[slot] = arriving;
    }
    for (const vertex of populations) {
      const before = get(mu, vertex);
      const after = forward(vertex, get(seen, vertex));
      mu.set(vertex, after);
      eps.set(
        vertex,
        vertex === graph.output
          ? after - target
          : (1 - gamma) * get(eps, vertex) +
              gamma * get(s, vertex) +
              (after - before),
      );
    }
  }
  return {
    tracks,
    parameters: new Map(
      parameters.map((vertex) => [vertex.id, get(x, vertex)]),
    ),
  };
}

function isLeaf(op: string): boolean {
  return op === 'input' || op === 'param';
}

function forward({ op, attrs }: Vertex, inputs: readonly number[]): number {
  const [a, b] = inputs;
  switch (op) {
    case 'add':
      return inputs.reduce((sum, input) => sum + input);
    case 'mul':
      return a * b;
    case 'tanh':
      return Math.tanh(a);
    case 'square':
      return a * a;
    case 'scale':
      return Number(attrs.factor) * a;
    case 'identity':
      return a;
    default:
      throw new Error(`no op ${op} here`);
  }
}

/** d forward / d inputs[slot]. */
function derivative(
  { op, attrs }: Vertex,
  inputs: readonly number[],
  slot: number,
): number {
  const [a] = inputs;
  switch (op) {
    case 'add':
    case 'identity':
      return 1;
    case 'mul':
      return inputs[1 - slot];
    case 'tanh':
      return 1 - Math.tanh(a) ** 2;
    case 'square':
      return 2 * a;
    case 'scale':
      return Number(attrs.factor);
    default:
      throw new Error(`no op ${op} here`);
  }
}

function get<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error('nothing is known of a vertex');
  return value;
}
