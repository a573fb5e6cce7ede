/**
 * Oracles: Millidge's relaxation swept back through time, as plain loops over
 * numbers; and the chain by hand, whose error at the k-th vertex from the
 * output is P(Binomial(n, gamma) >= k) of the true one in parallel, and
 * (1 - (1 - gamma)^n)^k of it swept.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { Random } from '../../src/base/random.ts';
import { gradientsAt } from '../../src/experiments/instants.ts';
import {
  type Cell,
  cells,
  type Sequence,
  unrolled,
} from '../../src/experiments/millidge/cells.ts';
import { fig9 } from '../../src/experiments/millidge/fig9.ts';
import { mixture } from '../../src/experiments/millidge/mixture.ts';
import { type Relax, sweepBack } from '../../src/experiments/millidge/sweep.ts';
import {
  divergence,
  type Gradients,
  gradientsOf,
} from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const backend = new CpuBackend('f64');
const { signal } = new AbortController();

const relaxation =
  (gamma: number, iterations: number): Relax =>
  async (graph, weights) => {
    const instants = [iterations];
    const options = { gamma, prediction: 'fixed', instants } as const;
    return (await gradientsAt(graph, options, { backend, weights }))[0];
  };

/** A sequence and weights that are drawn, on a graph of one cell. */
async function setUp(
  cell: Cell,
  { batch = 1, inputs = 1, hidden = 1, length = 4 } = {},
) {
  const random = new Random(5, 'sequence');
  const draw = () =>
    Float64Array.from({ length: batch * inputs }, () => random.normal());
  const sequence: Sequence = {
    xs: Array.from({ length }, draw),
    targets: Array.from({ length }, draw),
  };
  const sizes = { batch, inputs, hidden };
  const graph = unrolled(cell, sizes, sequence);
  const opened = Simulation.open(graph, { rule: bp(), backend, seed: 3 });
  for (const id of ['Wh', 'Wx', 'Wy', 'Wf', 'Wi', 'Wo', 'Wc']) {
    if (cell.name === 'chain' || !graph.inits.has(id)) continue;
    const { length } = await opened.parameter(id);
    // Larger than they start, so that early time steps count.
    const large = Float64Array.from({ length }, () => 0.7 * random.normal());
    opened.setParameter(id, large);
  }
  const weights = await opened.allParameters();
  opened.destroy();
  return { sizes, sequence, graph, weights };
}

function close(found: Gradients, wanted: Gradients, least = 1e-12): void {
  expect(divergence(found, wanted).relative).toBeLessThan(least);
}

/** P(Binomial(n, p) >= k). */
function tail(n: number, p: number, k: number): number {
  let sum = 0;
  for (let j = k; j <= n; j++) {
    let ways = 1;
    for (let i = 1; i <= j; i++) ways = (ways * (n - j + i)) / i;
    sum += ways * p ** j * (1 - p) ** (n - j);
  }
  return sum;
}

describe('the chain, by hand', async () => {
  const T = 6;
  const { sizes, sequence, graph, weights } = await setUp(cells.chain, {
    length: T,
  });
  const [[wx], [wy]] = [weights.get('Wx')!, weights.get('Wy')!];
  const xs = sequence.xs.map((x) => x[0]);
  const hs = [0];
  for (const x of xs) hs.push(hs.at(-1)! + wx * x);
  const error = wy * hs[T] - sequence.targets[T - 1][0];
  /** Gradients where the k-th vertex from the output has a part of its error. */
  const byHand = (part: (k: number) => number): Gradients => {
    let [dx, dh] = [0, 0];
    for (let k = 1; k <= T; k++) {
      dx += part(k) * error * wy * xs[T - k];
      dh += part(k) * error * wy * hs[T - k];
    }
    return new Map([
      ['Wh', Float64Array.of(dh)],
      ['Wx', Float64Array.of(dx)],
      ['Wy', Float64Array.of(error * hs[T])],
    ]);
  };

  test.each([
    [0.05, 40],
    [0.3, 12],
    [1, 4],
    [1, 9],
  ])('gamma = %f, %i steps', async (gamma, n) => {
    const parallel = byHand((k) => tail(n, gamma, k));
    close(await relaxation(gamma, n)(graph, weights), parallel);
    const run = { backend, weights };
    close(await mixture(graph, { gamma, iterations: n }, run), parallel);

    const swept = byHand((k) => (1 - (1 - gamma) ** n) ** k);
    const more = { backend, weights, signal };
    const found = await sweepBack(
      cells.chain,
      sizes,
      sequence,
      relaxation(gamma, n),
      more,
    );
    close(found, swept);
  });
});

describe('swept back through time', () => {
  test('an RNN, as loops over numbers', async () => {
    const shape = { batch: 1, inputs: 2, hidden: 3, length: 4 };
    const { sizes, sequence, weights } = await setUp(cells.rnn, shape);
    const [gamma, n] = [0.1, 15];
    const found = await sweepBack(
      cells.rnn,
      sizes,
      sequence,
      relaxation(gamma, n),
      { backend, weights, signal },
    );
    close(found, loops(sequence, weights, { gamma, n, hidden: 3, inputs: 2 }));
  });

  test.each(['chain', 'rnn', 'lstm'] as const)(
    '%s: BP where a slice relaxes to its end, and not before',
    async (name) => {
      const shape = { batch: 2, inputs: 3, hidden: 4, length: 5 };
      const { sizes, sequence, graph, weights } = await setUp(
        cells[name],
        shape,
      );
      const wanted = await bpOf(graph, weights);
      const run = { backend, weights, signal };
      const of = (relax: Relax) =>
        sweepBack(cells[name], sizes, sequence, relax, run);
      close(await of(relaxation(1, 8)), wanted);
      const early = divergence(await of(relaxation(0.2, 20)), wanted).relative;
      expect(early).toBeGreaterThan(1e-3);
      const theory = await of((graph, weights) =>
        mixture(graph, { gamma: 0.2, iterations: 20 }, { backend, weights }),
      );
      close(await of(relaxation(0.2, 20)), theory);
    },
  );
});

