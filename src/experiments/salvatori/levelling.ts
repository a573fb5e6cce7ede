/**
 * Salvatori 2022, Figures 3 and 4: graphs before and after identity vertices
 * make all their paths equally long, with both forms of delays.
 */

import type { Backend } from '../../backends/backend.ts';
import type { DType } from '../../base/tensor.ts';
import {
  type DelayForm,
  delayCost,
  type Levelling,
  level,
} from '../../graph/level.ts';
import {
  divergence,
  feedsFor,
  type Gradients,
  gradientsOf,
} from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { zil } from '../../rules/zil.ts';
import { Simulation } from '../../simulation/simulate.ts';
import {
  type Context,
  type Experiment,
  short,
} from '../../studies/experiment.ts';
import { figuresOf } from './levelling-figures.ts';
import {
  type Drawn,
  drawn,
  drawnByName,
  VARIANTS,
  type Variant,
} from './levelling-graphs.ts';
import { unequalPaths } from './levelling-paths.ts';

export type LevellingRow = {
  readonly experiment: 'levelling';
  readonly graph: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly levelling: Levelling;
  readonly form: DelayForm;
  /** Highest level, K, and what it must be. */
  readonly levels: number;
  readonly expectedLevels: number;
  /** Populations and parameters, identity vertices included. */
  readonly vertices: number;
  /** Identity vertices of the explicit form. */
  readonly identities: number;
  /** Steps that axons delay, over all of them, and what that must be. */
  readonly delaySteps: number;
  /** By hand for the longest paths; null: not known by hand. */
  readonly expectedSteps: number | null;
  /** Numbers that wait at once: steps times size of what is delayed. */
  readonly delayElements: number;
  /** Vertices from which paths of several lengths lead to the output. */
  readonly unequal: number;
  readonly weights: number;
  /** Weights whose Z-IL update differs from BP's in any bit. */
  readonly differingBits: number;
  /** dE/dz3, where the graph has a z3, and what theory says of it. */
  readonly measured: number | null;
  readonly expected: number | null;
  readonly holds: boolean;
};

/** Of a gradient of some ten products and sums, over their size. */
const TOLERANCE = { f64: 1e-14, f32: 1e-5 } as const;

export const levelling: Experiment<LevellingRow> = {
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
    graphs: {
      value: drawn.map(({ name }) => name),
      help: 'graphs',
      from: 'chosen',
      oneOf: drawn.map(({ name }) => name),
    },
  },
  quick: {},
  full: {},
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      settings.texts('graphs').map((name) => ({
        key: `${name}/${seed}`,
        run: (context: Context) => measure(drawnByName(name), seed, context),
      })),
    ),
  sections: (rows) => [
    {
      title: '',
      head: [
        'graph',
        'levelling',
        'form',
        'K',
        'vertices',
        'identities',
        'delay steps',
        'numbers waiting',
        'unequal paths',
        'bits off BP',
        'dE/dz3 (expected)',
      ],
      rows: rows.map((row) => [
        row.graph,
        row.levelling,
        row.form,
        `${row.levels}`,
        `${row.vertices}`,
        `${row.identities}`,
        `${row.delaySteps}`,
        `${row.delayElements}`,
        `${row.unequal}`,
        `${row.differingBits} of ${row.weights}`,
        row.measured === null
          ? '-'
          : `${short(row.measured)} (${short(row.expected)})`,
      ]),
    },
  ],
  figures: (rows) =>
    drawn
      .filter(({ name }) => rows.some(({ graph }) => graph === name))
      .flatMap(figuresOf),
  conclude(rows) {
    const wrong = rows.filter(({ holds }) => !holds);
    const levelled = rows.filter((row) => row.levelling !== 'none');
    const exact = levelled.filter(({ differingBits }) => differingBits === 0);
    const before = rows.filter((row) => row.levelling === 'none');
    const apart = before.filter(({ differingBits }) => differingBits > 0);
    const known = rows.filter(({ expected }) => expected !== null);
    const off = known.map((row) => Math.abs(row.measured! - row.expected!));
    return {
      holds: wrong.length === 0,
      lines: [
        `Levelled, in ${exact.length} of ${levelled.length} forms no weight differs ` +
          "from BP's update in any bit.",
        `Not levelled, ${apart.length} of ${before.length} graphs miss it.`,
        `dE/dz3 is what theory gives in ${known.length} cases, off by ` +
          `${short(Math.max(0, ...off))} at most.`,
        ...wrong.map(
          (row) =>
            `NOT as the theory has it: ${row.graph}, ${row.levelling}, ${row.form}.`,
        ),
      ],
    };
  },
};

async function measure(
  { name, graph, expected }: Drawn,
  seed: number,
  { backend, signal }: Context,
): Promise<LevellingRow[]> {
  const wanted = await gradientsOf(graph, { rule: bp(), backend, seed });
  const rows: LevellingRow[] = [];
  for (const variant of VARIANTS) {
    signal.throwIfAborted();
    const levelled = level(graph, variant);
    const got = await updateOf({ name, graph }, variant, { backend, seed });
    const { differingBits } = divergence(got, wanted);
    const isLevelled = variant.levelling !== 'none';
    const { steps, elements } = delayCost(
      level(graph, { ...variant, form: 'axonal' }),
    );
    const unequal = unequalPaths(levelled);
    const byHand = variant.levelling === 'longest-path';
    const expectedSteps = byHand ? expected.identities : isLevelled ? null : 0;
    const scalar = gradientOfZ3(name, isLevelled);
    const measured = scalar === null ? null : got.get('z3')![0];
    const near =
      scalar === null ||
      Math.abs(measured! - scalar.value) <=
        TOLERANCE[backend.dtype as DType] * scalar.size;
    rows.push({
      experiment: 'levelling',
      graph: name,
      backend: backend.name,
      dtype: backend.dtype,
      seed,
      ...variant,
      levels: levelled.depth,
      expectedLevels: expected.levels,
      vertices: levelled.vertices.filter(({ op }) => op !== 'input').length,
      identities: levelled.vertices.length - level(graph).vertices.length,
      delaySteps: steps,
      expectedSteps,
      delayElements: elements,
      unequal,
      weights: [...wanted.values()].reduce((n, { length }) => n + length, 0),
      differingBits,
      measured,
      expected: scalar?.value ?? null,
      holds:
        levelled.depth === expected.levels &&
        (expectedSteps === null || steps === expectedSteps) &&
        unequal > 0 === !isLevelled &&
        differingBits > 0 === !isLevelled &&
        near,
    });
  }
  return rows;
}

async function updateOf(
  { graph }: Pick<Drawn, 'name' | 'graph'>,
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
