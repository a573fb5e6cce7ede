/**
 * Oracles: THEORY's equations written out for a chain of two scalars, IL itself
 * where every Pi is 1, the closed form of the optimal Sigma, and the energy's
 * differences.
 */

import { describe, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { feedsFor } from '../../src/proof/check.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { ipc } from '../../src/rules/ipc.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { type Sample, Simulation } from '../../src/simulation/simulate.ts';

const backend = new CpuBackend('f64');

/** y = w2 (w1 x), all scalars in batches of `batch`. */
function chain(batch = 1) {
  const g = new GraphBuilder();
  const x = g.input('x', [batch, 1]);
  const w1 = g.param('w1', [1, 1], { kind: 'constant', value: 0.75 });
  const w2 = g.param('w2', [1, 1], { kind: 'constant', value: -1.25 });
  const h = g.apply('linear', [x, w1], {}, 'h');
  return g.output(g.apply('linear', [h, w2], {}, 'y'));
}

interface State {
  w1: number;
  w2: number;
  lnH: number;
  lnY: number;
}

/**
 * IL on the chain for one example, by hand; with `every`, all that learns does
 * so every so many steps, by plain gradient descent.
 */
function byHand(
  state: State,
  { x, y }: { x: number; y: number },
  run: { gamma: number; steps: number; every: number; rate: number },
) {
  const { gamma, steps, every, rate } = run;
  let { w1, w2, lnH, lnY } = state;
  let h = w1 * x;
  let muH = h;
  let muY = w2 * h;
  let epsH = 0;
  let epsY = muY - y;
  const errors: number[] = [epsH];
  // What is sent at t is made of the state at t, before anything learns.
  let [piH, piY] = [Math.exp(-lnH), Math.exp(-lnY)];
  let s = w2 * piY * epsY;
  for (let t = 1; t <= steps; t++) {
    const moved = h + gamma * (piH * epsH - s);
    const muBefore = muH;
    muH = w1 * x;
    epsH = (1 - gamma * piH) * epsH + gamma * s + (muH - muBefore);
    h = moved;
    muY = w2 * h;
    epsY = muY - y;
    errors.push(epsH);
    [piH, piY] = [Math.exp(-lnH), Math.exp(-lnY)];
    s = w2 * piY * epsY;
    if (t % every === 0) {
      const gradients = {
        w1: piH * epsH * x,
        w2: piY * epsY * h,
        lnH: 0.5 * (1 - piH * epsH * epsH),
        lnY: 0.5 * (1 - piY * epsY * epsY),
      };
      w1 -= rate * gradients.w1;
      w2 -= rate * gradients.w2;
      lnH -= rate * gradients.lnH;
      lnY -= rate * gradients.lnY;
    }
  }
  return { errors, state: { w1, w2, lnH, lnY } };
}

const START: State = { w1: 0.75, w2: -1.25, lnH: 0, lnY: 0 };
const DATA = { x: 0.875, y: 0.375 };

async function simulated(rule: Rule, rate: number, steps = 3) {
  const options = { rule, backend, optimiser: sgd({ lr: rate }), seed: 1 };
  const simulation = Simulation.open(chain(), options);
  const errors: number[] = [];
  simulation.probe('h').error$.subscribe(({ data }: Sample) => {
    errors.push(data[0]);
  });
  for (let i = 0; i < steps; i++) {
    await simulation.step({ x: [DATA.x], target: [DATA.y] });
  }
  const all = await simulation.allParameters();
  const of = (id: string) => (all.get(id) as ArrayLike<number>)[0];
  simulation.destroy();
  const state = {
    ...{ w1: of('w1'), w2: of('w2') },
    ...{ lnH: of('@lnSigma/h'), lnY: of('@lnSigma/y') },
  };
  return { errors, state };
}

function close(got: readonly number[], wanted: readonly number[]) {
  expect(got).toHaveLength(wanted.length);
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i], 12);
  });
}

