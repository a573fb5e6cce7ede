import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { principal } from '../../src/theory/principal.ts';

const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

const random = new Random(3, 'columns');
const noise = (count: number) =>
  Float64Array.from({ length: count }, () => random.normal());

describe('principal', () => {
  // Oracle: the definition: orthogonal scores, orthonormal loadings, and the
  // two make the columns again.
  it('takes columns apart', () => {
    const columns = Array.from({ length: 7 }, () => noise(30));
    const { scores, loadings } = principal(columns, 0);
    expect(scores).toHaveLength(7);
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 7; j++) {
        const same = i === j ? 1 : 0;
        expect(dot(loadings[i], loadings[j])).toBeCloseTo(same, 12);
        if (i < j) {
          expect(Math.abs(dot(scores[i], scores[j]))).toBeLessThan(1e-11);
          expect(dot(scores[i], scores[i])).toBeGreaterThan(
            dot(scores[j], scores[j]),
          );
        }
      }
      const again = columns[i].map((_, row) =>
        scores.reduce((sum, score, k) => sum + score[row] * loadings[k][i], 0),
      );
      for (let row = 0; row < 30; row++) {
        expect(again[row]).toBeCloseTo(columns[i][row], 12);
      }
    }
  });

  // Oracle: sizes that were put in, 1 to 1e-9, by a rotation.
  it('is exact for small scores, and drops those that are less', () => {
    const a = Float64Array.of(1, 0, 0, 0);
    const b = Float64Array.of(0, 1e-4, 0, 0);
    const c = Float64Array.of(0, 0, 1e-9, 0);
    const mixed = [
      a.map((value, i) => 0.6 * value + 0.8 * b[i]),
      a.map((value, i) => -0.8 * value + 0.6 * b[i]),
      c,
    ];
    const sizes = (least: number) =>
      principal(mixed, least).scores.map((score) =>
        Math.sqrt(dot(score, score)),
      );
    const [first, second, third] = sizes(1e-12);
    expect(Math.abs(first - 1)).toBeLessThan(1e-14);
    expect(Math.abs(second / 1e-4 - 1)).toBeLessThan(1e-11);
    expect(Math.abs(third / 1e-9 - 1)).toBeLessThan(1e-11);
    expect(sizes(1e-6)).toHaveLength(2);
    expect(sizes(1e-2)).toHaveLength(1);
  });
});
