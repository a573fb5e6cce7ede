/**
 * Salvatori 2022, Figures 3 and 4: graphs before and after identity vertices
 * make all their paths equally long, with both forms of delays.
 */

import type { Backend } from '../../backends/backend.ts';
import type { DType } from '../../base/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import {
  type DelayForm,
  delayCost,
  type Levelled,
  type Levelling,
  level,
} from '../../graph/level.ts';
import type { Vertex } from '../../graph/vertex.ts';
import {
  divergence,
  feedsFor,
  type Gradients,
  gradientsOf,
} from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { zil } from '../../rules/zil.ts';
import { Simulation } from '../../simulation/simulate.ts';
import { column, device, type RowOf, short } from '../../studies/columns.ts';
import { choices } from '../../studies/parameters.ts';
import { mostOf } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { figuresOf } from './levelling-figures.ts';
import {
  drawn,
  drawnByName,
  VARIANTS,
  type Variant,
} from './levelling-graphs.ts';

const columns = {
  graph: column<string>('graph'),
  ...device,
  seed: column(),
  levelling: column<Levelling>('levelling'),
  form: column<DelayForm>('form'),
  /** Highest level, K, and what it must be. */
  levels: column('K'),
  expectedLevels: column(),
  /** Populations and parameters, identity vertices included. */
  vertices: column('vertices'),
  /** Identity vertices of the explicit form. */
  identities: column('identities'),
  /** Steps that axons delay, over all of them, and what that must be. */
  delaySteps: column('delay steps'),
  /** By hand for the longest paths; null: not known by hand. */
  expectedSteps: column<number | null>(),
  /** Numbers that wait at once: steps times size of what is delayed. */
  delayElements: column('numbers waiting'),
  /** Vertices from which paths of several lengths lead to the output. */
  unequal: column('unequal paths'),
  weights: column(),
  /** Weights whose Z-IL update differs from BP's in any bit. */
  differingBits: column(
    'bits off BP',
    (bits, { weights }) => `${bits} of ${weights}`,
  ),
  /** dE/dz3, where the graph has a z3, and what theory says of it. */
  measured: column<number | null>('dE/dz3 (expected)', (measured, row) =>
    measured === null
      ? '-'
      : `${short(measured)} (${short(row.expected as number)})`,
  ),
  expected: column<number | null>(),
  holds: column<boolean>(),
};

export type LevellingRow = RowOf<typeof columns>;

/** Of a gradient of some ten products and sums, over their size. */
const TOLERANCE = { f64: 1e-14, f32: 1e-5 } as const;

