import { type OnBackend, withBackend } from '../backends/open.ts';
import { differing } from '../base/compare.ts';
import { FormatError, OptionError } from '../base/errors.ts';
import { Random, seed } from '../base/random.ts';
import { Schema } from '../base/schema.ts';
import {
  type FloatArray,
  sameShape,
  shapeText,
  type Tensor,
} from '../base/tensor.ts';
import {
  type Graph,
  indexBound,
  inputsOf,
  parametersOf,
} from '../graph/graph.ts';
import { graphFromJson, object, tensor } from '../graph/json.ts';
import type { DelayForm } from '../graph/level.ts';
import { bp } from '../rules/bp.ts';
import type { Rule } from '../rules/rule.ts';
import type { Mode } from '../simulation/record.ts';
import { type Feeds, Simulation } from '../simulation/simulate.ts';

/** What an update is checked on: a graph, and answers where there are some. */
export interface CheckCase {
  /** Its name in results. */
  readonly name: string;
  /** The graph, which may carry data, initial parameters and a target. */
  readonly graph: Graph;
  /** Gradients of another framework, by parameter. */
  readonly oracle?: ReadonlyMap<string, Tensor>;
}

/**
 * What the theory says of an update: it is BP's to the bit, it is not, or
 * neither is promised.
 */
export type Expected = 'equal' | 'differs' | 'open';

/** What came of one case under one rule on one backend. */
export interface CheckRow {
  /** Name of the case. */
  readonly case: string;
  /** Name of the rule. */
  readonly rule: string;
  /** Name of the backend. */
  readonly backend: 'cpu' | 'webgpu';
  /** Its number format. */
  readonly dtype: 'f32' | 'f64';
  /** Elements of all parameters. */
  readonly elements: number;
  /** Elements whose bits differ from BP's; +0 and -0 count as equal. */
  readonly differingBits: number;
  /** Distance to BP over BP's length, over all parameters. */
  readonly relToBp: number;
  /** The same to the oracle; null without one. */
  readonly relToOracle: number | null;
  /** What the rule claims, or what was asked for. */
  readonly expected: Expected;
  /** Whether the bits are as expected, and the oracle is near. */
  readonly pass: boolean;
}

/** Gradients of one presentation, by parameter. */
export type Gradients = ReadonlyMap<string, FloatArray>;

/** How far one update is from another. */
export interface Divergence {
  readonly elements: number;
  /** Elements that differ in a bit. */
  readonly differingBits: number;
  /** Euclidean distance over all elements. */
  readonly distance: number;
  /** Euclidean length of the second. */
  readonly length: number;
  /** Distance over that length; the distance where it is 0. */
  readonly relative: number;
}

/** How one presentation is run. */
export interface RunOptions extends OnBackend {
  readonly rule: Rule;
  /** For initial parameters, noise and data that did not come. Default 1. */
  readonly seed?: number;
  readonly mode?: Mode;
  readonly form?: DelayForm;
}

/** Farthest from an oracle that an exact rule may be. */
export const ORACLE_TOLERANCE = { f64: 1e-12, f32: 5e-5 } as const;

/** Reads a case from parsed JSON: a graph, or an oracle with gradients. */
export function caseFromJson(value: unknown, source: string): CheckCase {
  const graph = graphFromJson(value, source);
  const file = object(value, source);
  const name = typeof file.name === 'string' ? file.name : source;
  if (file.gradients === undefined) return { name, graph };
  const gradients = object(file.gradients, `${source}: gradients`);
  checkAnswerable(graph, source, Object.keys(gradients));
  const oracle = new Map<string, Tensor>();
  for (const { id, shape } of parametersOf(graph)) {
    const gradient = tensor(gradients[id], `${source}: gradient of "${id}"`);
    if (!sameShape(gradient.shape, shape)) {
      throw new FormatError(
        `${source}: gradient of "${id}" has shape ${shapeText(gradient.shape)} ` +
          `but the parameter has ${shapeText(shape)}`,
        { source, id, gradient: gradient.shape, parameter: shape },
      );
    }
    oracle.set(id, gradient);
  }
  return { name, graph, oracle };
}

/**
 * An oracle is of given values: what is drawn from a seed has other gradients.
 * Gradients of inputs may stand beside those of parameters. Throws FormatError.
 */
