/**
 * Salvatori 2022, supplement: how many identity vertices level a model, and
 * how much memory delays take, as populations of their own or on axons.
 */

import { models } from '../../../models/index.ts';
import type { Backend } from '../../backends/backend.ts';
import type { Graph } from '../../graph/graph.ts';
import { type DelayForm, delayCost, level } from '../../graph/level.ts';
import { bp } from '../../rules/bp.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { Simulation } from '../../simulation/simulate.ts';
import type { Context, Experiment } from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { chosen, modelParameters } from '../models.ts';
import { type Series, series } from './delay-series.ts';
import { bars, growth, memory } from './delays-figures.ts';
import { sections } from './delays-sections.ts';

/** Identity vertices that an explicit form may have to be compiled. */
const MOST_IDENTITIES = 20_000;

export type DelaysRow = {
  readonly experiment: 'delays';
  readonly backend: string;
  readonly dtype: string;
  /** A model of the list, or a series that grows. */
  readonly part: 'models' | 'growth';
  readonly model: string;
  /** What grows, and how large it is here. */
  readonly along: string | null;
  readonly n: number | null;
  readonly batch: number | null;
  readonly weights: number;
  readonly vertices: number;
  /** Highest level, K. */
  readonly levels: number;
  /** Identity vertices, or steps of delay, of longest-path levels. */
  readonly longestSteps: number;
  readonly expectedSteps: number | null;
  /** Of those, on axons from parameters, which several levels read. */
  readonly longestFromWeights: number;
  /** Numbers that are delayed: steps times the size of what waits. */
  readonly longestElements: number;
  /** The same of least-delay levels. */
  readonly leastSteps: number;
  readonly leastElements: number;
  /** Numbers of all populations and parameters, without delays. */
  readonly elements: number;
  /**
   * Working memory of a step, delays on axons; null: a model in a paper's size
   * is counted only, and so is an explicit form of too many vertices.
   */
  readonly axonalBytes: number | null;
  /** ... with identity vertices ... */
  readonly explicitBytes: number | null;
  /** ... and of BP. */
  readonly bpBytes: number | null;
  readonly holds: boolean;
};

export const delays: Experiment<DelaysRow> = {
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
    ...modelParameters,
    models: { ...modelParameters.models, value: ['small', 'paper'] },
    layers: {
      value: [2, 4, 8, 16, 32],
      help: 'depths of networks that grow',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    sequence: {
      value: [5, 10, 20, 40],
      help: 'lengths of sequences that grow',
      from: 'chosen',
      least: 1,
      whole: true,
    },
  },
  quick: { layers: '2,4,8,16', sequence: '3,6,12' },
  full: { layers: '2,4,8,16,32,64', sequence: '5,10,20,40,80' },
  // Counting draws nothing: one seed is as good as many.
  pieces: (settings) => [
    ...chosen(settings).map(({ name, batch, make }) => ({
      key: name,
      run: async (context: Context) => {
        const size = settings.number('batch') || batch;
        const of = { part: 'models' as const, model: name, batch: size };
        return [await measure(make(size), of, context)];
      },
    })),
    ...series.flatMap((one) =>
      lengthsOf(one, settings).map((n) => ({
        key: `${one.name}/${n}`,
        run: async (context: Context) => {
          const of = { part: 'growth' as const, model: one.name, batch: 4 };
          const more = { along: one.along, n, expected: one.expected };
          return [await measure(one.make(n), { ...of, ...more }, context)];
        },
      })),
    ),
  ],
  sections,
  figures: (rows) => [...bars(rows), growth(rows), memory(rows)],
  conclude(rows) {
    const own = rows.filter(({ part }) => part === 'models');
    const none = own.filter(({ longestSteps }) => longestSteps === 0);
    const known = rows.filter(({ expectedSteps }) => expectedSteps !== null);
    const exact = known.filter((row) => row.longestSteps === row.expectedSteps);
    const saved = own.filter((row) => row.leastElements < row.longestElements);
    const best = Math.max(
      0,
      ...saved.map((row) => 1 - row.leastElements / row.longestElements),
    );
    const compiled = rows.filter(
      (row) => row.explicitBytes !== null && row.longestSteps > 0,
    );
    const count = (of: (more: number) => boolean) =>
      compiled.filter((row) => of(row.explicitBytes! - row.axonalBytes!))
        .length;
    const wrong = rows.filter(({ holds }) => !holds);
    return {
      holds: wrong.length === 0,
      lines: [
        `Levelled by themselves: ${none.map(({ model }) => model).join(', ') || 'none'}.`,
        `${exact.length} of ${known.length} counts that are known by hand are met.`,
        `Least-delay levels let fewer numbers wait in ${saved.length} of ` +
          `${own.length} models, ${Math.round(100 * best)}% fewer at best.`,
        `Of ${compiled.length} models with delays, a step with identity vertices ` +
          `needs more working memory in ${count((more) => more > 0)}, as much in ` +
          `${count((more) => more === 0)}, less in ${count((more) => more < 0)}.`,
        ...wrong.map(
          ({ model, n }) =>
            `NOT as the theory has it: ${model}${n === null ? '' : `, n = ${n}`}.`,
        ),
      ],
    };
  },
};

