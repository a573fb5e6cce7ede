/**
 * Oracle: THEORY, section 4: with fixed predictions a parameter that is read k
 * edges from the output lacks P(Binomial(n, gamma) < k) of its gradient where
 * there is one path, whatever the weights are. Not by the code of the
 * experiment's own expectation, which mixes waves.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { fig5 } from '../../src/experiments/millidge/fig5.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const backend = new CpuBackend('f64');
const params = {
  ...{ models: 'rnn', rnn: '4', hidden: '5', batch: '3', letters: '2' },
  ...{ tests: '2', rnnT: '12', gamma: '0.3' },
};
const settings = settingsOf(fig5, params);

/** P(Binomial(n, p) < k), from n over j by hand. */
function below(n: number, p: number, k: number): number {
  let [sum, over] = [0, 1];
  for (let j = 0; j < k; j++) {
    sum += over * p ** j * (1 - p) ** (n - j);
    over = (over * (n - j)) / (j + 1);
  }
  return sum;
}

describe('fig5', () => {
  test('the CNN lacks what the Binomial distribution says, all along', async () => {
    const own = {
      ...{ models: 'cnn', cnn: '4', dense: '9,8', batch: '1', tests: '2' },
      ...{ cnnT: '30', gamma: '0.3', pictures: '8' },
    };
    const rows = await rowsOf(fig5, { backend, params: own });
    expect(rows).toHaveLength(10 * 3);
    // A gradient may be 0 as a whole, where all units are dead.
    expect(rows.filter(({ length }) => length > 0).length).toBeGreaterThan(20);
    for (const { parameter, edges, length, relative, expected } of rows) {
      const wanted = length === 0 ? 0 : below(30, 0.3, edges);
      expect([parameter, relative]).toEqual([
        parameter,
        expect.closeTo(wanted, 12),
      ]);
      expect(expected).toBeCloseTo(wanted, 12);
    }
    const edges = new Map(rows.map((row) => [row.parameter, row.edges]));
    expect(edges.get('W5')).toBe(0);
    expect(edges.get('K1')).toBe(10);
    expect(told(fig5, rows, settings).holds).toBe(true);
  });

  const rows = rowsOf(fig5, { backend, params });

  test('where there are many paths, the mixture is what is measured', async () => {
    const got = await rows;
    expect(
      got.map(({ step }) => step).filter((s, i, all) => all.indexOf(s) === i),
    ).toEqual([0, 2, 4]);
    for (const { deviation, holds } of got) {
      expect(holds).toBe(true);
      expect(deviation).toBeLessThan(1e-12);
    }
    // Not for nothing is it small: something is lost.
    expect(Math.max(...got.map(({ relative }) => relative))).toBeGreaterThan(
      0.01,
    );
  });

  test('a gradient that is not of the theory does not hold', async () => {
    const [first, ...others] = await rows;
    const wrong = [{ ...first, holds: false }, ...others];
    const { holds, lines } = told(fig5, wrong, settings);
    expect(holds).toBe(false);
    expect(lines.join(' ')).toContain(
      `NOT as theory says: rnn, ${first.parameter}`,
    );
  });

  test.each([
    [2, 'it comes out', '2.00'],
    [99, 'it does NOT come out', '99.0'],
  ])(
    'a divergence %d times the first is told',
    async (times, verdict, text) => {
      const got = await rows;
      const firstOf = (parameter: string) =>
        got.find((row) => row.parameter === parameter && row.step === 0)!;
      const grown = got.map((row) => ({
        ...row,
        relative: firstOf(row.parameter).relative * (row.step > 0 ? times : 1),
      }));
      const { lines } = told(fig5, grown, settings);
      expect(lines.find((line) => line.includes('claim'))).toContain(verdict);
      expect(lines.join(' ')).toContain(`it is ${text} times`);
    },
  );

  test('what is exactly 0 is said, not drawn', async () => {
    const [figure] = fig5.figures(await rows, settings);
    if (figure.kind !== 'lines') throw new Error(figure.kind);
    expect(figure.lines.map(({ name }) => name)).toEqual([
      'Wx',
      'Wh',
      'theory',
    ]);
    expect(figure.caption).toContain('Wy: exactly 0');
  });
});