export const levelling = study({
  name: 'levelling',
  title: 'Graphs before and after identity vertices',
  source: 'Salvatori 2022, Figures 3 and 4',
  about: [
    'An error takes a step for each edge it passes. Where two paths of different',
    'length lead from the output to a vertex its errors come at different times, and',
    'a weight that learns when one comes misses the other. Identity vertices on the',
    'short path, or delays of its axon, make them meet: the graph is levelled.',
    '  none          levels by longest paths, no delays',
    '  longest-path  each vertex as near to the output as can be',
    '  least-delay   as many levels, with the least memory for what waits',
    'Each delay is one identity vertex in the explicit form (a population of its own)',
    'and one step of an axon in the axonal form. Both must teach what BP does, to the',
    'bit. For G = s z3 + s z3 z2 z1 theory knows the gradient of z3 besides:',
    "e0 s (z1 z2 + 1) is BP's and the levelled circuit's, with e0 the output error;",
    'not levelled it is e0 s (z1 z2 - z1^2 - z2^2), where z1 b + a is one vertex.',
  ],
  paper: [
    'The paper draws the residual example and its levelled form with one identity',
    'vertex, and an algorithm that levels any graph. Printed, that algorithm counts',
    'by least distances and levels few graphs; longest paths level all, and are used',
    'here. Its Eq. 12 gives the share of the long path alone, e0 s z1 z2; the strict',
    'dynamics give the value above, since the own error of the output has moved on.',
    'The skip network and the transformer block are ours.',
  ],
  parameters: {
    graphs: choices(
      drawn.map(({ name }) => name),
      'graphs',
    ),
  },
  columns,
  grid: ({ graphs }, seeds) => product({ seed: seeds, graph: graphs }),
  async measure({ graph: name, seed }, _, { backend, signal }) {
    const { graph, expected } = drawnByName(name);
    const wanted = await gradientsOf(graph, { rule: bp(), backend, seed });
    const rows = [];
    for (const variant of VARIANTS) {
      signal.throwIfAborted();
      const levelled = level(graph, variant);
      const got = await updateOf(graph, variant, { backend, seed });
      const { differingBits, elements } = divergence(got, wanted);
      const isLevelled = variant.levelling !== 'none';
      const delays = delayCost(level(graph, { ...variant, form: 'axonal' }));
      const unequal = unequalPaths(levelled);
      const byHand = variant.levelling === 'longest-path';
      const expectedSteps = byHand
        ? expected.identities
        : isLevelled
          ? null
          : 0;
      const scalar = gradientOfZ3(name, isLevelled);
      const measured = scalar === null ? null : got.get('z3')![0];
      const near =
        scalar === null ||
        Math.abs(measured! - scalar.value) <=
          TOLERANCE[backend.dtype as DType] * scalar.size;
      rows.push({
        ...variant,
        levels: levelled.depth,
        expectedLevels: expected.levels,
        vertices: levelled.vertices.filter(({ op }) => op !== 'input').length,
        identities: levelled.vertices.length - level(graph).vertices.length,
        ...{ delaySteps: delays.steps, expectedSteps },
        delayElements: delays.elements,
        ...{ unequal, weights: elements, differingBits, measured },
        expected: scalar?.value ?? null,
        holds:
          levelled.depth === expected.levels &&
          (expectedSteps === null || delays.steps === expectedSteps) &&
          unequal > 0 === !isLevelled &&
          differingBits > 0 === !isLevelled &&
          near,
      });
    }
    return rows;
  },
  table: '',
  figures: (rows) =>
    drawn
      .filter(({ name }) => rows.some(({ graph }) => graph === name))
      .flatMap(figuresOf),
  conclude(rows) {
    const known = rows.filter(({ expected }) => expected !== null);
    const off = mostOf(known, (row) => Math.abs(row.measured! - row.expected!));
    const of = (isLevelled: boolean) =>
      rows.filter((row) => (row.levelling !== 'none') === isLevelled);
    const nameOf = ({ graph, levelling, form }: LevellingRow) =>
      `${graph}, ${levelling}, ${form}`;
    return {
      verdicts: [
        ...every(
          "levelled: graphs whose update is BP's in every bit",
          of(true),
          nameOf,
        ),
        ...every('not levelled: graphs that miss it', of(false), nameOf),
      ],
      remarks: [
        `dE/dz3 is what theory gives in ${known.length} cases, off by ` +
          `${short(off)} at most.`,
      ],
    };
  },
});

async function updateOf(
  graph: Graph,
  { levelling, form }: Variant,
  { backend, seed }: { backend: Backend; seed: number },
): Promise<Gradients> {
  const options = { backend, seed, optimiser: null, form };
  const simulation =
    levelling === 'none'
      ? Simulation.open(graph, { ...options, rule: zil({ levelled: false }) })
      : Simulation.open(graph, { ...options, rule: zil(), levelling });
  try {
    await simulation.submit(feedsFor(graph, seed));
    return await simulation.gradients();
  } finally {
    simulation.destroy();
  }
}

/** dE/dz3 of the residual example by hand, and the size of its terms. */
function gradientOfZ3(name: string, isLevelled: boolean) {
  const { s, z1, z2, z3, target } = RESIDUAL;
  const a = s * z3;
  const e0 = z1 * z2 * a + a - target;
  const size = Math.abs(e0 * s) * (1 + z1 ** 2 + z2 ** 2);
  if (isLevelled && name.startsWith('residual')) {
    return { value: e0 * s * (z1 * z2 + 1), size };
  }
  if (name !== 'residual') return null;
  return { value: e0 * s * (z1 * z2 - z1 ** 2 - z2 ** 2), size };
}

/** As models/toys.ts has them. */
const RESIDUAL = { s: 1.6, z1: 0.7, z2: -1.3, z3: 0.9, target: 0.4 };

/**
 * Vertices from which paths of several lengths lead to the output, in steps:
 * an edge takes one, and its delay more. None: the graph is levelled. Counted
 * along the paths themselves, knowing nothing of levels.
 */
export function unequalPaths({ vertices, axons, graph }: Levelled): number {
  const output = vertices.find(({ id }) => id === graph.output.id)!;
  const lengths = new Map<Vertex, Set<number>>([[output, new Set([0])]]);
  for (const from of [...vertices].reverse()) {
    for (const axon of axons) {
      if (axon.from !== from || from.op === 'input') continue;
      const own = lengths.get(from) ?? new Set();
      for (const after of lengths.get(axon.to) ?? []) {
        own.add(after + 1 + axon.delay);
      }
      lengths.set(from, own);
    }
  }
  return [...lengths.values()].filter(({ size }) => size > 1).length;
}
