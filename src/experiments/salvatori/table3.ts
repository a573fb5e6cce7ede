/**
 * Salvatori 2022, Table 3: each condition of Z-IL's equality dropped alone.
 * For gamma the theory says more than "not zero": with identity vertices in
 * place of delays, the update of a parameter that is read at level l is
 * gamma^l times BP's, and to the bit where gamma is a power of two.
 */

import type { Backend } from '../../backends/backend.ts';
import type { Figure } from '../../figures/figure.ts';
import { type Graph, weightsOf } from '../../graph/graph.ts';
import { delayCost, type Levelled, level } from '../../graph/level.ts';
import {
  type Ablation,
  always,
  halfStep,
  noise,
  tooEarly,
  tooLate,
} from '../../proof/ablations.ts';
import {
  divergence,
  doesNotFit,
  type Gradients,
  gradientsOf,
} from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { zil } from '../../rules/zil.ts';
import {
  column,
  device,
  type RowOf,
  type Section,
  short,
  shortPair,
  shownIn,
} from '../../studies/columns.ts';
import { mostOf, sumOf, unique } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { chosen, modelByName, modelParameters } from '../models.ts';

const columns = {
  model: column<string>('model'),
  ...device,
  seed: column(),
  weights: column(),
  /** The condition that is dropped, or none. */
  condition: column<string>(),
  dropped: column<string>(),
  expected: column<'equal' | 'differs'>(),
  /** For gamma: the least and the greatest gamma^l of its parameters ... */
  leastExpected: column<number | null>('expected', (least, row) =>
    range(least, row.mostExpected as number | null),
  ),
  mostExpected: column<number | null>(),
  /** ... and |update| / |BP's update|, as measured. */
  leastRatio: column<number | null>('measured', (least, row) =>
    range(least, row.mostRatio as number | null),
  ),
  mostRatio: column<number | null>(),
  /** Largest |ratio / gamma^l - 1|. */
  deviation: column<number | null>('off by', short),
  /** Weights that differ in a bit from BP's times gamma^l. */
  scaledBits: column<number | null>(
    'bits off',
    (bits, { note }) => `${bits ?? note ?? '-'}`,
  ),
  /** Levels l at which parameters are read, with the ratio measured. */
  ratios: column<Readonly<Record<string, number>> | null>(
    'l: ratio',
    (ratios) => some(Object.entries(ratios ?? {})),
  ),
  /** Why it must not differ, or why it was not run. */
  note: column<string | null>(),
  /** Euclidean distance to BP's update, and the same over its length. */
  distance: column<number | null>(),
  relative: column<number | null>(),
  differingBits: column<number | null>(),
  holds: column<boolean>(),
};

export type Table3Row = RowOf<typeof columns>;

interface Run {
  readonly backend: Backend;
  readonly seed: number;
}

const ABLATIONS = [noise, halfStep, tooEarly, tooLate, always];
const GAMMA = 0.5;
/** Identity vertices that an explicit form may have: its time grows with them. */
const MOST_IDENTITIES = 20_000;
/** A power of two scales exactly until numbers fall below the normal ones. */
const DEEPEST = { f64: 900, f32: 60 } as const;

const PAPER_SIZES = [
  'mlp-4x128',
  'cnn-millidge',
  'rnn-salvatori',
  'transformer-small',
];

