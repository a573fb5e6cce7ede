import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { rightmostRoot } from '../../src/theory/delay-roots.ts';
import { dominantMode } from '../../src/theory/growth.ts';

interface Mode {
  /** Per ms. */
  readonly growth: number;
  /** In Hz. */
  readonly frequency: number;
  readonly size: number;
  readonly phase: number;
}

/** The sum of the modes every `step` ms. */
function sum(modes: readonly Mode[], step: number, count: number) {
  return Float64Array.from({ length: count }, (_, n) =>
    modes.reduce((total, { growth, frequency, size, phase }) => {
      const t = n * step;
      const angle = (2 * Math.PI * frequency * t) / 1000 + phase;
      return total + size * Math.exp(growth * t) * Math.cos(angle);
    }, 0),
  );
}

const number = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true });

const mode = (growth: fc.Arbitrary<number>, size: fc.Arbitrary<number>) =>
  fc.record({
    growth,
    frequency: number(15, 60),
    size,
    phase: number(0, 6),
  });

describe('dominantMode', () => {
  // Oracle: the exponential that was made.
  it('of one mode is exact, growing or dying', () => {
    fc.assert(
      fc.property(
        mode(number(-0.3, 0.3), number(1e-9, 1e9)),
        fc.constantFrom(0.01, 0.1, 1),
        number(2.5, 8),
        (made, step, periods) => {
          const count = Math.ceil((periods * 1000) / made.frequency / step);
          const found = dominantMode(sum([made], step, count), step);
          expect(Math.abs(found.growth - made.growth)).toBeLessThan(1e-9);
          expect(Math.abs(found.frequency - made.frequency)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  // Oracle: of several exponentials the one that was made slowest to die.
  it('of several is the one that lasts', () => {
    const slow = mode(number(-0.02, 0.02), number(0.5, 2));
    const fast = mode(number(-0.15, -0.05), number(0.1, 3));
    fc.assert(
      fc.property(slow, fast, fast, (made, other, third) => {
        const series = sum([other, made, third], 0.1, 3000);
        const found = dominantMode(series, 0.1);
        expect(Math.abs(found.growth - made.growth)).toBeLessThan(2e-5);
        expect(Math.abs(found.frequency / made.frequency - 1)).toBeLessThan(
          1e-3,
        );
      }),
    );
  });

  it('of modes that are all there is the largest at the end', () => {
    const series = sum(
      [
        { growth: 0.01, frequency: 30, size: 1, phase: 0 },
        { growth: 0.011, frequency: 50, size: 0.1, phase: 1 },
        { growth: -0.03, frequency: 12, size: 3, phase: 2 },
      ],
      0.1,
      2000,
    );
    const found = dominantMode(series, 0.1);
    expect(found.growth).toBeCloseTo(0.01, 6);
    expect(found.frequency).toBeCloseTo(30, 3);
  });

  it('without an oscillation has frequency 0', () => {
    for (const growth of [-0.2, -0.01, 0, 0.05]) {
      const found = dominantMode(
        sum([{ growth, frequency: 0, size: 2, phase: 0 }], 0.1, 1000),
        0.1,
      );
      expect(found.growth).toBeCloseTo(growth, 10);
      expect(found.frequency).toBe(0);
    }
  });

  it('holds in float32, and at any rate of samples', () => {
    const made = { growth: -0.0123, frequency: 27.14, size: 1, phase: 0.4 };
    for (const step of [0.01, 0.1, 1, 4]) {
      const series = Float32Array.from(sum([made], step, 160 / step));
      const found = dominantMode(series, step, { tail: 1 });
      expect(Math.abs(found.growth / made.growth - 1)).toBeLessThan(1e-3);
      expect(Math.abs(found.frequency / made.frequency - 1)).toBeLessThan(1e-4);
    }
  });

  it('holds through hundreds of e-foldings', () => {
    for (const growth of [-1.5, 1.5]) {
      const made = {
        growth,
        frequency: 200,
        size: growth > 0 ? 1e-300 : 1e300,
        phase: 1,
      };
      const found = dominantMode(sum([made], 0.05, 9000), 0.05, { tail: 1 });
      expect(found.growth).toBeCloseTo(growth, 6);
      expect(found.frequency).toBeCloseTo(200, 3);
    }
  });

  // Oracle: an eigenvector; no one component shows the whole mode.
  it('takes components together, around where they rest', () => {
    const made = { growth: 0.004, frequency: 21.93, size: 1e-3, phase: 0 };
    const parts = [0, 1, 2, 3, 4, 5].map((c) =>
      sum([{ ...made, phase: c, size: made.size * c }], 0.1, 2000),
    );
    const rest = [4, -1, 0.5, 7, 0, 2];
    const rows = Array.from({ length: 2000 }, (_, n) =>
      parts.map((part, c) => part[n] + rest[c]),
    );
    const found = dominantMode(rows, 0.1, { rest });
    expect(found.growth).toBeCloseTo(made.growth, 8);
    expect(found.frequency).toBeCloseTo(made.frequency, 6);
    // The ablation: about 0 it is what rests that is largest.
    const lost = dominantMode(rows, 0.1);
    expect(Math.abs(lost.growth)).toBeLessThan(1e-6);
    expect(lost.frequency).toBeLessThan(1e-6);
  });

  // Oracle: the roots of the delay equation, which is simulated here by
  // exponential Euler steps; their error is of the order of the step.
  it.each([1, 2, 4])('of a network with a delay of %f ms', (delay) => {
    const weights = [
      [1.5, -2],
      [2.5, -1],
    ];
    const step = 0.01;
    const tau = 10;
    const ticks = delay / step;
    const keep = Math.exp(-step / tau);
    const rows: number[][] = Array.from({ length: ticks + 1 }, () => [1, 0.5]);
    for (let n = ticks; n < 20_000; n++) {
      const past = rows[n - ticks];
      rows.push(
        rows[n].map(
          (x, i) =>
            keep * x +
            (1 - keep) * (weights[i][0] * past[0] + weights[i][1] * past[1]),
        ),
      );
    }
    const found = dominantMode(rows, step);
    const theory = rightmostRoot(weights, tau, delay);
    expect(Math.abs(found.growth - theory.growth)).toBeLessThan(2e-4);
    expect(Math.abs(found.frequency / theory.frequency - 1)).toBeLessThan(3e-3);
  });

  it('refuses what cannot be measured', () => {
    const ones = new Array<number>(40).fill(1);
    expect(() => dominantMode(ones.slice(0, 30), 1)).toThrow(/at least 32/);
    expect(() => dominantMode(ones, 0)).toThrow(OptionError);
    expect(() => dominantMode(ones, 1, { tail: 2 })).toThrow(OptionError);
    expect(() => dominantMode(ones, 1, { noise: 1 })).toThrow(OptionError);
    expect(() => dominantMode(ones, 1, { rest: 1 })).toThrow(/at rest/);
    expect(() => dominantMode(ones, 1, { rest: [1, 2] })).toThrow(ShapeError);
    expect(() => dominantMode([[1, 2], ...ones.map((x) => [x])], 1)).toThrow(
      ShapeError,
    );
    expect(() => dominantMode([...ones, Infinity], 1)).toThrow(NonFiniteError);
    const pulse = ones.map((_, n) => (n === 20 ? 1e300 : 0));
    expect(() => dominantMode(pulse, 1)).toThrow(/not a sum of exponentials/);
  });
});