test.each(['rnn', 'lstm'] as const)(
  'in parallel, %s follows the Binomial mixture, and of this step only',
  async (name) => {
    const shape = { batch: 2, inputs: 3, hidden: 4, length: 4 };
    const { graph, weights } = await setUp(cells[name], shape);
    const found = await relaxation(0.1, 30)(graph, weights);
    const run = { backend, weights };
    const of = (gamma: number) =>
      mixture(graph, { gamma, iterations: 30 }, run);
    close(found, await of(0.1));
    expect(divergence(found, await of(0.101)).relative).toBeGreaterThan(1e-4);
  },
);

describe('Figure 9 of Millidge', async () => {
  const params = {
    ...{ models: 'chain,rnn', chain: '1,12', rnn: '1,3' },
    ...{ hidden: '4', batch: '2', iterations: '60' },
  };
  const settings = settingsOf(fig9, params);
  const rows = await rowsOf(fig9, { params });

  test('every row is as the theory has it, and has the same keys', () => {
    expect(rows).toHaveLength(8);
    for (const row of rows) {
      expect(row.holds).toBe(true);
      expect(Object.keys(row)).toEqual(Object.keys(rows[0]));
    }
    expect(told(fig9, rows, settings).holds).toBe(true);
  });

  test('60 steps of .05 reach 3 edges, not 12; swept they reach all', () => {
    const [parallel, swept] = ['parallel', 'swept'].map(
      (schedule) =>
        rows.find(
          (row) =>
            row.model === 'chain' &&
            row.length === 12 &&
            row.schedule === schedule,
        )!.relative,
    );
    expect(parallel).toBeGreaterThan(0.4);
    // 1 - (1 - .95^60)^12 is .43, and most of the weight is on fewer edges.
    expect(swept).toBeLessThan(0.43);
    expect(swept).toBeLessThan(parallel);
  });

  test('says so where a row is not as the theory has it', () => {
    const wrong = { ...rows[0], holds: false };
    expect(told(fig9, [wrong], settings).holds).toBe(false);
  });
});

function bpOf(
  graph: Parameters<typeof gradientsOf>[0],
  weights: Gradients,
): Promise<Gradients> {
  const inits = new Map(
    [...graph.inits.keys()].map((id) => [
      id,
      { kind: 'values' as const, data: weights.get(id)! },
    ]),
  );
  return gradientsOf({ ...graph, inits }, { rule: bp(), backend });
}

/** The paper's algorithm for one sequence, after n updates of each state. */
function loops(
  { xs, targets }: Sequence,
  weights: Gradients,
  of: { gamma: number; n: number; hidden: number; inputs: number },
): Gradients {
  const { gamma, n, hidden, inputs } = of;
  const [Wh, Wx, Wy] = ['Wh', 'Wx', 'Wy'].map((id) => weights.get(id)!);
  const each = (size: number, f: (i: number) => number) =>
    Array.from({ length: size }, (_, i) => f(i));
  const dot = (size: number, f: (k: number) => number) =>
    each(size, f).reduce((a, b) => a + b, 0);
  const hs = [each(hidden, () => 0)];
  for (const x of xs) {
    const h = hs.at(-1)!;
    hs.push(
      each(hidden, (i) =>
        Math.tanh(
          dot(hidden, (k) => Wh[i * hidden + k] * h[k]) +
            dot(inputs, (k) => Wx[i * inputs + k] * x[k]),
        ),
      ),
    );
  }
  const [dh, dx, dy] = [Wh, Wx, Wy].map((w) => new Float64Array(w.length));
  // mu - x, as everywhere here; after the last time step nothing comes.
  let later = each(hidden, () => 0);
  for (let t = xs.length; t >= 1; t--) {
    const own = each(
      inputs,
      (i) =>
        dot(hidden, (k) => Wy[i * hidden + k] * hs[t][k]) - targets[t - 1][i],
    );
    const came = each(hidden, (k) => {
      const y = dot(inputs, (i) => Wy[i * hidden + k] * own[i]);
      const h = dot(hidden, (i) => {
        const slope = t < xs.length ? 1 - hs[t + 1][i] ** 2 : 0;
        return Wh[i * hidden + k] * slope * later[i];
      });
      return y + h;
    });
    const x = hs[t].slice();
    for (let step = 0; step < n; step++) {
      x.forEach((value, i) => {
        x[i] = value + gamma * (hs[t][i] - value - came[i]);
      });
    }
    const eps = x.map((value, i) => hs[t][i] - value);
    for (let i = 0; i < hidden; i++) {
      const back = (1 - hs[t][i] ** 2) * eps[i];
      for (let k = 0; k < hidden; k++)
        dh[i * hidden + k] += back * hs[t - 1][k];
      for (let k = 0; k < inputs; k++)
        dx[i * inputs + k] += back * xs[t - 1][k];
    }
    for (let i = 0; i < inputs; i++) {
      for (let k = 0; k < hidden; k++) dy[i * hidden + k] += own[i] * hs[t][k];
    }
    later = eps;
  }
  return new Map([
    ['Wh', dh],
    ['Wx', dx],
    ['Wy', dy],
  ]);
}
