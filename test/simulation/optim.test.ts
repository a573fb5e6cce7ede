import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError } from '../../src/base/errors.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { bp } from '../../src/rules/bp.ts';
import { zil } from '../../src/rules/zil.ts';
import {
  adam,
  makeOptimiser,
  momentum,
  type Optimiser,
  optimisers,
  sgd,
} from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';

/** One parameter element under an optimiser, in float64. */
type Reference = (w: number, g: number, n: number) => number;

// Oracle: PyTorch's documentation of torch.optim, written out by hand, one
// element at a time. `n` is the step, from 1.
const references: Record<string, () => Reference> = {
  'sgd, lr 0.05': () => (w, g) => w - 0.05 * g,
  'momentum, lr 0.02, 0.8': () => {
    let b = 0;
    return (w, g, n) => {
      b = n === 1 ? g : 0.8 * b + g;
      return w - 0.02 * b;
    };
  },
  'adam, its defaults': () => adamBy(0.001, 0.9, 0.999, 1e-8),
  'adam, others': () => adamBy(0.1, 0.5, 0.75, 1e-3),
  'sgd, decay': () => (w, g) => w - 0.05 * (g + 0.3 * w),
  'momentum, decay': () => {
    let b = 0;
    return (w, g, n) => {
      const own = g + 0.3 * w;
      b = n === 1 ? own : 0.8 * b + own;
      return w - 0.02 * b;
    };
  },
  'adam, decay': () => {
    const without = adamBy(0.01, 0.9, 0.999, 1e-8);
    return (w, g, n) => without(w, g + 0.3 * w, n);
  },
};

function adamBy(
  lr: number,
  beta1: number,
  beta2: number,
  epsilon: number,
): Reference {
  let m = 0;
  let v = 0;
  return (w, g, n) => {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    const mHat = m / (1 - beta1 ** n);
    const vHat = v / (1 - beta2 ** n);
    return w - (lr * mHat) / (Math.sqrt(vHat) + epsilon);
  };
}

const made: Record<string, Optimiser> = {
  'sgd, lr 0.05': sgd({ lr: 0.05 }),
  'momentum, lr 0.02, 0.8': momentum({ lr: 0.02, momentum: 0.8 }),
  'adam, its defaults': adam(),
  'adam, others': adam({ lr: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1e-3 }),
  'sgd, decay': sgd({ lr: 0.05, weightDecay: 0.3 }),
  'momentum, decay': momentum({ lr: 0.02, momentum: 0.8, weightDecay: 0.3 }),
  'adam, decay': adam({ lr: 0.01, weightDecay: 0.3 }),
};

const START = [0.5, -1.25, 2, 0.01];
const STEPS = 60;
/** Data of a step: different each time, so that states matter. */
const dataAt = (step: number) => START.map((_, i) => Math.sin(step + 3 * i));
const TARGET = [1, -2, 0.5, 0];

/** y = w * x and half the squared error: its gradient is (w x - t) x. */
function product() {
  const g = new GraphBuilder();
  const x = g.input('x', [4]);
  const w = g.param('w', [4], START);
  return g.output(w.mul(x));
}

function byHand(reference: () => Reference): number[] {
  const each = START.map(() => reference());
  let w = [...START];
  for (let step = 1; step <= STEPS; step++) {
    const x = dataAt(step);
    w = w.map((wi, i) => each[i](wi, (wi * x[i] - TARGET[i]) * x[i], step));
  }
  return w;
}

describe.each(Object.keys(references))('%s', (name) => {
  test.each([
    ['f64', 1e-13],
    ['f32', 2e-5],
  ] as const)('follows the formula in %s', async (dtype, tolerance) => {
    const wanted = byHand(references[name]);
    for (const rule of [bp(), zil()]) {
      const simulation = Simulation.open(product(), {
        rule,
        backend: new CpuBackend(dtype),
        optimiser: made[name],
      });
      for (let step = 1; step <= STEPS; step++) {
        await simulation.step({ x: dataAt(step), target: TARGET });
      }
      const got = await simulation.parameter('w');
      got.forEach((value, i) => {
        const apart = Math.abs(value - wanted[i]);
        expect(apart).toBeLessThanOrEqual(
          tolerance * Math.max(1, Math.abs(wanted[i])),
        );
      });
      simulation.destroy();
    }
  });
});

test("adam's first step is lr in the direction of the gradient", async () => {
  // Oracle: Kingma and Ba 2015, section 2.1; epsilon is 1e-8 of the rest.
  const simulation = Simulation.open(product(), {
    rule: bp(),
    backend: new CpuBackend('f64'),
    optimiser: adam({ lr: 0.01 }),
  });
  const x = [1, 1, 1, 1];
  await simulation.step({ x, target: TARGET });
  const got = await simulation.parameter('w');
  START.forEach((w, i) => {
    const wanted = w - 0.01 * Math.sign(w - TARGET[i]);
    expect(got[i]).toBeCloseTo(wanted, 6);
  });
});

describe('options', () => {
  test.each([
    ['sgd', { lr: 0 }],
    ['sgd', { lr: Number.NaN }],
    ['momentum', { lr: -1 }],
    ['momentum', { momentum: 1 }],
    ['momentum', { momentum: -0.1 }],
    ['adam', { lr: Number.POSITIVE_INFINITY }],
    ['adam', { beta1: 1 }],
    ['adam', { beta2: Number.NaN }],
    ['adam', { epsilon: 0 }],
  ] as const)('%s refuses %j', (name, options) => {
    const make: (options: Record<string, number>) => Optimiser =
      optimisers[name];
    expect(() => make(options)).toThrow(OptionError);
  });

  test('by name, with a rate or the default', () => {
    for (const name of Object.keys(optimisers)) {
      expect(makeOptimiser(name).name).toBe(name);
      expect(makeOptimiser(name, 0.5).options['lr']).toBe(0.5);
    }
    expect(makeOptimiser('adam').options['lr']).toBe(0.001);
    for (const name of ['lion', 'toString', '__proto__', '']) {
      expect(() => makeOptimiser(name)).toThrow(OptionError);
    }
  });
});
