/**
 * Salvatori 2022, Table 1: one update of Z-IL against one of BP, with and
 * without the identity vertices (here: delays) that level a graph.
 */

import type { Backend } from '../../backends/backend.ts';
import type { Graph } from '../../graph/graph.ts';
import { delayCost, type Levelled, level } from '../../graph/level.ts';
import { delaysErrors } from '../../proof/ablations.ts';
import { divergence, doesNotFit, gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { Simulation } from '../../simulation/simulate.ts';
import {
  type Context,
  type Experiment,
  short,
  shortPair,
} from '../../studies/experiment.ts';
import { chosen, modelParameters } from '../models.ts';
import { sharedParameters, withCopies } from './copies.ts';
import { figures } from './table1-figures.ts';

/** Types, not interfaces: a row is a record of cells. */
export type Table1Row = {
  readonly experiment: 'table1';
  readonly model: string;
  readonly size: 'small' | 'paper';
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly weights: number;
  /** Highest level, K. */
  readonly levels: number;
  /** Identity vertices that level the graph, on all edges. */
  readonly delays: number;
  /** Those between populations: the others lead from a shared weight. */
  readonly delaysBetween: number;
  /** Euclidean length of BP's update. */
  readonly bpLength: number | null;
} & Measured<'levelled' | 'unlevelled' | 'copies'> & {
    /** The paper's number for this architecture, levelled. */
    readonly paperLevelled: number | null;
    /** ... and not levelled. */
    readonly paperUnlevelled: number | null;
    /** As the theory has it; true where it was not run. */
    readonly holds: boolean;
    /** Why it was not run. */
    readonly skipped: string | null;
  };

/** Distance, the same over BP's length, and weights that differ in a bit. */
type Measured<Variant extends string> = {
  readonly [K in `${Variant}${'Distance' | 'Relative' | 'Bits'}`]:
    | number
    | null;
};

/** Not levelled; levelled the divergence is 0. */
const PAPER: readonly (readonly [RegExp, number])[] = [
  [/^(mlp|cnn|rnn)/, 0],
  [/^resnet/, 4.53e7],
  [/^(encoder|transformer)/, 7.29e4],
];

const PAPER_SIZES = [
  'mlp-4x128',
  'cnn-millidge',
  'rnn-salvatori',
  'resnet-18',
  'encoder-vaswani',
  'transformer-small',
];

export const table1: Experiment<Table1Row> = {
  name: 'table1',
  title: 'Divergence of one update between BP and Z-IL, by architecture',
  source: 'Salvatori 2022, Table 1',
  about: [
    'Each model learns once from the same data by backpropagation (BP) and by',
    'Z-IL, a circuit that sends errors only from neighbour to neighbour. A',
    'divergence is the Euclidean distance between the two updates over all',
    'weights (learning rate 1, losses summed over the batch); in brackets the',
    "same over the length of BP's update. 0 means: no bit of any weight differs.",
    '  levelled      delays on axons make all errors of a population meet',
    '  not levelled  every delay is 0',
    '  copies        not levelled, but a weight shared by several levels is a',
    '                copy for each, which learns at its own time: the paper',
    '                counts the weights of a recurrent network so',
    '  paper         what the paper prints for the architecture, not levelled',
    '                (its sizes and data are others); levelled it prints 0',
    'overflow: errors that miss each other make the values ring, until they',
    'leave the range of numbers. --full takes about a minute on 2 cores.',
  ],
  paper: [
    'The paper prints 0 for every architecture once it is levelled, and for',
    'networks with skips and for transformers that are not levelled the distances',
    'in the last column. Its models and data are larger; the lengths of updates',
    'differ, zero against not zero is what can be compared.',
  ],
  parameters: modelParameters,
  quick: { models: 'mlp,skip,cnn,rnn' },
  full: { models: `small,${PAPER_SIZES.join()}` },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      chosen(settings).map(({ name, size, make }) => ({
        key: `${name}/${seed}`,
        run: async ({ backend }: Context) => {
          const graph = make(settings.number('batch') || undefined);
          return [await measure({ name, size, graph }, { backend, seed })];
        },
      })),
    ),
  figures,
  sections: (rows) => [
    {
      title: '',
      head: [
        'model',
        'weights',
        'K',
        'delays',
        'levelled',
        'not levelled',
        'copies',
        'paper',
      ],
      rows: rows.map((row) => [
        row.model,
        `${row.weights}`,
        `${row.levels}`,
        `${row.delays}`,
        row.skipped ?? shortPair(row.levelledDistance, row.levelledRelative),
        shortPair(row.unlevelledDistance, row.unlevelledRelative),
        shortPair(row.copiesDistance, row.copiesRelative),
        short(row.paperUnlevelled),
      ]),
    },
  ],
  conclude(rows) {
    const run = rows.filter(({ skipped }) => skipped === null);
    const sum = (key: 'levelledBits' | 'weights') =>
      run.reduce((n, row) => n + (row[key] ?? 0), 0);
    const names = (of: (row: Table1Row) => boolean) =>
      run
        .filter(of)
        .map(({ model }) => model)
        .join(', ') || 'none';
    const holds = rows.every((row) => row.holds);
    return {
      holds,
      lines: [
        `Levelled, ${sum('levelledBits')} of ${sum('weights')} weights differ ` +
          `from BP in any bit, over ${run.length} models.`,
        `Levelled by themselves, no delay needed: ${names((r) => r.unlevelledBits === 0)}.`,
        'Levelled but for shared weights: ' +
          `${names((r) => r.unlevelledBits !== 0 && r.copiesBits === 0)}.`,
        `Not levelled by themselves: ${names((r) => r.copiesBits !== 0)}.`,
        holds
          ? 'As the theory has it, and as the paper has it: zero against not zero.'
          : `NOT as the theory has it: ${names((r) => !r.holds)}.`,
      ],
    };
  },
};

