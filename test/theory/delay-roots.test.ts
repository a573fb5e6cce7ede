import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import {
  abs,
  arg,
  type Complex,
  complex,
  divide,
  exp,
  multiply,
  scale,
} from '../../src/theory/complex.ts';
import {
  delayRoot,
  onsetOf,
  rightmostRoot,
} from '../../src/theory/delay-roots.ts';
import { complexDeterminant, square } from './determinant.ts';

type Network = readonly [
  weights: readonly number[][],
  tau: number,
  delay: number,
];

// Beside an eigenvalue 0 rounding decides: it has no root but -1/tau, and
// another of 1e-16 has one that moves right as the delay grows.
const networks: fc.Arbitrary<Network> = fc
  .tuple(
    square(4).filter(
      (weights) =>
        abs(
          complexDeterminant(weights.map((row) => row.map((w) => complex(w)))),
        ) > 0.01,
    ),
    fc.double({ min: 0.5, max: 20, noNaN: true }),
    fc.double({ min: 0.05, max: 8, noNaN: true }),
  )
  .map(([weights, tau, ratio]) => [weights, tau, ratio * tau]);

/** det((tau lambda + 1) I - W e^(-lambda D)): the definition. */
function characteristic([weights, tau, delay]: Network, lambda: Complex) {
  const echo = exp(scale(lambda, -delay));
  const own = complex(tau * lambda.re + 1, tau * lambda.im);
  return complexDeterminant(
    weights.map((row, i) =>
      row.map((weight, j) => ({
        re: (i === j ? own.re : 0) - weight * echo.re,
        im: (i === j ? own.im : 0) - weight * echo.im,
      })),
    ),
  );
}

/**
 * Roots within a closed path, by the principle of the argument: how often the
 * determinant goes round 0 on the way.
 */
function rootsWithin(network: Network, path: (u: number) => Complex): number {
  const at = (u: number) => characteristic(network, path(u));
  // No root is passed between two points that differ so little.
  const near = (a: Complex, b: Complex) => {
    const { re, im } = divide(b, a);
    return Math.hypot(re - 1, im) < 0.6;
  };
  let total = 0;
  let [u, step, value] = [0, 1e-3, at(0)];
  while (u < 1) {
    const next = Math.min(1, u + step);
    const [middle, other] = [at((u + next) / 2), at(next)];
    if (near(value, middle) && near(middle, other)) {
      total += arg(divide(middle, value)) + arg(divide(other, middle));
      [u, value] = [next, other];
      step = Math.min(1e-2, 1.5 * step);
    } else {
      step /= 3;
      if (step < 1e-13) throw new Error('a root is on the path');
    }
  }
  return Math.round(total / (2 * Math.PI));
}

const circle = (centre: Complex, radius: number) => (u: number) => ({
  re: centre.re + radius * Math.cos(2 * Math.PI * u),
  im: centre.im + radius * Math.sin(2 * Math.PI * u),
});

/** A rectangle around all roots right of a vertical line. */
function rightOf([weights, tau, delay]: Network, line: number) {
  const norm = Math.max(
    ...weights.map((row) => row.reduce((sum, w) => sum + Math.abs(w), 0)),
  );
  // |tau lambda + 1| <= |W| e^(-line D) of each of them.
  const reach = 2 / tau + (norm / tau) * Math.exp(-line * delay);
  const right = Math.abs(line) + reach;
  const corners = [
    [line, -reach],
    [right, -reach],
    [right, reach],
    [line, reach],
    [line, -reach],
  ];
  return (u: number) => {
    const side = Math.min(3, Math.floor(4 * u));
    const part = 4 * u - side;
    const [[x, y], [toX, toY]] = [corners[side], corners[side + 1]];
    return complex(x + (toX - x) * part, y + (toY - y) * part);
  };
}

