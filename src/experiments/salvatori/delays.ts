/**
 * Salvatori 2022, supplement: how many identity vertices level a model, and
 * how much memory delays take, as populations of their own or on axons.
 */

import { models } from '../../../models/index.ts';
import type { BarsFigure, Figure, LinesFigure } from '../../figures/figure.ts';
import { weightsOf } from '../../graph/graph.ts';
import { type DelayForm, delayCost, level } from '../../graph/level.ts';
import { bp } from '../../rules/bp.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { Simulation } from '../../simulation/simulate.ts';
import { column, device, type RowOf, shownIn } from '../../studies/columns.ts';
import { counts } from '../../studies/parameters.ts';
import { mostOf, sumOf } from '../../studies/rows.ts';
import { study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { chosen, modelByName, modelParameters } from '../models.ts';
import { type Series, series } from './delay-series.ts';
import { fitPower } from './fit-power.ts';

/** Identity vertices that an explicit form may have to be compiled. */
const MOST_IDENTITIES = 20_000;

const kib = (bytes: number | null) =>
  bytes === null ? '-' : `${(bytes / 1024).toFixed(1)} KiB`;

const columns = {
  ...device,
  /** A model of the list, or a series that grows. */
  part: column<'models' | 'growth'>(),
  model: column<string>('model'),
  /** What grows, and how large it is here. */
  along: column<string | null>(),
  n: column<number | null>('n', (n, { along }) => `${n} ${along}`),
  batch: column<number | null>('batch'),
  weights: column(),
  vertices: column(),
  /** Highest level, K. */
  levels: column('K'),
  /** Identity vertices, or steps of delay, of longest-path levels. */
  longestSteps: column('delays'),
  expectedSteps: column<number | null>('expected'),
  /** Of those, on axons from parameters, which several levels read. */
  longestFromWeights: column('from weights'),
  /** Numbers that are delayed: steps times the size of what waits. */
  longestElements: column('waiting'),
  /** The same of least-delay levels. */
  leastSteps: column(),
  leastElements: column('least'),
  /** Numbers of all populations and parameters, without delays. */
  elements: column(),
  /**
   * Working memory of a step, delays on axons; null: a model in a paper's size
   * is counted only, and so is an explicit form of too many vertices.
   */
  axonalBytes: column<number | null>('step, axonal', kib),
  /** ... with identity vertices ... */
  explicitBytes: column<number | null>('explicit', kib),
  /** ... and of BP. */
  bpBytes: column<number | null>('BP', kib),
  holds: column<boolean>(),
};

export type DelaysRow = RowOf<typeof columns>;

const COUNTED = [
  ...(['levels', 'longestSteps', 'longestFromWeights'] as const),
  ...(['expectedSteps', 'longestElements', 'leastElements'] as const),
  ...(['axonalBytes', 'explicitBytes', 'bpBytes'] as const),
];

export const delays = study({
  name: 'delays',
  title: 'Identity vertices and delay memory that each model needs',
  source: 'Salvatori 2022, section on levelled graphs and supplement',
  about: [
    'An error that comes too early has to wait: one step on an axon, or one identity',
    'vertex, for each level that an edge skips. How many are they, and how many',
    'numbers wait in them?',
    '  delays        steps over all edges, which are the identity vertices of the',
    '                explicit form; from weights: of edges from a shared weight to',
    '                its readers at other levels',
    '  waiting       numbers in them: each step times the size of what it delays',
    '  least         the same for least-delay levels: as many levels, and of all',
    '                choices the one in which the fewest numbers wait',
    'An identity vertex is a population and would hold its numbers twice, as values',
    'and as errors. A delay of an axon needs no place of its own where what waits is',
    'still there: the working memory of a compiled step shows it (BP keeps the same',
    'values for its tape; - : not compiled). --full takes about 15 seconds.',
  ],
  paper: [
    'The paper says that identity vertices make any graph levelled, and counts none.',
    'So there is no number of the paper here: growth follows from the structure, a',
    'constant number a residual layer, and the square of the length for weights that',
    'are shared over time, as each of n readers waits for the last.',
  ],
  parameters: {
    ...modelParameters(['small', 'paper']),
    layers: counts([2, 4, 8, 16, 32], 'depths of networks that grow'),
    sequence: counts([5, 10, 20, 40], 'lengths of sequences that grow'),
  },
  quick: { layers: '2,4,8,16', sequence: '3,6,12' },
  full: { layers: '2,4,8,16,32,64', sequence: '5,10,20,40,80' },
  columns,
  // Counting draws nothing: one seed is as good as many.
  grid: ({ models, layers, sequence }) => [
    ...chosen(models).map(({ name }) => {
      return { part: 'models' as const, model: name, along: null, n: null };
    }),
    ...series.flatMap(({ name, along }) =>
      (along === 'layers' ? layers : sequence).map((n) => {
        return { part: 'growth' as const, model: name, along, n };
      }),
    ),
  ],
  key: ({ model, n }) => (n === null ? model : `${model}/${n}`),
  async measure({ part, model, n }, settings, { backend, signal }) {
    const one = series.find(({ name }) => name === model);
    const entry = n === null ? modelByName(model) : null;
    const batch = entry ? settings.batch || entry.batch : 4;
    const graph = entry ? entry.make(batch) : one!.make(n!);
    const longest = level(graph);
    const least = delayCost(level(graph, { levelling: 'least-delay' }));
    const { steps, elements } = delayCost(longest);
    const expectedSteps = n === null ? null : (one?.expected?.(n) ?? null);
    const small = part === 'growth' || isSmall(model);
    const few = steps <= MOST_IDENTITIES;
    const bytes = async (rule: Rule, form?: DelayForm) => {
      signal.throwIfAborted();
      if (!small || (form === 'explicit' && !few)) return null;
      const options = { rule, backend, optimiser: null, form };
      const simulation = Simulation.open(graph, options);
      try {
        return (await simulation.cost()).bytes;
      } finally {
        simulation.destroy();
      }
    };
    return [
      {
        batch,
        weights: weightsOf(longest.vertices),
        vertices: longest.vertices.length,
        levels: longest.depth,
        ...{ longestSteps: steps, expectedSteps, longestElements: elements },
        longestFromWeights: sumOf(longest.axons, ({ from, delay }) =>
          from.op === 'param' ? delay : 0,
        ),
        ...{ leastSteps: least.steps, leastElements: least.elements },
        elements: sumOf(longest.vertices, ({ size }) => size),
        axonalBytes: await bytes(zil(), 'axonal'),
        explicitBytes: await bytes(zil(), 'explicit'),
        bpBytes: await bytes(bp()),
        holds:
          least.elements <= elements &&
          (expectedSteps === null || steps === expectedSteps),
      },
    ];
  },
  tables: (rows) => {
    const of = (part: string) => rows.filter((row) => row.part === part);
    return [
      shownIn(columns, of('models'), 'Models', ['model', 'batch', ...COUNTED]),
      shownIn(columns, of('growth'), 'Growth', ['model', 'n', ...COUNTED]),
      {
        title: 'Exponents p of n^p, fitted to the larger half of n',
        head: [
          ...['model', 'delays', 'as n grows', 'waiting', 'explicit memory'],
          'axonal memory',
        ],
        rows: series
          .filter(({ name }) => growthOf(rows, name).length > 1)
          .map((one) => exponents(one, rows)),
      },
    ];
  },
  figures: (rows) => [...bars(rows), growth(rows), memory(rows)],
  conclude(rows) {
    const own = rows.filter(({ part }) => part === 'models');
    const none = own.filter(({ longestSteps }) => longestSteps === 0);
    const known = rows.filter(({ expectedSteps }) => expectedSteps !== null);
    const saved = own.filter((row) => row.leastElements < row.longestElements);
    const best = mostOf(
      saved,
      (row) => 1 - row.leastElements / row.longestElements,
    );
    const compiled = rows.filter(
      (row) => row.explicitBytes !== null && row.longestSteps > 0,
    );
    const count = (of: (more: number) => boolean) =>
      compiled.filter((row) => of(row.explicitBytes! - row.axonalBytes!))
        .length;
    const nameOf = ({ model, n }: DelaysRow) =>
      `${model}${n === null ? '' : `, n = ${n}`}`;
    return {
      verdicts: [
        ...every('counts that are known by hand', known, nameOf, {
          holds: (row) => row.longestSteps === row.expectedSteps,
        }),
        ...every(
          'models in which least-delay levels let no more numbers wait',
          rows,
          nameOf,
          { holds: (row) => row.leastElements <= row.longestElements },
        ),
      ],
      remarks: [
        `Levelled by themselves: ${none.map(({ model }) => model).join(', ') || 'none'}.`,
        `Least-delay levels let fewer numbers wait in ${saved.length} of ` +
          `${own.length} models, ${Math.round(100 * best)}% fewer at best.`,
        `Of ${compiled.length} models with delays, a step with identity vertices ` +
          `needs more working memory in ${count((more) => more > 0)}, as much in ` +
          `${count((more) => more === 0)}, less in ${count((more) => more < 0)}.`,
      ],
    };
  },
});

function isSmall(name: string): boolean {
  return models.some((model) => model.name === name && model.size === 'small');
}

const growthOf = (rows: readonly DelaysRow[], model: string) =>
  rows.filter((row) => row.part === 'growth' && row.model === model);

function exponents(
  { name, power }: Series,
  rows: readonly DelaysRow[],
): string[] {
  const own = growthOf(rows, name);
  const fit = (of: (row: DelaysRow) => number | null) => {
    const found = fitPower(own.map((row) => [row.n!, of(row) ?? 0]));
    return found === null ? '-' : found.toFixed(2);
  };
  return [
    name,
    fit((row) => row.longestSteps),
    power === null ? '-' : `${power}`,
    fit((row) => row.longestElements),
    fit((row) => row.explicitBytes),
    fit((row) => row.axonalBytes),
  ];
}

/** Models that need delays at all: zeros have no bar on a logarithmic axis. */
function bars(rows: readonly DelaysRow[]): BarsFigure[] {
  const own = rows.filter(
    (row) => row.part === 'models' && row.longestElements > 0,
  );
  if (own.length === 0) return [];
  const of = (name: string, value: (row: DelaysRow) => number) => ({
    name,
    values: own.map(value),
  });
  return [
    {
      kind: 'bars',
      name: 'delays-models',
      title: 'Numbers that wait in delays',
      caption:
        'Each step of delay counts the size of what it delays. Look at the two bars ' +
        'of a model: they differ where some vertex has room to move, and the axis is ' +
        'logarithmic, so that small differences are large savings. The third bar is ' +
        'all numbers of the model, populations and weights. Models that need no ' +
        'delays are left out.',
      groups: own.map(({ model }) => model),
      series: [
        of('longest-path levels', ({ longestElements }) => longestElements),
        of('least-delay levels', ({ leastElements }) => leastElements),
        of('populations and weights', ({ elements }) => elements),
      ],
      x: { label: 'model' },
      y: { label: 'numbers', log: true },
    },
  ];
}

function growth(rows: readonly DelaysRow[]): Figure {
  return lines(rows, {
    name: 'delays-growth',
    title: 'Identity vertices as models grow',
    caption:
      'On two logarithmic axes a power of n is a straight line and its slope the ' +
      'power: 1 for residual layers, which each need as many, and 2 for networks whose ' +
      'weights are shared over time. A chain such as the mlp needs none, and 0 cannot ' +
      'be drawn here.',
    y: { label: 'identity vertices', log: true },
    of: [['', (row) => row.longestSteps]],
  });
}

function memory(rows: readonly DelaysRow[]): Figure {
  return lines(rows.filter(isDelayed), {
    name: 'delays-memory',
    title: 'Working memory of a training step',
    caption:
      'What a compiled step of Z-IL needs beside weights, with delays on axons and ' +
      'with identity vertices. Look at the recurrent networks: identity vertices cost ' +
      'them several times the memory, the more the longer the sequence. In networks ' +
      'with skips the two lines lie on each other. Both grow far slower than what ' +
      'waits is counted: a step keeps only what its one wave of errors will read. ' +
      'Points that are missing have too many identity vertices to be compiled.',
    y: { label: 'working memory (bytes)', log: true },
    of: [
      [', axonal', (row) => row.axonalBytes],
      [', explicit', (row) => row.explicitBytes],
    ],
  });
}

/** A chain has no forms to be compared. */
const isDelayed = ({ longestSteps }: DelaysRow) => longestSteps > 0;

function lines(
  rows: readonly DelaysRow[],
  of: Pick<LinesFigure, 'name' | 'title' | 'caption' | 'y'> & {
    of: readonly [string, (row: DelaysRow) => number | null][];
  },
): LinesFigure {
  const { of: quantities, ...figure } = of;
  return {
    kind: 'lines',
    ...figure,
    lines: series.flatMap(({ name }) =>
      quantities.flatMap(([ending, value]) => {
        const own = growthOf(rows, name).filter((row) => (value(row) ?? 0) > 0);
        if (own.length === 0) return [];
        return [
          {
            name: `${name}${ending}`,
            xs: own.map((row) => row.n!),
            ys: own.map((row) => value(row)!),
          },
        ];
      }),
    ),
    x: { label: 'n (layers or time steps)', log: true },
  };
}