async function measure(
  of: { name: string; size: 'small' | 'paper'; graph: Graph },
  { backend, seed }: { backend: Backend; seed: number },
): Promise<Table1Row> {
  const { name, size, graph } = of;
  const levelled = level(graph);
  const { weights, delays, delaysBetween } = countsOf(levelled);
  const [, paper] = PAPER.find(([names]) => names.test(name)) ?? [];
  const known = {
    experiment: 'table1' as const,
    model: name,
    size,
    backend: backend.name,
    dtype: backend.dtype,
    seed,
    weights,
    levels: levelled.depth,
    delays,
    delaysBetween,
    paperLevelled: paper === undefined ? null : 0,
    paperUnlevelled: paper ?? null,
  };
  const update = (rule: Rule, of = graph) =>
    gradientsOf(of, { rule, backend, seed });
  try {
    const wanted = await update(bp());
    const without = zil({ levelled: false });
    const exact = divergence(await update(zil()), wanted);
    const missed = divergence(await update(without), wanted);
    const mustDiffer = delaysErrors(levelled);
    let copies = { ...missed, mustDiffer };
    if (sharedParameters(levelled).size > 0) {
      const apart = withCopies(graph, await valuesOf(graph, backend, seed));
      const got = divergence(
        await update(without, apart),
        await update(bp(), apart),
      );
      copies = { ...got, mustDiffer: delaysErrors(level(apart)) };
    }
    return {
      ...known,
      bpLength: exact.length,
      levelledDistance: exact.distance,
      levelledRelative: exact.relative,
      levelledBits: exact.differingBits,
      unlevelledDistance: missed.distance,
      unlevelledRelative: missed.relative,
      unlevelledBits: missed.differingBits,
      copiesDistance: copies.distance,
      copiesRelative: copies.relative,
      copiesBits: copies.differingBits,
      holds:
        exact.differingBits === 0 &&
        missed.differingBits > 0 === mustDiffer &&
        copies.differingBits > 0 === copies.mustDiffer,
      skipped: null,
    };
  } catch (error) {
    const skipped = doesNotFit(error);
    if (skipped === null) throw error;
    return { ...known, ...NOT_RUN, holds: true, skipped };
  }
}

/** What the parameters start from. */
async function valuesOf(graph: Graph, backend: Backend, seed: number) {
  const options = { rule: bp(), backend, seed, optimiser: null };
  const simulation = Simulation.open(graph, options);
  try {
    return await simulation.allParameters();
  } finally {
    simulation.destroy();
  }
}

const NOT_RUN = {
  bpLength: null,
  levelledDistance: null,
  levelledRelative: null,
  levelledBits: null,
  unlevelledDistance: null,
  unlevelledRelative: null,
  unlevelledBits: null,
  copiesDistance: null,
  copiesRelative: null,
  copiesBits: null,
} as const;

function countsOf(levelled: Levelled) {
  const { vertices, axons } = levelled;
  return {
    weights: vertices.reduce((n, v) => n + (v.op === 'param' ? v.size : 0), 0),
    delays: delayCost(levelled).steps,
    delaysBetween: axons.reduce(
      (n, { from, delay }) => n + (from.isLeaf ? 0 : delay),
      0,
    ),
  };
}