function checkAnswerable(
  graph: Graph,
  source: string,
  names: readonly string[],
): void {
  for (const { id } of inputsOf(graph)) checkGiven(graph.data.has(id), id);
  for (const { id } of parametersOf(graph)) {
    checkGiven(graph.inits.get(id)?.kind === 'values', id);
  }
  checkGiven(graph.data.has('target'), 'target');
  for (const name of names) {
    if (graph.vertices.some(({ id }) => id === name)) continue;
    throw new FormatError(
      `${source}: there is a gradient of "${name}" but no such vertex: remove it`,
      { source, name },
    );
  }

  function checkGiven(given: boolean, id: string): void {
    if (given) return;
    throw new FormatError(
      `${source}: there are gradients but no data of "${id}": an oracle needs ` +
        'the values that it was computed from',
      { source, id },
    );
  }
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
      ? oneHot(size, shape[shape.length - 1]!, seed)
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

/**
 * Compares one update of a rule with BP's on the same backend, bit by bit, and
 * with the oracle of the case where there is one. Throws OptionError.
 */
export async function check(
  { name, graph, oracle }: CheckCase,
  options: RunOptions & {
    /** What the update must be. Default what the rule claims. */
    expected?: Expected;
    /** BP's gradients, where they are known already: they are not run again. */
    reference?: Gradients;
  },
): Promise<CheckRow> {
  const { rule, expected = rule.exact ? 'equal' : 'open' } = options;
  return withBackend(options, async (backend) => {
    const run = { ...options, backend };
    const reference =
      options.reference ?? (await gradientsOf(graph, { ...run, rule: bp() }));
    const got = await gradientsOf(graph, run);
    const { elements, differingBits, relative } = divergence(got, reference);
    const relToOracle = oracle
      ? apart(
          [...reference.keys()].map((id) => [
            got.get(id)!,
            oracle.get(id)!.data,
          ]),
        ).relative
      : null;
    const near =
      relToOracle === null || relToOracle <= ORACLE_TOLERANCE[backend.dtype];
    return {
      case: name,
      rule: rule.name,
      backend: backend.name,
      dtype: backend.dtype,
      elements,
      differingBits,
      relToBp: relative,
      relToOracle,
      expected,
      pass:
        expected === 'open' ||
        (expected === 'equal'
          ? differingBits === 0 && near
          : differingBits > 0),
    };
  });
}

const seeded = new Schema('check', { seed });

/** What one presentation of a graph's data teaches its parameters. */
export async function gradientsOf(
  graph: Graph,
  options: RunOptions,
): Promise<Gradients> {
  const { rule, mode, form } = options;
  const { seed } = seeded.read({ seed: options.seed });
  return withBackend(options, async (backend) => {
    const simulation = Simulation.open(graph, {
      ...{ rule, backend, seed, optimiser: null, mode },
      form: rule.name === 'bp' ? 'axonal' : form,
    });
    try {
      await simulation.submit(feedsFor(graph, seed));
      return await simulation.gradients();
    } finally {
      simulation.destroy();
    }
  });
}

/** How far an update is from BP's, over all parameters. */
export function divergence(got: Gradients, from: Gradients): Divergence {
  return apart([...from].map(([id, values]) => [got.get(id)!, values]));
}

/**
 * Why a graph cannot be run on a backend: its tensors exceed the adapter's
 * limits. Null for every other error.
 */
export function doesNotFit(error: unknown): string | null {
  if (!(error instanceof OptionError)) return null;
  const { bytes, most } = error.data;
  if (typeof bytes !== 'number' || typeof most !== 'number') return null;
  const mega = (n: number) => `${Math.round(n / 1e6)} MB`;
  return (
    `does not fit: a tensor of ${mega(bytes)}, and the adapter binds ` +
    `at most ${mega(most)}`
  );
}

function apart(
  pairs: readonly (readonly [ArrayLike<number>, ArrayLike<number>])[],
): Divergence {
  let elements = 0;
  let differingBits = 0;
  let distance = 0;
  let length = 0;
  for (const [a, b] of pairs) {
    elements += a.length;
    differingBits += differing(a, b);
    for (let i = 0; i < a.length; i++) {
      distance += (a[i]! - b[i]!) ** 2;
      length += b[i]! ** 2;
    }
  }
  distance = Math.sqrt(distance);
  length = Math.sqrt(length);
  const relative = length > 0 ? distance / length : distance;
  return { elements, differingBits, distance, length, relative };
}
