/**
 * Millidge 2020, Figure 5: how far the gradients of predictive coding are from
 * the true ones, layer by layer, while a network learns from them.
 */

import type { Figure } from '../../figures/figure.ts';
import type { Graph } from '../../graph/graph.ts';
import { level } from '../../graph/level.ts';
import { divergence, type Gradients } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import { Simulation } from '../../simulation/simulate.ts';
import { column, origin, type RowOf, short } from '../../studies/columns.ts';
import { choices, count, size } from '../../studies/parameters.ts';
import { claim, curve, dataOf, groupsOf, mostOf } from '../../studies/rows.ts';
import { type Context, product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { gradientsAt, withData } from '../instants.ts';
import { firstOf, follow, testsOf } from '../training.ts';
import { mixture } from './mixture.ts';
import {
  countParameters,
  loadTask,
  TASKS,
  TASKS_TOLD,
  type TaskName,
  taskOptimiser,
  taskParameters,
} from './tasks.ts';

const columns = {
  ...origin,
  model: column<TaskName>(),
  /** Presentations that the weights had learned from. */
  step: column(),
  parameter: column<string>(),
  gamma: column(),
  inference: column(),
  /** Edges from the output to the farthest vertex that reads the parameter. */
  edges: column(),
  /** Sum of squares, as in the paper's code, and length of the true gradient. */
  squared: column(),
  length: column(),
  /** |gradient - true gradient| / |true gradient|, and by theory. */
  relative: column(),
  expected: column(),
  /** |gradient - gradient by theory| / |true gradient|. */
  deviation: column(),
  holds: column<boolean>(),
};

export type Fig5Row = RowOf<typeof columns>;

/** Relative spacing of numbers. */
const SPACING = { f64: 2 ** -52, f32: 2 ** -23 } as const;
/** Roundings of an error at each vertex and inference step, at most. */
const ROUNDINGS = 10;

export const fig5 = study({
  name: 'fig5',
  title: 'Divergence from the true gradients, layer by layer, over training',
  source: 'Millidge 2020, Figure 5',
  about: [
    'Networks learn by predictive coding with fixed predictions:',
    ...TASKS_TOLD,
    "On the way, the gradients that it gives for a batch are compared with BP's at the",
    'same weights, parameter by parameter. All vertices relax at the same time, for T',
    'steps of size gamma. Theory knows the result: after n steps an error that has k',
    'edges to go has come by P(Binomial(n, gamma) >= k). In the CNN there is one path,',
    'so a layer lacks P(Binomial(n, gamma) < k) of its gradient, at any weights: its',
    'relative divergence is a constant of the training. The sum of squares, which the',
    'paper draws, follows the length of the gradient. Where there are many paths, one',
    'wave with gamma = 1 shows what comes over each number of edges, and the Binomial',
    'distribution mixes it.',
  ],
  paper: [
    'The paper draws the divergence of the CNN over its training: small, wandering and',
    'not growing, so that errors do not pile up. Its code sweeps the layers one',
    'after the other, so less is lost on the way than here. Sizes and presentations',
    'are reduced by default; T and gamma are chosen so that the depth shows.',
    '--full takes about two hours on 2 cores, without the LSTM.',
  ],
  parameters: {
    models: choices(TASKS, 'networks to train', ['cnn', 'rnn']),
    ...countParameters(
      { cnn: 60, rnn: 150, lstm: 40 },
      { cnn: 100, rnn: 160, lstm: 320 },
    ),
    gamma: size(
      0.2,
      "size of an inference step (the paper's code: .1 times 2)",
      { least: 1e-6 },
    ),
    ...taskParameters(16),
    tests: count(10, 'comparisons of gradients, evenly over the training'),
  },
  quick: {
    ...{ cnn: '12', rnn: '30', tests: '4', batch: '8', hidden: '24' },
    ...{ cnnT: '80', rnnT: '140' },
  },
  full: {
    ...{ cnn: '2500', rnn: '1500' },
    ...{ dense: '200,150', hidden: '256', letters: '0' },
    ...{ rnnT: '400', batch: '64', tests: '50' },
  },
  dtype: 'f64',
  columns,
  grid: ({ models }, seeds) => product({ seed: seeds, model: models }),
  async measure({ model: name, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { data, model } = await loadTask(name, settings, seed);
    const { batch, gamma } = settings;
    const [steps, T] = [settings[name], settings[`${name}T`]];
    const graph = withData(model(batch), data.train.feeds(firstOf(batch)));
    const edges = new Map(
      [...level(graph).levels].map(([{ id }, own]) => [id, own - 1]),
    );
    const tolerance =
      ROUNDINGS * T * level(graph).depth * SPACING[backend.dtype];
    const rows: (ReturnType<typeof compare> & { step: number })[] = [];
    await follow({
      ...{ model, data, backend, seed, steps, batch, signal, examples: batch },
      rule: il({ steps: T, gamma, prediction: 'fixed' }),
      optimiser: taskOptimiser(settings),
      tests: testsOf(steps, settings.tests),
      progress: (part) => progress(part, `${name} ${Math.round(part * steps)}`),
      visit: async (step, simulation) => {
        const weights = await simulation.allParameters();
        const run = { backend, weights };
        const relaxed = { gamma, prediction: 'fixed', instants: [T] } as const;
        const [found] = await gradientsAt(graph, relaxed, run);
        const theory = await mixture(graph, { gamma, iterations: T }, run);
        const wanted = await trueGradients(graph, weights, backend);
        for (const parameter of wanted.keys()) {
          rows.push({ step, ...compare(parameter, found!, theory, wanted) });
        }
      },
    });
    return rows.map((row) => ({
      ...row,
      ...{ data: data.title, gamma, inference: T },
      edges: edges.get(row.parameter)!,
      holds: row.deviation <= tolerance,
    }));
  },
  tables: (rows) => [
    {
      title:
        'Over the length of the true gradient, from first to last comparison',
      head: [
        ...['model', 'parameter', 'edges', 'measured first', 'measured last'],
        ...['expected first', 'expected last', 'off by', 'squares last'],
      ],
      rows: series(rows).map(({ model, parameter, own }) => {
        const [first, last] = [own[0]!, own.at(-1)!];
        return [
          ...[model, parameter, `${first.edges}`],
          ...[first.relative, last.relative].map(short),
          ...[first.expected, last.expected].map(short),
          short(mostOf(own, ({ deviation }) => deviation)),
          short(last.squared),
        ];
      }),
    },
  ],
  figures: (rows) =>
    groupsOf(rows, ({ model }) => model).flatMap(([, own]) => [
      figure(own, 'relative'),
      figure(own, 'squared'),
    ]),
  conclude(rows) {
    const worst = mostOf(rows, ({ deviation }) => deviation);
    const claims = groupsOf(rows, ({ model }) => model).flatMap(([model]) => {
      const grown = growth(series(rows).filter((each) => each.model === model));
      const comes = grown <= GROWN;
      return [
        `${model}, ${claim('the divergence does not grow in training', comes)}` +
          '; over the length of the gradient it is ' +
          `${grown.toPrecision(3)} times as much at the last comparison as at the ` +
          'first, at most of all parameters.',
        ...(comes
          ? []
          : [
              '  Theory has it so: weights learn to carry errors farther, and what ' +
                'comes from farther is delivered less.',
            ]),
      ];
    });
    return {
      verdicts: every(
        'gradients that are those of the theory',
        rows,
        ({ model, parameter, step }) =>
          `${model}, ${parameter}, after ${step} presentations`,
        { tolerance: 'rounding' },
      ),
      remarks: [
        `Gradients are off by ${short(worst)} of their length at most.`,
        ...claims,
        dataOf(rows),
      ],
    };
  },
});

/** One parameter's gradient against the true one, and against the theory. */
function compare(
  parameter: string,
  found: Gradients,
  theory: Gradients,
  wanted: Gradients,
) {
  const only = (from: Gradients) =>
    new Map([[parameter, from.get(parameter)!]]);
  const { distance, length, relative } = divergence(only(found), only(wanted));
  const off = divergence(only(found), only(theory)).distance;
  return {
    ...{ parameter, squared: distance ** 2, length, relative },
    expected: divergence(only(theory), only(wanted)).relative,
    deviation: length === 0 ? off : off / length,
  };
}

/** Times as much that is called growth. */
const GROWN = 3;
/** Below it there is nothing but rounding. */
const ROUNDED = 1e-9;

/** How many times the first divergence the last is, at most. */
function growth(of: ReturnType<typeof series>): number {
  const ratios = of.map(({ own }) => {
    const [first, last] = [own[0]!.relative, own.at(-1)!.relative];
    return last < ROUNDED ? 1 : last / Math.max(first, ROUNDED);
  });
  return Math.max(...ratios);
}

async function trueGradients(
  graph: Graph,
  weights: ReadonlyMap<string, ArrayLike<number>>,
  backend: Context['backend'],
) {
  const simulation = Simulation.open(graph, { rule: bp(), backend });
  try {
    for (const [id, values] of weights) simulation.setParameter(id, values);
    const feeds = [...graph.data].map(([id, { data }]) => [id, data]);
    await simulation.submit(Object.fromEntries(feeds));
    return await simulation.gradients();
  } finally {
    simulation.destroy();
  }
}

/** Rows of one seed by parameter, in the order of the training. */
const series = (rows: readonly Fig5Row[]) =>
  groupsOf(
    rows.filter(({ seed }) => seed === rows[0]!.seed),
    ({ model, parameter }) => `${model}/${parameter}`,
  ).map(([, own]) => {
    const { model, parameter } = own[0]!;
    return { model, parameter, own };
  });

const MEASURES = {
  relative: {
    title: 'Divergence over the length of the true gradient',
    label: '|gradient - true| / |true|',
    more:
      'Lines are level where there is one path to a layer: the part that is lost on the ' +
      'way depends on the number of edges alone. Points: theory.',
  },
  squared: {
    title: 'Divergence as a sum of squares',
    label: 'sum of (gradient - true)^2',
    more:
      "The paper's measure: it wanders with the length of the gradient. Look whether it " +
      'grows while the network learns.',
  },
} as const;

/** Of the weights; biases are in the rows. */
function figure(rows: readonly Fig5Row[], key: 'relative' | 'squared'): Figure {
  const { model, data, gamma, inference } = rows[0]!;
  const all = series(rows).filter(({ parameter }) => /^[KW]/.test(parameter));
  const seen = all.filter(({ own }) => own.some((row) => row[key] > 0));
  const exact = all.filter((each) => !seen.includes(each));
  const { title, label, more } = MEASURES[key];
  const lines = seen.map(({ parameter, own }) =>
    curve(parameter, own, 'step', key, { log: true }),
  );
  const points = seen.flatMap(({ own }) => own);
  const theory = curve('theory', points, 'step', 'expected', {
    ...{ log: true, style: 'points' },
  });
  return {
    kind: 'lines',
    name: `fig5-${model}-${key}`,
    title: `${title}, ${model.toUpperCase()}`,
    subtitle: `${inference} inference steps of ${gamma}, fixed predictions; ${data}`,
    caption:
      `One line for each weight. ${more}` +
      (exact.length === 0
        ? ''
        : ` ${exact.map(({ parameter }) => parameter).join(', ')}: exactly 0, which ` +
          'has no place on a logarithmic axis.'),
    lines: key === 'relative' ? [...lines, theory] : lines,
    x: { label: 'presentations' },
    y: { label, log: true },
  };
}
