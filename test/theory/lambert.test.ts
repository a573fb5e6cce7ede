import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonFiniteError, OptionError } from '../../src/base/errors.ts';
import {
  abs,
  type Complex,
  complex,
  exp,
  multiply,
  subtract,
} from '../../src/theory/complex.ts';
import { lambertW } from '../../src/theory/lambert.ts';

const turn = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
const branches = fc.integer({ min: -3, max: 3 });
const exponents = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map((power) => 10 ** power);

const around = (centre: number, size: number, angle: number): Complex =>
  complex(centre + size * Math.cos(angle), size * Math.sin(angle));

function residual(z: Complex, w: Complex): number {
  return abs(subtract(multiply(w, exp(w)), z)) / abs(z);
}

/**
 * The branch whose range holds w, by the curves of Corless et al., figure 4:
 * branches k and k + 1 (k >= 0) meet at -y cot y + y i for y from 2 k pi to
 * (2 k + 1) pi, those below the real axis are the mirror image of it.
 */
function branchOf({ re, im }: Complex): number {
  if (im === 0) return re >= -1 ? 0 : -1;
  const y = Math.abs(im);
  const turns = Math.floor(y / Math.PI);
  const left = turns % 2 === 1 || re < -y / Math.tan(y);
  const k = Math.floor(turns / 2) + (left ? 1 : 0);
  return im > 0 ? k : -k;
}

describe('lambertW', () => {
  // Oracle: the definition.
  it('solves w e^w = z', () => {
    fc.assert(
      fc.property(exponents(-6, 6), turn, branches, (size, angle, k) => {
        const z = around(0, size, angle);
        expect(residual(z, lambertW(z, k))).toBeLessThan(1e-12);
      }),
      { numRuns: 2000 },
    );
  });

  it('solves it beside the branch point too', () => {
    fc.assert(
      fc.property(exponents(-17, 0), turn, branches, (size, angle, k) => {
        const z = around(-1 / Math.E, size, angle);
        expect(residual(z, lambertW(z, k))).toBeLessThan(1e-12);
      }),
      { numRuns: 2000 },
    );
  });

  // Oracle: geometry of the ranges, which knows nothing of logarithms.
  it('gives the w of the branch that was asked for', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -12, max: 12, noNaN: true }),
        fc.double({ min: -20, max: 20, noNaN: true }),
        (re, im) => {
          const w = complex(re, im);
          // On the cut, and where branches meet, rounding takes sides.
          const edge = Math.abs(re + im / Math.tan(im));
          fc.pre(im === 0 || (Math.abs(im) > 1e-3 && edge > 1e-3));
          fc.pre(abs(subtract(w, complex(-1))) > 1e-2);
          const found = lambertW(multiply(w, exp(w)), branchOf(w));
          expect(abs(subtract(found, w))).toBeLessThanOrEqual(1e-10 * abs(w));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is mirrored at the real axis, off the cuts', () => {
    fc.assert(
      fc.property(exponents(-3, 3), turn, branches, (size, angle, k) => {
        fc.pre(angle !== 0 && Math.abs(angle) < 3.1);
        const z = around(0, size, angle);
        const w = lambertW(z, k);
        const mirror = lambertW(complex(z.re, -z.im), -k);
        expect(mirror.re).toBeCloseTo(w.re, 12);
        expect(mirror.im).toBeCloseTo(-w.im, 12);
      }),
    );
  });

  // Oracle: mpmath with 30 digits; the first is the omega constant.
  it.each([
    [complex(1), 0, 0.5671432904097838, 0],
    [complex(-1), 0, -0.31813150520476413, 1.3372357014306895],
    [complex(-0.3), -1, -1.7813370234216277, 0],
    [complex(10), 1, 0.7113903608251336, 4.8577983561795905],
    [complex(-2, 3), -2, -0.8900542523096662, -8.73523335360939],
    [complex(0.5, -4), 3, -1.3662754272284312, 15.74576407306177],
    [complex(1e5), 0, 9.284571428622108, 0],
    [complex(1e-5), -1, -14.193190213818829, -3.3750503994850813],
    [complex(-0.36), 0, -0.8060843159708176, 0],
  ])('W(%j), branch %i', (z, k, re, im) => {
    const w = lambertW(z, k);
    expect(Math.abs(w.re - re)).toBeLessThan(2e-15 * Math.hypot(re, im));
    expect(Math.abs(w.im - im)).toBeLessThan(2e-15 * Math.hypot(re, im));
  });

  // Oracle: e^(i pi/2) = i.
  it('knows what is exact', () => {
    const z = complex(-Math.PI / 2);
    expect(lambertW(z).im).toBeCloseTo(Math.PI / 2, 14);
    expect(lambertW(z, -1).im).toBeCloseTo(-Math.PI / 2, 14);
    expect(lambertW(complex(Math.E)).re).toBeCloseTo(1, 15);
    expect(lambertW(complex(0))).toEqual(complex(0));
    expect(lambertW(complex(-1 / Math.E)).re).toBeCloseTo(-1, 7);
    expect(lambertW(complex(-1 / Math.E), -1).re).toBeCloseTo(-1, 7);
  });

  it('takes the value above a cut, for a zero of either sign', () => {
    expect(lambertW(complex(-2, -0))).toEqual(lambertW(complex(-2, 0)));
    expect(lambertW(complex(-2, 0)).im).toBeGreaterThan(0);
    expect(lambertW(complex(-2, -1e-9)).im).toBeLessThan(0);
  });

  it('holds over the range of float64', () => {
    for (const size of [1e-300, 1e-100, 1e100, 1e300]) {
      for (let k = -3; k <= 3; k++) {
        const z = around(0, size, 2);
        // One part in 1e16 of an exponent of 700 is that much.
        expect(residual(z, lambertW(z, k))).toBeLessThan(1e-9);
      }
    }
  });

  it('refuses what has no value', () => {
    expect(() => lambertW(complex(1), 0.5)).toThrow(OptionError);
    expect(() => lambertW(complex(0), 1)).toThrow(/infinite at 0/);
    expect(() => lambertW(complex(Number.NaN))).toThrow(NonFiniteError);
    expect(() => lambertW(complex(1, Infinity))).toThrow(NonFiniteError);
  });
});