export const table3 = study({
  name: 'table3',
  title: 'Divergence of one update with each condition of Z-IL dropped alone',
  source: 'Salvatori 2022, Table 3',
  about: [
    'Z-IL equals BP to the bit under three conditions. Each is dropped alone,',
    "and the distance of one update to BP's is taken over all weights (in",
    "brackets: over the length of BP's update).",
    '  C1  a run starts without errors            dropped: noise 0.1 on values',
    '  C2  values move by whole steps, gamma = 1  dropped: gamma = 0.5',
    '  C3  a weight learns when its error comes   dropped: at first, last, all t',
    'For gamma there is an exact expectation. Every vertex that an error passes',
    'multiplies it by gamma, so the update of a weight whose reader is l edges',
    "from the output is gamma^l times BP's. Delays are identity vertices here,",
    'which multiply too (--form explicit); a delay of an axon would not.',
    'A power of two scales without rounding: then it holds in every bit.',
    'overflow: the values ring, until they leave the range of numbers.',
    '--full takes about 20 seconds on 2 cores.',
  ],
  paper: [
    'The paper prints 0 where all conditions hold, and for gamma = 0.5 distances',
    'of 8.67e4 to 8.63e16, which one step cannot give: the update shrinks.',
  ],
  parameters: modelParameters(['small']),
  quick: { models: 'mlp,skip,cnn,rnn' },
  full: { models: `small,${PAPER_SIZES.join()}` },
  columns,
  grid: ({ models }, seeds) =>
    product({ seed: seeds, model: chosen(models).map(({ name }) => name) }),
  async measure({ model, seed }, { batch }, { backend }) {
    const graph = modelByName(model).make(batch || undefined);
    const levelled = level(graph);
    const known = {
      weights: weightsOf(levelled.levels.keys()),
      ...{ condition: 'none', dropped: 'nothing', holds: true },
      expected: 'equal' as const,
    };
    let wanted: Gradients;
    try {
      wanted = await gradientsOf(graph, { rule: bp(), backend, seed });
    } catch (error) {
      const note = doesNotFit(error);
      if (note === null) throw error;
      return [{ ...known, note }];
    }
    const exact = await gradientsOf(graph, { rule: zil(), backend, seed });
    const same = distances(exact, wanted);
    const rows: (typeof known & Partial<Table3Row>)[] = [
      { ...known, ...same, holds: same.differingBits === 0 },
    ];
    for (const ablation of ABLATIONS) {
      const { condition, dropped, mustDiffer, otherwise } = ablation;
      const differs = mustDiffer(levelled);
      const row = {
        ...{ ...known, condition, dropped },
        expected: (differs ? 'differs' : 'equal') as 'equal',
        note: differs ? null : otherwise,
      };
      const note = ablation === halfStep ? tooLarge(levelled) : null;
      if (note !== null) {
        rows.push({ ...row, note });
        continue;
      }
      const got = await updateOf(graph, ablation, { backend, seed });
      const found = distances(got, wanted);
      const scaled =
        ablation === halfStep ? scaling(got, wanted, levelled) : null;
      const isExact =
        (scaled?.scaledBits ?? 0) === 0 ||
        levelled.depth > DEEPEST[backend.dtype];
      const holds = found.differingBits > 0 === differs && isExact;
      rows.push({ ...row, ...found, ...scaled, holds });
    }
    return rows;
  },
  tables: (rows) => [
    conditions(rows),
    shownIn(
      columns,
      rows.filter(({ condition }) => condition === 'C2'),
      `gamma = ${GAMMA}: |update| / |BP's update|, parameter by parameter`,
    ),
  ],
  figures,
  conclude(rows) {
    const run = rows.filter(({ distance }) => distance !== null);
    const of = (expected: string) =>
      run.filter((row) => row.expected === expected);
    const kept = run.filter(({ condition }) => condition === 'none');
    const scaled = run.filter(({ scaledBits }) => scaledBits !== null);
    const bits = sumOf(scaled, (row) => row.scaledBits ?? 0);
    const weights = sumOf(scaled, (row) => row.weights);
    const held = rows.every(({ holds }) => holds);
    const nameOf = ({ model, dropped }: Table3Row) =>
      `${model}, ${dropped || 'none'}`;
    return {
      verdicts: [
        ...every("no condition dropped: updates that are BP's", kept, nameOf),
        ...every(
          'one dropped: updates that must differ and do',
          of('differs'),
          nameOf,
        ),
        ...every(
          'one dropped that has nothing to do: updates that are equal',
          of('equal').filter(({ condition }) => condition !== 'none'),
          nameOf,
        ),
      ],
      remarks: [
        'No condition dropped: ' +
          `${sumOf(kept, (row) => row.differingBits ?? 0)} of ` +
          `${sumOf(kept, (row) => row.weights)} weights differ from BP in any bit.`,
        `gamma = ${GAMMA}: ${bits} of ${weights} weights differ ` +
          "in any bit from gamma^l times BP's; the ratio of lengths is off by " +
          `${short(mostOf(scaled, (row) => row.deviation ?? 0))} at most.`,
        'The paper prints 8.67e4 to 8.63e16 for gamma = 0.5. One step cannot give',
        'that: the update shrinks. What the column means, zero against not zero,',
        `is ${held ? 'reproduced' : 'NOT reproduced'}.`,
      ],
    };
  },
});

