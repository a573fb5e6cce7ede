/**
 * Salvatori 2022, Table 1: one update of Z-IL against one of BP, with and
 * without the identity vertices (here: delays) that level a graph.
 */

import type { Backend } from '../../backends/backend.ts';
import type { BarsFigure } from '../../figures/figure.ts';
import { type Graph, weightsOf } from '../../graph/graph.ts';
import { delayCost, type Levelled, level } from '../../graph/level.ts';
import { delaysErrors } from '../../proof/ablations.ts';
import { divergence, doesNotFit, gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import {
  column,
  device,
  type RowOf,
  short,
  shortPair,
} from '../../studies/columns.ts';
import { groupsOf, sumOf } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { startOf } from '../instants.ts';
import { chosen, modelByName, modelParameters } from '../models.ts';
import { sharedParameters, withCopies } from './copies.ts';

type Shown = (value: number | null, row: Record<string, unknown>) => string;

/** A distance, and behind it the one over BP's length, of another column. */
const over =
  (key: string): Shown =>
  (value, row) =>
    shortPair(value, row[key] as number | null);

const columns = {
  model: column<string>('model'),
  size: column<'small' | 'paper'>(),
  ...device,
  seed: column(),
  weights: column('weights'),
  /** Highest level, K. */
  levels: column('K'),
  /** Identity vertices that level the graph, on all edges. */
  delays: column('delays'),
  /** Those between populations: the others lead from a shared weight. */
  delaysBetween: column(),
  /** The paper's number for this architecture, levelled and not. */
  paperLevelled: column<number | null>(),
  paperUnlevelled: column<number | null>('paper', short),
  /** Euclidean length of BP's update. */
  bpLength: column<number | null>(),
  /** Distance, the same over BP's length, and weights that differ in a bit. */
  levelledDistance: column<number | null>(
    'levelled',
    (value, row) => `${row.skipped ?? over('levelledRelative')(value, row)}`,
  ),
  levelledRelative: column<number | null>(),
  levelledBits: column<number | null>(),
  unlevelledDistance: column<number | null>(
    'not levelled',
    over('unlevelledRelative'),
  ),
  unlevelledRelative: column<number | null>(),
  unlevelledBits: column<number | null>(),
  copiesDistance: column<number | null>('copies', over('copiesRelative')),
  copiesRelative: column<number | null>(),
  copiesBits: column<number | null>(),
  /** As the theory has it; true where it was not run. */
  holds: column<boolean>(),
  /** Why it was not run. */
  skipped: column<string | null>(),
};

export type Table1Row = RowOf<typeof columns>;

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

export const table1 = study({
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
  parameters: modelParameters(['small']),
  quick: { models: 'mlp,skip,cnn,rnn' },
  full: { models: `small,${PAPER_SIZES.join()}` },
  columns,
  grid: ({ models }, seeds) =>
    product({ seed: seeds, model: chosen(models).map(({ name }) => name) }),
  async measure({ model, seed }, { batch }, { backend }) {
    const { make, size } = modelByName(model);
    const graph = make(batch || undefined);
    const levelled = level(graph);
    const [, paper] = PAPER.find(([names]) => names.test(model)) ?? [];
    const known = {
      ...{ size, ...countsOf(levelled) },
      levels: levelled.depth,
      paperLevelled: paper === undefined ? null : 0,
      paperUnlevelled: paper ?? null,
    };
    try {
      const run = { backend, seed };
      return [{ ...known, ...(await measured(graph, levelled, run)) }];
    } catch (error) {
      const skipped = doesNotFit(error);
      if (skipped === null) throw error;
      return [{ ...known, holds: true, skipped }];
    }
  },
  table: '',
  shown: [
    ...(['model', 'weights', 'levels', 'delays'] as const),
    ...(['levelledDistance', 'unlevelledDistance'] as const),
    ...(['copiesDistance', 'paperUnlevelled'] as const),
  ],
  figures,
  conclude(rows) {
    const run = rows.filter(({ skipped }) => skipped === null);
    const names = (of: (row: Table1Row) => boolean) =>
      run
        .filter(of)
        .map(({ model }) => model)
        .join(', ') || 'none';
    return {
      verdicts: every(
        "models: BP's update if levelled, another if that takes delays",
        run,
        ({ model }) => model,
      ),
      remarks: [
        `Levelled, ${sumOf(run, (row) => row.levelledBits ?? 0)} of ` +
          `${sumOf(run, (row) => row.weights)} weights differ from BP in any bit, ` +
          `over ${run.length} models.`,
        `Levelled by themselves, no delay needed: ${names((r) => r.unlevelledBits === 0)}.`,
        'Levelled but for shared weights: ' +
          `${names((r) => r.unlevelledBits !== 0 && r.copiesBits === 0)}.`,
        `Not levelled by themselves: ${names((r) => r.copiesBits !== 0)}.`,
        ...(rows.every(({ holds }) => holds)
          ? ['The paper has it so too: zero against not zero.']
          : []),
      ],
    };
  },
});

/** One update of Z-IL against BP's: levelled, not levelled, and with copies. */
async function measured(
  graph: Graph,
  levelled: Levelled,
  { backend, seed }: { backend: Backend; seed: number },
) {
  const update = (rule: Rule, of = graph) =>
    gradientsOf(of, { rule, backend, seed });
  const wanted = await update(bp());
  const without = zil({ levelled: false });
  const exact = divergence(await update(zil()), wanted);
  const missed = divergence(await update(without), wanted);
  const mustDiffer = delaysErrors(levelled);
  let copies = { ...missed, mustDiffer };
  if (sharedParameters(levelled).size > 0) {
    const apart = withCopies(graph, await startOf(graph, { backend, seed }));
    const own = await update(without, apart);
    const got = divergence(own, await update(bp(), apart));
    copies = { ...got, mustDiffer: delaysErrors(level(apart)) };
  }
  return {
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
  };
}

function countsOf(levelled: Levelled) {
  const { vertices, axons } = levelled;
  return {
    weights: weightsOf(vertices),
    delays: delayCost(levelled).steps,
    delaysBetween: axons.reduce(
      (n, { from, delay }) => n + (from.isLeaf ? 0 : delay),
      0,
    ),
  };
}

/** Distances over BP's length; the first seed stands for all. */
function figures(rows: readonly Table1Row[]): BarsFigure[] {
  const first = groupsOf(rows, ({ model }) => model)
    .map(([, [row]]) => row)
    .filter(({ skipped }) => skipped === null);
  if (first.length === 0) return [];
  const bars = (name: string, of: (row: Table1Row) => number | null) => ({
    name,
    values: first.map((row) => {
      const value = of(row);
      return value !== null && Number.isFinite(value) ? value : null;
    }),
  });
  return [
    {
      kind: 'bars',
      name: 'table1',
      title: "Distance of Z-IL's update to backpropagation's",
      subtitle: `${first[0].backend}, ${first[0].dtype}, seed ${first[0].seed}`,
      caption:
        "Over the length of BP's update, on a logarithmic axis, so compare the ends of " +
        'bars. Levelled circuits have no bar: 0 in every model, and no bit differs. ' +
        'Look which models need it: chains are at 0 without it, recurrent networks ' +
        'once shared weights are copies, networks with skips are not. Where errors ' +
        'miss each other so far that numbers overflow there is no bar and no 0.',
      groups: first.map(({ model }) => model),
      series: [
        bars('levelled', (row) => row.levelledRelative),
        bars('not levelled', (row) => row.unlevelledRelative),
        bars(
          'not levelled, copies of shared weights',
          (row) => row.copiesRelative,
        ),
      ],
      x: { label: 'model' },
      y: { label: "|update - BP's| / |BP's|", log: true },
    },
  ];
}