describe('learned precisions', () => {
  test.each([1, 5, 20])(
    'il on a chain, learning every %i steps, is what the equations say',
    async (every) => {
      const run = { gamma: 0.1, steps: 20, every, rate: 0.05 };
      const rule = il({
        ...{ gamma: 0.1, steps: 20, plasticity: every },
        precision: 'learned',
      });
      const got = await simulated(rule, run.rate);
      let state = START;
      const errors: number[] = [];
      for (let i = 0; i < 3; i++) {
        const step = byHand(state, DATA, run);
        state = step.state;
        errors.push(...step.errors);
      }
      close(got.errors, errors);
      close(Object.values(got.state), Object.values(state));
      expect(Math.abs(state.lnH)).toBeGreaterThan(0.01);
    },
  );

  test('ipc is il that learns at every step', async () => {
    const run = { gamma: 0.1, steps: 20, every: 1, rate: 0.02 };
    const got = await simulated(ipc({ precision: 'learned' }), run.rate, 1);
    const wanted = byHand(START, DATA, run);
    close(got.errors, wanted.errors);
    close(Object.values(got.state), Object.values(wanted.state));
  });

  const graph = mlp({ sizes: [5, 7, 6, 3], batch: 4 });
  const feeds = feedsFor(graph, 3);
  const gradients = async (rule: Rule) => {
    const options = { rule, backend, optimiser: null, seed: 2 };
    const simulation = Simulation.open(graph, options);
    await simulation.step(feeds);
    const found = await simulation.gradients();
    simulation.destroy();
    return found;
  };
  const rules: [string, (precision: 'one' | 'learned') => Rule][] = [
    ['il', (precision) => il({ steps: 12, precision })],
    ['il, fixed', (precision) => il({ prediction: 'fixed', precision })],
    ['ipc', (precision) => ipc({ precision })],
    ['zil', (precision) => zil({ precision })],
    ['fazil', (precision) => fazil({ precision })],
  ];
  test.each(rules)(
    '%s: where every Pi is 1, no bit changes',
    async (_, make) => {
      const one = await gradients(make('one'));
      const learned = await gradients(make('learned'));
      for (const [id, values] of one) expect(learned.get(id)).toEqual(values);
      const added = [...learned.keys()].filter((id) =>
        id.startsWith('@lnSigma/'),
      );
      expect(added.length).toBeGreaterThan(3);
    },
  );

  test.each(rules)(
    '%s: at Sigma = mean squared error the gradient is 0',
    async (_, make) => {
      // One layer: the output's errors are what they are, whatever Pi is.
      const g = new GraphBuilder();
      const x = g.input('x', [6, 3]);
      const w = g.param('w', [2, 3], { kind: 'normal', std: 1 });
      const single = g.output(g.apply('linear', [x, w], {}, 'y'));
      const data = feedsFor(single, 9);
      const options = { rule: make('learned'), backend, optimiser: null };
      const simulation = Simulation.open(single, { ...options, seed: 4 });
      const mu = await simulation.predict({ x: data.x });
      const square = [0, 1].map((j) => {
        let sum = 0;
        for (let b = 0; b < 6; b++) {
          sum += (mu[2 * b + j] - data.target[2 * b + j]) ** 2;
        }
        return sum / 6;
      });
      const slope = async (factor: number) => {
        simulation.setParameter(
          '@lnSigma/y',
          square.map((value) => Math.log(factor * value)),
        );
        await simulation.step(data);
        return (await simulation.gradients()).get('@lnSigma/y') as Float64Array;
      };
      // Rules that learn several times a presentation sum their gradients.
      for (const value of await slope(1)) expect(value).toBeCloseTo(0, 11);
      for (const value of await slope(2)) expect(value).toBeGreaterThan(0.2);
      for (const value of await slope(0.5)) expect(value).toBeLessThan(-0.4);
      simulation.destroy();
    },
  );

  test('the gradient is the slope of the energy', async () => {
    const options = {
      rule: il({ steps: 1, gamma: 1e-9, precision: 'learned' }),
      ...{ backend, optimiser: null, seed: 5 },
    };
    const simulation = Simulation.open(graph, options);
    let energy = 0;
    simulation.energy$.subscribe(({ data }) => {
      energy = data[0];
    });
    const out = graph.output.id;
    const at = async (ln: readonly number[]) => {
      simulation.setParameter(`@lnSigma/${out}`, ln);
      await simulation.step(feeds);
      return energy;
    };
    const ln = [0.3, -0.2, 0.7];
    await at(ln);
    const gradient = (await simulation.gradients()).get(`@lnSigma/${out}`)!;
    for (let j = 0; j < 3; j++) {
      const shifted = (by: number) => ln.map((v, k) => v + (k === j ? by : 0));
      const d = ((await at(shifted(1e-5))) - (await at(shifted(-1e-5)))) / 2e-5;
      // The energy is summed over the batch, the gradient averaged.
      expect(d / 4).toBeCloseTo(gradient[j], 6);
    }
    simulation.destroy();
  });

  test('a loss that is no squared error has no precision at the output', async () => {
    const classes = mlp({ sizes: [5, 4, 3], batch: 2, loss: 'softmax_xent' });
    const options = { rule: zil({ precision: 'learned' }), backend };
    const simulation = Simulation.open(classes, {
      ...options,
      optimiser: null,
    });
    const names = [...(await simulation.allParameters()).keys()];
    expect(names).not.toContain(`@lnSigma/${classes.output.id}`);
    expect(names.some((name) => name.startsWith('@lnSigma/'))).toBe(true);
    simulation.destroy();
  });
});