function updateOf(
  graph: Graph,
  { options }: Ablation,
  run: Run,
): Promise<Gradients> {
  const form = options.gamma === undefined ? 'axonal' : 'explicit';
  return gradientsOf(graph, { ...run, rule: zil(options), form });
}

/** Why the explicit form of a graph is not run, or null. */
export function tooLarge(levelled: Levelled): string | null {
  const { steps } = delayCost(levelled);
  if (steps <= MOST_IDENTITIES) return null;
  return `not run: ${steps} identity vertices, more than ${MOST_IDENTITIES}`;
}

function distances(got: Gradients, wanted: Gradients) {
  const { distance, relative, differingBits } = divergence(got, wanted);
  return { distance, relative, differingBits };
}

/** Parameter by parameter: the update against gamma^l times BP's. */
export function scaling(
  got: Gradients,
  wanted: Gradients,
  { levels }: Levelled,
  gamma = GAMMA,
) {
  const ratios = new Map<number, number>();
  let leastRatio = Number.POSITIVE_INFINITY;
  let mostRatio = 0;
  let deviation = 0;
  let scaledBits = 0;
  const read = [...levels].filter(([{ op }]) => op === 'param');
  for (const [{ id }, own] of read) {
    const l = own - 1;
    const factor = gamma ** l;
    const mine = got.get(id)!;
    const scaled = wanted.get(id)!.map((value) => value * factor);
    const one = new Map([[id, mine]]);
    const { differingBits } = divergence(one, new Map([[id, scaled]]));
    scaledBits += differingBits;
    const zero = new Map([[id, mine.map(() => 0)]]);
    const { length } = divergence(zero, new Map([[id, wanted.get(id)!]]));
    // A parameter that BP leaves as it is has no ratio.
    if (length === 0) continue;
    const ratio = divergence(zero, one).length / length;
    const off = Math.abs(ratio / factor - 1);
    const before = ratios.get(l);
    if (before === undefined || off > Math.abs(before / factor - 1)) {
      ratios.set(l, ratio);
    }
    leastRatio = Math.min(leastRatio, ratio);
    mostRatio = Math.max(mostRatio, ratio);
    deviation = Math.max(deviation, off);
  }
  const expected = [...ratios.keys()].map((l) => gamma ** l);
  const sorted = [...ratios].sort(([a], [b]) => a - b);
  return {
    leastExpected: Math.min(...expected),
    mostExpected: Math.max(...expected),
    leastRatio,
    mostRatio,
    deviation,
    scaledBits,
    ratios: Object.fromEntries(sorted),
  };
}

function conditions(rows: readonly Table3Row[]): Section {
  const dropped = unique(rows.map((row) => row.dropped));
  const models = unique(rows.map(({ model }) => model));
  const cell = (row: Table3Row | undefined) => {
    if (!row) return '-';
    if (row.distance === null || row.relative === null) return row.note ?? '-';
    if (row.distance === 0) return row.note ?? '0';
    return shortPair(row.distance, row.relative);
  };
  return {
    title: "Distance to BP's update",
    head: ['model', ...dropped],
    rows: models.map((model) => [
      model,
      ...dropped.map((each) =>
        cell(rows.find((row) => row.model === model && row.dropped === each)),
      ),
    ]),
  };
}

