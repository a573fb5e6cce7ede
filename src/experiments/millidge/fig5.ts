/**
 * Millidge 2020, Figure 5: how far the gradients of predictive coding are from
 * the true ones, layer by layer, while a network learns from them.
 */

import type { Graph } from '../../graph/graph.ts';
import { level } from '../../graph/level.ts';
import { divergence, type Gradients } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import { Simulation } from '../../simulation/simulate.ts';
import {
  type Context,
  type Experiment,
  short,
} from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { gradientsAt } from '../instants.ts';
import { follow, testsOf } from '../training.ts';
import { fig5Figure, series } from './fig5-figures.ts';
import { mixture } from './mixture.ts';
import {
  countParameters,
  loadTask,
  TASKS,
  TASKS_TOLD,
  type Task,
  type TaskName,
  taskOptimiser,
  taskParameters,
} from './tasks.ts';

export type Fig5Row = {
  readonly experiment: 'fig5';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly model: TaskName;
  /** Presentations that the weights had learned from. */
  readonly step: number;
  readonly parameter: string;
  /** Edges from the output to the farthest vertex that reads the parameter. */
  readonly edges: number;
  readonly gamma: number;
  readonly inference: number;
  /** Sum of squares, as in the paper's code, and length of the true gradient. */
  readonly squared: number;
  readonly length: number;
  /** |gradient - true gradient| / |true gradient|, and by theory. */
  readonly relative: number;
  readonly expected: number;
  /** |gradient - gradient by theory| / |true gradient|. */
  readonly deviation: number;
  readonly holds: boolean;
};

/** Relative spacing of numbers. */
const SPACING = { f64: 2 ** -52, f32: 2 ** -23 } as const;
/** Roundings of an error at each vertex and inference step, at most. */
const ROUNDINGS = 10;

export const fig5: Experiment<Fig5Row> = {
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
    models: {
      value: ['cnn', 'rnn'],
      help: 'networks to train',
      from: 'chosen',
      oneOf: [...TASKS],
    },
    ...countParameters(
      { cnn: 60, rnn: 150, lstm: 40 },
      { cnn: 100, rnn: 160, lstm: 320 },
    ),
    gamma: {
      value: 0.2,
      help: "size of an inference step (the paper's code: .1 times 2)",
      from: 'chosen',
      least: 1e-6,
    },
    ...taskParameters,
    batch: { ...taskParameters.batch, value: 16 },
    tests: {
      value: 10,
      help: 'comparisons of gradients, evenly over the training',
      from: 'chosen',
      least: 1,
      whole: true,
    },
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
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      (settings.texts('models') as TaskName[]).map((model) => ({
        key: `${model}/${seed}`,
        run: (context: Context) => measure(model, seed, settings, context),
      })),
    ),
  sections: (rows) => [
    {
      title:
        'Over the length of the true gradient, from first to last comparison',
      head: [
        ...['model', 'parameter', 'edges', 'measured first', 'measured last'],
        ...['expected first', 'expected last', 'off by', 'squares last'],
      ],
      rows: series(rows).map(({ model, parameter, own }) => {
        const [first, last] = [own[0], own.at(-1)!];
        return [
          model,
          parameter,
          `${first.edges}`,
          ...[first.relative, last.relative].map(short),
          ...[first.expected, last.expected].map(short),
          short(Math.max(...own.map(({ deviation }) => deviation))),
          short(last.squared),
        ];
      }),
    },
  ],
  figures: (rows) =>
    [...new Set(rows.map(({ model }) => model))].flatMap((model) => {
      const own = rows.filter((row) => row.model === model);
      return [fig5Figure(own, 'relative'), fig5Figure(own, 'squared')];
    }),
  conclude(rows) {
    const wrong = rows.filter(({ holds }) => !holds);
    const worst = Math.max(0, ...rows.map(({ deviation }) => deviation));
    const lines = [
      `${rows.length - wrong.length} of ${rows.length} gradients are those of the ` +
        `theory; off by ${short(worst)} of their length at most.`,
    ];
    for (const model of new Set(rows.map((row) => row.model))) {
      const own = series(rows).filter((each) => each.model === model);
      const grown = growth(own);
      lines.push(
        `${model}, claim "the divergence does not grow in training": ` +
          (grown <= GROWN ? 'it comes out' : 'it does NOT come out') +
          '; over the length of the gradient it is ' +
          `${grown.toPrecision(3)} times as much at the last comparison as at the ` +
          'first, at most of all parameters.',
      );
      if (grown > GROWN) {
        lines.push(
          '  Theory has it so: weights learn to carry errors farther, and what comes ' +
            'from farther is delivered less.',
        );
      }
    }
    lines.push(
      `Data: ${[...new Set(rows.map(({ data }) => data))].join('; ')}.`,
    );
    for (const row of wrong.slice(0, 3)) {
      lines.push(
        `NOT as the theory has it: ${row.model}, ${row.parameter}, after ` +
          `${row.step} presentations.`,
      );
    }
    return { lines, holds: wrong.length === 0 };
  },
};

