import { describe, expect, it } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { leastSquares } from '../../src/theory/least-squares.ts';
import { memoryCapacity } from '../../src/theory/memory-capacity.ts';

const TAPS = 20;
const TICKS = 4000;

const random = new Random(7, 'memory');
const inputs = Float64Array.from(
  { length: TICKS },
  () => 2 * random.uniform() - 1,
);
const noise = Float64Array.from({ length: TICKS }, () => random.normal());
const past = (n: number, k: number) => (n >= k ? inputs[n - k] : 0);

/** At tick n the inputs of n - 1, n - 2 .. n - TAPS. */
const line = Array.from(inputs, (_, n) =>
  Float64Array.from({ length: TAPS }, (_, i) => past(n, i + 1)),
);

describe('memoryCapacity', () => {
  // Oracle: a delay line holds its inputs and no others.
  it('of a delay line is its length', () => {
    const { total, squares } = memoryCapacity(inputs, line, 2 * TAPS);
    expect(squares).toHaveLength(2 * TAPS);
    for (const [i, square] of squares.entries()) {
      if (i < TAPS) expect(square).toBeCloseTo(1, 12);
      // Chance: 1 / 1,980 on average; 1 in 1e5 is above 20 times that.
      else expect(square).toBeLessThan(0.01);
    }
    expect(Math.abs(total - TAPS)).toBeLessThan(0.05);
  });

  // Oracle: any regular mixture of the taps holds the same.
  it('is not changed by a mixture, a scale or a constant', () => {
    const mixed = line.map((taps) =>
      taps.map((tap, i) => 3 * tap - 2 * (taps[i - 1] ?? 0) + 5),
    );
    const { squares } = memoryCapacity(inputs, mixed, TAPS + 5);
    for (let i = 0; i < TAPS; i++) expect(squares[i]).toBeCloseTo(1, 9);
    for (let i = TAPS; i < squares.length; i++) {
      expect(squares[i]).toBeLessThan(0.01);
    }
  });

  // Oracle: r^2 of u + s e is var u / (var u + s^2); var u = 1/3.
  it('of a noisy tap is that of its noise', () => {
    const states = line.map((taps, n) => [taps[2] + 0.5 * noise[n]]);
    const { squares } = memoryCapacity(inputs, states, 5, { fitted: 0.25 });
    expect(Math.abs(squares[2] - 1 / 3 / (1 / 3 + 0.25))).toBeLessThan(0.03);
    expect(squares[1]).toBeLessThan(0.01);
  });

  it('does not score what it was fitted to', () => {
    // As many random states as ticks to fit would seem to know all.
    const states = Array.from({ length: 300 }, (_, n) =>
      Array.from(
        { length: 140 },
        (_, j) => noise[(n * 140 + j * 7919) % TICKS],
      ),
    );
    const { squares } = memoryCapacity(inputs.subarray(0, 300), states, 1);
    expect(squares[0]).toBeLessThan(0.2);
  });

  it('passes over states that are dead, doubled or constant', () => {
    const states = line.map((taps) => [0, ...taps, taps[3], 1, 2 * taps[0]]);
    const plain = memoryCapacity(inputs, line, TAPS + 3);
    const { squares } = memoryCapacity(inputs, states, TAPS + 3);
    for (const [i, square] of squares.entries()) {
      expect(square).toBeCloseTo(plain.squares[i], 9);
    }
    const dead = memoryCapacity(
      inputs,
      line.map(() => [0, 0]),
      3,
    );
    expect([...dead.squares, dead.total]).toEqual([0, 0, 0, 0]);
  });

  // Oracle: with one state w = S/(S + ridge), which no correlation sees;
  // with two of unlike size the ridge must show.
  it('takes a ridge', () => {
    const two = line.map((taps, n) => [taps[0] + noise[n], 1e-3 * taps[0]]);
    const without = memoryCapacity(inputs, two, 1);
    const strong = memoryCapacity(inputs, two, 1, { ridge: 1 });
    expect(without.total).toBeCloseTo(1, 9);
    expect(Math.abs(strong.total - 1 / 4)).toBeLessThan(0.05);
  });

  it('refuses what cannot be measured', () => {
    const few = () =>
      memoryCapacity(inputs.subarray(0, 60), line.slice(0, 60), 20);
    expect(few).toThrow(/simulate at least 66/);
    expect(
      memoryCapacity(inputs.subarray(0, 66), line.slice(0, 66), 20).squares[0],
    ).toBeCloseTo(1, 9);
    expect(() => memoryCapacity(inputs, line.slice(1), 5)).toThrow(ShapeError);
    expect(() => memoryCapacity([1, 2, 3], [[1], [2, 3], [1]], 1)).toThrow(
      /State 1 has 2/,
    );
    expect(() => memoryCapacity(inputs, line, 0)).toThrow(OptionError);
    expect(() => memoryCapacity(inputs, line, 5, { fitted: 1 })).toThrow(
      OptionError,
    );
    expect(() => memoryCapacity(inputs, line, 5, { ridge: -1 })).toThrow(
      OptionError,
    );
    const broken = [
      ...line.slice(0, 9),
      [...line[9].slice(1), Number.NaN],
      ...line.slice(10),
    ];
    expect(() => memoryCapacity(inputs, broken, 5)).toThrow(NonFiniteError);
  });
});

describe('leastSquares', () => {
  // Oracle: what is left is orthogonal to every column, which is the
  // definition of the least sum of squares.
  it('leaves what no column can take away', () => {
    const columns = Array.from({ length: 6 }, (_, j) =>
      Float64Array.from({ length: 40 }, (_, i) => noise[i * 6 + j]),
    );
    const side = noise.slice(1000, 1040);
    const [x] = leastSquares(
      columns.map((c) => c.slice()),
      [side.slice()],
    );
    const left = side.map((value, i) =>
      columns.reduce((rest, column, j) => rest - x[j] * column[i], value),
    );
    for (const column of columns) {
      const along = column.reduce((sum, value, i) => sum + value * left[i], 0);
      expect(Math.abs(along)).toBeLessThan(1e-12);
    }
  });

  it('solves exactly where that is possible', () => {
    const a = [Float64Array.of(2, 0), Float64Array.of(1, 3)];
    const [x] = leastSquares(a, [Float64Array.of(5, 9)]);
    expect([...x].map((value) => Math.round(value * 1e12) / 1e12)).toEqual([
      1, 3,
    ]);
  });
});
