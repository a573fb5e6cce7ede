/**
 * Millidge 2020, Figure 9: how the divergence of inference learning from the
 * true gradients grows with the length of a sequence, by the schedule.
 */

import { loadText } from '../../data/corpora.ts';
import { textExamples } from '../../data/examples.ts';
import type { Figure } from '../../figures/figure.ts';
import { level } from '../../graph/level.ts';
import { divergence, gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { column, origin, type RowOf, short } from '../../studies/columns.ts';
import { choices, count, counts, size } from '../../studies/parameters.ts';
import { curve, groupsOf, meanOf, mostOf } from '../../studies/rows.ts';
import { study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { gradientsAt, startOf } from '../instants.ts';
import { firstOf } from '../training.ts';
import { type CellName, cells, unrolled } from './cells.ts';
import { mixture } from './mixture.ts';
import { type Relax, sweepBack } from './sweep.ts';

const SCHEDULES = ['parallel', 'swept'] as const;

const columns = {
  ...origin,
  model: column<CellName>('model'),
  schedule: column<(typeof SCHEDULES)[number]>('schedule'),
  /** Time steps of the sequence. */
  length: column('time steps'),
  gamma: column(),
  /** Inference steps: of all vertices, or of each time step. */
  iterations: column(),
  /** Edges of the longest path of the unrolled graph. */
  depth: column('depth'),
  /** Sum of squares over all weights, as in the paper's code. */
  squared: column('sum of squares', short),
  /** |gradient - true gradient| / |true gradient|. */
  relative: column('measured', short),
  /** |gradient - gradient by theory| / |true gradient|. */
  deviation: column('off by', short),
  /** `relative` by theory. */
  expected: column('expected', short),
  holds: column<boolean>(),
};

export type Fig9Row = RowOf<typeof columns>;

/**
 * Each of `depth` errors in a row is rounded by about 4/gamma roundings until
 * it rests: 4/.05 x 1000 vertices x 1e-16 is 1e-11.
 */
const TOLERANCE = { f64: 1e-10, f32: 1e-2 } as const;

export const fig9 = study({
  name: 'fig9',
  title: 'Divergence against the length of a sequence',
  source: 'Millidge 2020, Figure 9',
  about: [
    'A recurrent network reads a text and foretells each next character. Unrolled',
    'in time it is a graph as deep as the sequence is long, on which values relax',
    'with fixed predictions; then the gradients of the weights, as the errors give',
    'them, are compared with those of backpropagation through time. Two schedules:',
    '  parallel   all vertices of all time steps relax at the same time',
    '  swept      the last time step relaxes for all iterations, then the one before',
    "             with the errors of later ones as they were left (the paper's code)",
    'Theory knows both. A relaxation is a random walk of the error: after n steps a',
    'path of k edges has delivered P(Binomial(n, gamma) >= k) of its share, so that',
    '200 steps of .05 reach about 10 edges. In parallel, what lies deeper has not',
    'heard of the end of the text. Swept, each time step gets all but a part of what',
    'the next one has: of a vertex (1 - gamma)^n = 3.5e-5 is lost at each.',
    'The expectation is computed so: one wave with gamma = 1 shows what has arrived',
    'over each number of edges, and the Binomial distribution mixes it.',
    'A chain is shown beside the two networks: linear, its errors as large however',
    'far they have come, compared after the last time step only. In the networks, as',
    'they start, errors fade with each time step, which hides what is lost of them.',
  ],
  paper: [
    'The paper shows that the divergence grows with the length of the sequence. Its',
    'code for this figure sums the squares of all differences for an LSTM; this sum is',
    'a column here. It grows with the length as the gradient itself does: relative to',
    'the gradient it need not, as the errors of the networks fade on their way.',
    'The paper does not name the schedule: its code sweeps. The RNN has one vertex a',
    'time step, as there; the LSTM those of Appendix C. The chain is ours.',
    'Sizes are reduced by default. The full size takes about half an hour.',
  ],
  parameters: {
    models: choices(['chain', 'rnn', 'lstm'], "the paper's are rnn and lstm"),
    chain: counts([1, 2, 5, 10, 20, 50, 100], 'time steps for the chain'),
    rnn: counts([1, 2, 5, 10, 20, 50, 100], 'time steps for the RNN'),
    lstm: counts([1, 2, 5, 10, 20], 'time steps for the LSTM'),
    iterations: count(
      200,
      'inference steps, in parallel or of each time step',
      { from: 'paper' },
    ),
    gamma: size(0.05, 'size of an inference step', {
      from: 'paper',
      least: 1e-6,
    }),
    hidden: count(
      32,
      'units of the hidden layer (65 in the code for this figure)',
    ),
    batch: count(8, 'sequences at a time (64 in the code for this figure)'),
  },
  quick: {
    ...{ chain: '1,2,5,10,20', rnn: '1,2,5,10,20', lstm: '1,2,3' },
    ...{ hidden: '16', batch: '4' },
  },
  full: {
    chain: '1,2,5,10,20,30,50,70,100,150,200',
    rnn: '1,2,5,10,20,30,50,70,100,150,200',
    lstm: '1,2,5,10,20,30,50,70,100',
    hidden: '65',
    batch: '64',
  },
  dtype: 'f64',
  columns,
  grid: (settings, seeds) =>
    seeds.flatMap((seed) =>
      settings.models.flatMap((model) =>
        settings[model].flatMap((length) =>
          SCHEDULES.map((schedule) => ({ model, schedule, length, seed })),
        ),
      ),
    ),
  async measure({ model, length, schedule, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { batch, hidden, gamma, iterations } = settings;
    const text = await loadText('auto');
    const cut = { steps: length, form: 'steps', trainCount: batch } as const;
    const { train } = textExamples(text, cut);
    const count = Math.min(batch, train.count);
    const { target, ...inputs } = train.feeds(firstOf(count));
    const sizes = { batch: count, inputs: text.characters.length, hidden };
    const width = count * sizes.inputs;
    const sequence = {
      xs: Array.from({ length }, (_, t) => inputs[`x${t + 1}`]!),
      targets: Array.from({ length }, (_, t) =>
        target!.subarray(t * width, (t + 1) * width),
      ),
    };
    const cell = cells[model];
    const graph = unrolled(cell, sizes, sequence);
    const weights = await startOf(graph, { backend, seed });
    const wanted = await gradientsOf(graph, { rule: bp(), backend, seed });

    const step: Relax = async (graph, weights) => {
      const instants = [iterations];
      const options = { gamma, prediction: 'fixed', instants } as const;
      return (await gradientsAt(graph, options, { backend, weights }))[0]!;
    };
    const theory: Relax = (graph, weights) =>
      mixture(graph, { gamma, iterations }, { backend, weights });
    const run = (relax: Relax) =>
      schedule === 'parallel'
        ? relax(graph, weights)
        : sweepBack(cell, sizes, sequence, relax, {
            backend,
            weights,
            signal,
          });
    const found = await run(step);
    signal.throwIfAborted();
    progress(0.7, 'theory');
    const expected = await run(theory);

    const { distance, relative, length: size } = divergence(found, wanted);
    const deviation = divergence(found, expected).distance / size;
    return [
      {
        ...{ data: text.title, gamma, iterations },
        depth: level(graph).depth,
        ...{ squared: distance ** 2, relative, deviation },
        expected: divergence(expected, wanted).relative,
        holds: deviation <= TOLERANCE[backend.dtype],
      },
    ];
  },
  table: 'Distance to the true gradients, over their length',
  shown: [
    ...(['model', 'length', 'depth', 'schedule', 'relative'] as const),
    ...(['expected', 'deviation', 'squared'] as const),
  ],
  figures: (rows) => (rows.length === 0 ? [] : [figure(rows)]),
  conclude: (rows) => ({
    verdicts: every(
      'gradients that are those of the theory',
      rows,
      ({ model, schedule, length }) =>
        `${model}, ${schedule}, ${length} time steps`,
      { tolerance: 'rounding' },
    ),
    remarks: [
      'Gradients are off by ' +
        `${short(mostOf(rows, ({ deviation }) => deviation))} of their length at most.`,
      ...series(rows).map(({ name, own }) => {
        const [first, last] = [own[0]!, own.at(-1)!];
        return (
          `${name}: from ${short(first.relative)} at ${first.length} to ` +
          `${short(last.relative)} at ${last.length} time steps, as sums of squares ` +
          `${short(first.squared)} to ${short(last.squared)}.`
        );
      }),
    ],
  }),
});

/** Means over seeds by length, of each model and schedule. */
function series(rows: readonly Fig9Row[]) {
  const nameOf = ({ model, schedule }: Fig9Row) =>
    `${model === 'chain' ? model : model.toUpperCase()}, ${schedule}`;
  return groupsOf(rows, nameOf).map(([name, mine]) => ({
    name,
    own: groupsOf(mine, (row) => row.length).map(([length, same]) => ({
      length,
      relative: meanOf(same, (row) => row.relative),
      expected: meanOf(same, (row) => row.expected),
      squared: meanOf(same, (row) => row.squared),
    })),
  }));
}

function figure(rows: readonly Fig9Row[]): Figure {
  const { gamma, iterations, data } = rows[0]!;
  const all = series(rows);
  return {
    kind: 'lines',
    name: 'fig9',
    title: 'Divergence from the true gradients against sequence length',
    subtitle: `${iterations} iterations of size ${gamma}, fixed predictions; ${data}`,
    caption:
      'Lines: inference learning in its two schedules. Points: theory; look for one ' +
      'that leaves its line. The chain shows what is lost on the way: in parallel the ' +
      `error reaches about ${Math.round(gamma * iterations)} time steps, and the ` +
      'longer the sequence, the less of it is learned; swept, the divergence is small ' +
      'and grows in proportion to the length. In the networks errors fade by ' +
      'themselves, so that most of the gradient comes from nearby. An LSTM is 7 edges ' +
      'deep a time step, far for a walk of these steps even within one.',
    lines: [
      // First, so that no line has its symbol.
      curve(
        'theory',
        all.flatMap(({ own }) => own),
        ...(['length', 'expected', { log: true, style: 'points' }] as const),
      ),
      ...all.map(({ name, own }) =>
        curve(name, own, 'length', 'relative', { log: true }),
      ),
    ],
    x: { label: 'time steps of the sequence', log: true },
    y: { label: '|gradient - true| / |true|', log: true },
  };
}