/** Times as much that is called growth. */
const GROWN = 3;
/** Below it there is nothing but rounding. */
const ROUNDED = 1e-9;

/** How many times the first divergence the last is, at most. */
function growth(of: ReturnType<typeof series>): number {
  const ratios = of.map(({ own }) => {
    const [first, last] = [own[0].relative, own.at(-1)!.relative];
    return last < ROUNDED ? 1 : last / Math.max(first, ROUNDED);
  });
  return Math.max(...ratios);
}

async function measure(
  name: TaskName,
  seed: number,
  settings: Settings,
  { backend, signal, progress }: Context,
): Promise<Fig5Row[]> {
  const task = await loadTask(name, settings, seed);
  const { data, model } = task;
  const steps = settings.number(name);
  const batch = settings.number('batch');
  const [gamma, T] = [settings.number('gamma'), settings.number(`${name}T`)];
  const graph = withFirst(task, batch);
  const edges = new Map(
    [...level(graph).levels].map(([{ id }, own]) => [id, own - 1]),
  );
  const tolerance = ROUNDINGS * T * level(graph).depth * SPACING[backend.dtype];
  const rows: Fig5Row[] = [];
  await follow({
    ...{ model, data, backend, seed, steps, batch, signal, examples: batch },
    rule: il({ steps: T, gamma, prediction: 'fixed' }),
    optimiser: taskOptimiser(settings),
    tests: testsOf(steps, settings.number('tests')),
    progress: (part) => progress(part, `${name} ${Math.round(part * steps)}`),
    visit: async (step, simulation) => {
      const weights = await simulation.allParameters();
      const run = { backend, weights };
      const relaxed = { gamma, prediction: 'fixed', instants: [T] } as const;
      const [found] = await gradientsAt(graph, relaxed, run);
      const theory = await mixture(graph, { gamma, iterations: T }, run);
      const wanted = await trueGradients(graph, weights, backend);
      for (const [parameter, values] of wanted) {
        const only = (from: Gradients) =>
          new Map([[parameter, from.get(parameter)!]]);
        const truth = new Map([[parameter, values]]);
        const mine = divergence(only(found), truth);
        const known = divergence(only(theory), truth);
        const off = divergence(only(found), only(theory)).distance;
        const deviation = mine.length === 0 ? off : off / mine.length;
        rows.push({
          experiment: 'fig5',
          data: data.title,
          backend: backend.name,
          dtype: backend.dtype,
          ...{ seed, model: name, step, parameter, gamma, inference: T },
          edges: edges.get(parameter)!,
          squared: mine.distance ** 2,
          length: mine.length,
          relative: mine.relative,
          expected: known.relative,
          deviation,
          holds: deviation <= tolerance,
        });
      }
    },
  });
  return rows;
}

/** The graph with the first training examples as its data. */
function withFirst({ data, model }: Task, batch: number): Graph {
  const graph = model(batch);
  const numbers = Uint32Array.from({ length: batch }, (_, i) => i);
  const feeds = data.train.feeds(numbers);
  const given = Object.entries(feeds).map(([id, values]) => {
    const vertex = graph.vertices.find((each) => each.id === id);
    const { shape } = vertex ?? graph.output;
    return [id, { shape, data: values }] as const;
  });
  return { ...graph, data: new Map([...graph.data, ...given]) };
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
