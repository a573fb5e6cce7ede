/**
 * Compares one update of a rule with BP on the same backend, bit by bit, and
 * with an oracle of another framework where there is one.
 */

import type { Backend } from './backends/backend.ts';
import { FormatError } from './errors.ts';
import { type Graph, indexBound, inputsOf, parametersOf } from './graph.ts';
import { graphFromJson, object, tensor } from './graph-json.ts';
import type { DelayForm } from './level.ts';
import { Random } from './random.ts';
import type { Mode } from './record.ts';
import { bp } from './rules/bp.ts';
import type { Rule } from './rules/rule.ts';
import { type Feeds, Simulation } from './simulate.ts';
import { sameShape, shapeText, type Tensor } from './tensor.ts';

export interface CheckCase {
  readonly name: string;
  readonly graph: Graph;
  /** Gradients of another framework, by parameter. */
  readonly oracle?: ReadonlyMap<string, Tensor>;
}

export interface CheckRow {
  readonly case: string;
  readonly rule: string;
  readonly backend: 'cpu' | 'webgpu';
  readonly dtype: 'f32' | 'f64';
  /** Elements of all parameters. */
  readonly elements: number;
  /** Elements whose bits differ from BP's; +0 and -0 count as equal. */
  readonly differingBits: number;
  /** Distance to BP over BP's length, over all parameters. */
  readonly relToBp: number;
  /** The same to the oracle; null without one. */
  readonly relToOracle: number | null;
  readonly pass: boolean;
}

/** Farthest from an oracle that an exact rule may be. */
export const ORACLE_TOLERANCE = { f64: 1e-12, f32: 2e-5 } as const;

/** Reads a case from parsed JSON: a graph, or an oracle with gradients. */
export function caseFromJson(value: unknown, source: string): CheckCase {
  const graph = graphFromJson(value, source);
  const file = object(value, source);
  const name = typeof file.name === 'string' ? file.name : source;
  if (file.gradients === undefined) return { name, graph };
  const gradients = object(file.gradients, `${source}: gradients`);
  const oracle = new Map<string, Tensor>();
  for (const { id, shape } of parametersOf(graph)) {
    const gradient = tensor(gradients[id], `${source}: gradient of "${id}"`);
    if (!sameShape(gradient.shape, shape)) {
      throw new FormatError(
        `${source}: gradient of "${id}" has shape ${shapeText(gradient.shape)} ` +
          `but the parameter has ${shapeText(shape)}`,
      );
    }
    oracle.set(id, gradient);
  }
  return { name, graph, oracle };
}

/** Data for a graph: what came with it, else drawn from the seed. */
export function feedsFor(graph: Graph, seed: number): Feeds {
  const feeds: Record<string, ArrayLike<number>> = {};
  for (const { id, size } of inputsOf(graph)) {
    const below = indexBound(graph, id);
    feeds[id] =
      graph.data.get(id)?.data ??
      (below === null
        ? normals(size, seed, id)
        : wholeNumbers(size, below, seed, id));
  }
  const { size, shape } = graph.output;
  feeds.target =
    graph.data.get('target')?.data ??
    (graph.loss.kind === 'softmax_xent'
      ? oneHot(size, shape[shape.length - 1], seed)
      : normals(size, seed, 'target'));
  return feeds;
}

function normals(size: number, seed: number, name: string): Float32Array {
  const random = new Random(seed, `data/${name}`);
  return Float32Array.from({ length: size }, () => random.normal());
}

function wholeNumbers(
  size: number,
  below: number,
  seed: number,
  name: string,
): Float32Array {
  const random = new Random(seed, `data/${name}`);
  return Float32Array.from({ length: size }, () => random.below(below));
}

function oneHot(size: number, classes: number, seed: number): Float32Array {
  const random = new Random(seed, 'data/target');
  const target = new Float32Array(size);
  for (let row = 0; row < size; row += classes) {
    target[row + random.below(classes)] = 1;
  }
  return target;
}

/** One case under one rule on one backend. */
export async function check(
  { name, graph, oracle }: CheckCase,
  options: {
    rule: Rule;
    backend: Backend;
    seed?: number;
    mode?: Mode;
    form?: DelayForm;
  },
): Promise<CheckRow> {
  const { rule, backend, seed = 0, mode, form } = options;
  const feeds = feedsFor(graph, seed);
  const gradients = async (of: Rule) => {
    const simulation = Simulation.open(graph, {
      rule: of,
      backend,
      seed,
      optimiser: null,
      mode,
      form: of.name === 'bp' ? 'axonal' : form,
    });
    try {
      await simulation.submit(feeds);
      return await simulation.gradients();
    } finally {
      simulation.destroy();
    }
  };
  const expected = await gradients(bp());
  const got = await gradients(rule);
  const ids = [...expected.keys()];
  const pairs = ids.map((id) => [got.get(id)!, expected.get(id)!] as const);
  const differingBits = pairs.reduce((n, [a, b]) => n + differing(a, b), 0);
  const relToOracle = oracle
    ? distance(ids.map((id) => [got.get(id)!, oracle.get(id)!.data]))
    : null;
  const near =
    relToOracle === null || relToOracle <= ORACLE_TOLERANCE[backend.dtype];
  return {
    case: name,
    rule: rule.name,
    backend: backend.name,
    dtype: backend.dtype,
    elements: pairs.reduce((n, [a]) => n + a.length, 0),
    differingBits,
    relToBp: distance(pairs),
    relToOracle,
    pass: !rule.exact || (differingBits === 0 && near),
  };
}

/**
 * Elements that differ in a bit. +0 = -0; what is not finite is a failure and
 * counts as differing.
 */
export function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] || !Number.isFinite(a[i])) count += 1;
  }
  return count;
}

/** |a - b| / |b| over all pairs; |a - b| where b is 0. */
function distance(
  pairs: readonly (readonly [ArrayLike<number>, ArrayLike<number>])[],
): number {
  let apart = 0;
  let length = 0;
  for (const [a, b] of pairs) {
    for (let i = 0; i < a.length; i++) {
      apart += (a[i] - b[i]) ** 2;
      length += b[i] ** 2;
    }
  }
  return length > 0 ? Math.sqrt(apart / length) : Math.sqrt(apart);
}