describe('rightmostRoot', () => {
  // Oracle: two excitatory and inhibitory units, computed elsewhere.
  it.each([
    [1, -0.039, 29.4],
    [2, -0.0123, 27.14],
    [4, 0.0126, 21.93],
  ])('of two units with a delay of %f ms', (delay, growth, frequency) => {
    const weights = [
      [1.5, -2],
      [2.5, -1],
    ];
    const found = rightmostRoot(weights, 10, delay);
    expect(Math.abs(found.growth - growth)).toBeLessThan(0.51e-4);
    expect(Math.abs(found.frequency - frequency)).toBeLessThan(0.51e-2);
  });

  // Oracle: the principle of the argument, close around the root. Roots
  // that meet in one, as those of whole numbers do, are less sharp.
  it('is a root', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const { root } = rightmostRoot(...network);
        const radius = 2e-3 / (network[1] + network[2]);
        const found = rootsWithin(network, circle(root, radius));
        expect(found).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  it('is one root, to nine digits, of numbers of chance', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed, 'weights');
      const n = 1 + (seed % 6);
      const weights = Array.from({ length: n }, () =>
        Array.from({ length: n }, () => random.normal()),
      );
      const network = [weights, 10, 15 * random.uniform()] as const;
      const { root } = rightmostRoot(...network);
      const path = circle(root, 1e-9 * (abs(root) + 0.1));
      expect(rootsWithin(network, path)).toBe(1);
    }
  });

  it('has none to its right', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const [, tau, delay] = network;
        const { growth } = rightmostRoot(...network);
        // Not too many roots near the line to follow them.
        fc.pre(growth * delay > -3);
        const margin = 2e-3 / (tau + delay);
        const [none, some] = [growth + margin, growth - margin].map((line) =>
          rootsWithin(network, rightOf(network, line)),
        );
        expect(none).toBeCloseTo(0, 9);
        expect(some).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('is that of the principal branch', () => {
    const part = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(
        part,
        part,
        fc.double({ min: 0.1, max: 9, noNaN: true }),
        (re, im, delay) => {
          fc.pre(Math.hypot(re, im) > 1e-6);
          const mu = complex(re, im);
          const first = delayRoot(mu, 2, delay, 0);
          for (const branch of [-3, -2, -1, 1, 2, 3]) {
            const other = delayRoot(mu, 2, delay, branch);
            expect(other.re).toBeLessThanOrEqual(first.re + 1e-9);
            // It is a root too, by the definition.
            const left = complex(2 * other.re + 1, 2 * other.im);
            const right = multiply(mu, exp(scale(other, -delay)));
            expect(
              Math.hypot(left.re - right.re, left.im - right.im),
            ).toBeLessThan(1e-10 * (1 + abs(left)));
          }
        },
      ),
    );
  });

  // Oracle: without a delay the roots are (mu - 1)/tau.
  it('holds without a delay, and goes there', () => {
    const turn = [
      [0, -2],
      [2, 0],
    ];
    const still = rightmostRoot(turn, 10, 0);
    expect(still.growth).toBeCloseTo(-0.1, 14);
    expect(still.frequency).toBeCloseTo(100 / Math.PI, 11);
    const short = rightmostRoot(turn, 10, 1e-9);
    expect(short.growth).toBeCloseTo(-0.1, 9);
    expect(rightmostRoot([[0]], 10, 3)).toEqual({
      growth: -0.1,
      frequency: 0,
      root: { re: -0.1, im: 0 },
    });
  });

  // Oracle: without loops every mode dies with tau, however long the delay.
  it('of a chain is -1/tau', () => {
    const chain = [
      [0, 0, 0],
      [3, 0, 0],
      [-7, 0.3, 0],
    ];
    expect(rightmostRoot(chain, 10, 800).growth).toBe(-0.1);
  });

  it('refuses what it cannot take', () => {
    expect(() => rightmostRoot([], 10, 1)).toThrow(OptionError);
    expect(() => rightmostRoot([[1, 2]], 10, 1)).toThrow(ShapeError);
    expect(() => rightmostRoot([[1]], 0, 1)).toThrow(/Time constant 0 ms/);
    expect(() => rightmostRoot([[1]], 10, -1)).toThrow(/Delay -1 ms/);
    expect(() => rightmostRoot([[1]], 10, Number.NaN)).toThrow(OptionError);
    expect(() => rightmostRoot([[1]], 1, 601)).toThrow(/0 to 600 ms/);
  });
});

describe('onsetOf', () => {
  // Oracle: the closed form of delayed inhibition, and its numbers for g = 2.
  it('of delayed inhibition', () => {
    const onset = onsetOf(complex(-2), 10)!;
    expect(onset.delay).toBeCloseTo(12.092, 3);
    expect(onset.frequency).toBeCloseTo(27.566, 3);
    fc.assert(
      fc.property(fc.double({ min: 1.01, max: 20, noNaN: true }), (g) => {
        const w = Math.sqrt(g * g - 1);
        const { delay, frequency } = onsetOf(complex(-g), 3)!;
        expect(delay).toBeCloseTo((3 * Math.acos(-1 / g)) / w, 9);
        expect(frequency).toBeCloseTo((1000 * w) / (2 * Math.PI * 3), 8);
      }),
    );
  });

  // Oracle: the roots there, which come from Lambert's W.
  it('is where growth changes its sign', () => {
    const part = fc.double({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(part, part, (re, im) => {
        const mu = complex(re, im);
        fc.pre(abs(mu) > 1.01 && re < 0.99);
        const { delay, frequency } = onsetOf(mu, 10)!;
        const [before, there, after] = [0.99, 1, 1.01].map((factor) =>
          delayRoot(mu, 10, factor * delay, 0),
        );
        expect(before.re).toBeLessThan(0);
        expect(Math.abs(there.re)).toBeLessThan(1e-12 / delay);
        expect(after.re).toBeGreaterThan(0);
        expect(Math.abs(there.im)).toBeCloseTo(
          (2 * Math.PI * frequency) / 1000,
          9,
        );
      }),
    );
  });

  it('is nowhere if the delay makes no difference', () => {
    expect(onsetOf(complex(-1), 10)).toBeUndefined();
    expect(onsetOf(complex(0.5, 0.5), 10)).toBeUndefined();
    expect(onsetOf(complex(1.5, 2), 10)).toBeUndefined();
    expect(() => onsetOf(complex(-2), 0)).toThrow(OptionError);
  });
});