function lengthsOf({ along }: Series, settings: Settings): readonly number[] {
  return settings.numbers(along === 'layers' ? 'layers' : 'sequence');
}

interface Of {
  readonly part: DelaysRow['part'];
  readonly model: string;
  readonly batch: number;
  readonly along?: string;
  readonly n?: number;
  readonly expected?: Series['expected'];
}

async function measure(
  graph: Graph,
  of: Of,
  { backend, signal }: Context,
): Promise<DelaysRow> {
  const { part, model, batch, along = null, n = null, expected } = of;
  const longest = level(graph);
  const least = delayCost(level(graph, { levelling: 'least-delay' }));
  const { steps, elements } = delayCost(longest);
  const expectedSteps = n === null ? null : (expected?.(n) ?? null);
  const sizeOf = (leaf: boolean) =>
    longest.vertices.reduce(
      (sum, { op, size }) => sum + (!leaf || op === 'param' ? size : 0),
      0,
    );
  const small = part === 'growth' || isSmall(model);
  const few = steps <= MOST_IDENTITIES;
  const bytes = async (rule: Rule, form?: DelayForm) => {
    signal.throwIfAborted();
    return small && (form !== 'explicit' || few)
      ? bytesOf(graph, rule, backend, form)
      : null;
  };
  return {
    experiment: 'delays',
    backend: backend.name,
    dtype: backend.dtype,
    ...{ part, model, along, n, batch },
    weights: sizeOf(true),
    vertices: longest.vertices.length,
    levels: longest.depth,
    longestSteps: steps,
    expectedSteps,
    longestFromWeights: longest.axons.reduce(
      (sum, { from, delay }) => sum + (from.op === 'param' ? delay : 0),
      0,
    ),
    longestElements: elements,
    leastSteps: least.steps,
    leastElements: least.elements,
    elements: sizeOf(false),
    axonalBytes: await bytes(zil(), 'axonal'),
    explicitBytes: await bytes(zil(), 'explicit'),
    bpBytes: await bytes(bp()),
    holds:
      least.elements <= elements &&
      (expectedSteps === null || steps === expectedSteps),
  };
}

function isSmall(name: string): boolean {
  return models.some((model) => model.name === name && model.size === 'small');
}

async function bytesOf(
  graph: Graph,
  rule: Rule,
  backend: Backend,
  form?: DelayForm,
): Promise<number> {
  const options = { rule, backend, optimiser: null, form };
  const simulation = Simulation.open(graph, options);
  try {
    return (await simulation.cost()).bytes;
  } finally {
    simulation.destroy();
  }
}