function range(least: number | null, most: number | null): string {
  if (least === null || most === null) return '-';
  const text = (value: number) => Number(value.toPrecision(6)).toString();
  return least === most ? text(least) : `${text(least)} to ${text(most)}`;
}

/** The first levels; all of them are in the JSON rows. */
function some(levels: readonly (readonly [string, number])[]): string {
  const shown = levels
    .slice(0, 4)
    .map(([l, ratio]) => `${l}: ${Number(ratio.toPrecision(6))}`);
  return shown.join(', ') + (levels.length > 4 ? ', ...' : '');
}

/** The first seed stands for all. */
function figures(all: readonly Table3Row[]): Figure[] {
  const rows = all.filter(({ seed }) => seed === all[0]?.seed);
  const measured = rows.filter(({ distance }) => distance !== null);
  if (measured.length === 0) return [];
  const scaled = measured.filter(({ ratios }) => ratios !== null);
  return [heat(measured), ...(scaled.length > 0 ? [byLevel(scaled)] : [])];
}

/** Over the conditions, as the table: bars of 40 decades tell nothing. */
function heat(rows: readonly Table3Row[]): Figure {
  const models = unique(rows.map(({ model }) => model));
  const dropped = unique(rows.map((row) => row.dropped));
  return {
    kind: 'heat',
    name: 'table3',
    title: "Distance to backpropagation's update, a condition dropped",
    subtitle: `${rows[0].backend}, ${rows[0].dtype}, seed ${rows[0].seed}`,
    caption:
      "Over the length of BP's update. Look at the first column: 0 in every model, " +
      'nothing being dropped. 1 is as far as no update at all. Other zeros are ' +
      'conditions that have nothing to do in a model, and its table says why. A cell ' +
      'without a number rang until it left the range of numbers.',
    x: { label: 'condition that is dropped', places: dropped },
    y: { label: 'model', places: models },
    values: models.map((model) =>
      dropped.map((name) => {
        const row = rows.find((r) => r.model === model && r.dropped === name);
        const value = row?.relative ?? null;
        return value !== null && Number.isFinite(value) ? value : null;
      }),
    ),
    scale: { label: "|update - BP's| / |BP's|", log: true },
  };
}

/** Every level's worst ratio, by model. */
function byLevel(rows: readonly Table3Row[]): Figure {
  const points = rows.map(({ model, ratios }) => ({
    model,
    levels: Object.entries(ratios!)
      .map(([l, ratio]) => [Number(l), ratio] as const)
      .filter(([, ratio]) => ratio > 0)
      .sort(([a], [b]) => a - b),
  }));
  const gamma = GAMMA;
  const deepest = mostOf(
    points.flatMap(({ levels }) => levels),
    ([l]) => l,
  );
  const all = Array.from({ length: deepest + 1 }, (_, l) => l);
  return {
    kind: 'lines',
    name: 'table3-gamma',
    title: `gamma = ${gamma}: length of an update over that of BP's`,
    subtitle: 'Line: theory. Points: parameters, by the level that reads them.',
    caption:
      'Every vertex on the way multiplies an error by gamma, so a parameter that is ' +
      'read l edges from the output learns gamma^l of what backpropagation teaches. ' +
      'Look for points off the line: each is the parameter of its model and level ' +
      'that is farthest off. Many lie on each other.',
    lines: [
      { name: 'gamma^l', xs: all, ys: all.map((l) => gamma ** l) },
      ...points.map(({ model, levels }) => ({
        name: model,
        xs: levels.map(([l]) => l),
        ys: levels.map(([, ratio]) => ratio),
        style: 'points' as const,
      })),
    ],
    x: { label: 'level l of the reader (edges from the output)' },
    y: { label: "|update| / |BP's update|", log: true },
  };
}
