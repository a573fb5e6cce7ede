/**
 * Elementwise kernels in WebAssembly. Oracle: the same kernel as a loop in
 * JavaScript on the same numbers, bit by bit; all NaNs are one.
 */

import { describe, expect, test } from 'vitest';
import type { FloatArray } from '../../src/base/tensor.ts';
import { parseExpression } from '../../src/formula/expression.ts';
import type { Form } from '../../src/formula/loop.ts';
import { addressOf, floatsInArena } from '../../src/formula/wasm/arena.ts';
import { type Along, type MapSpec, mapKernel } from '../../src/kernels/map.ts';
import { jsForm, wasmForm } from '../../src/kernels/map-cpu.ts';
import { type Parts, placeOf } from '../../src/kernels/parts.ts';
import { CORNERS, difference } from '../formula/loops.ts';

interface Tried extends Omit<MapSpec, 'name'> {
  readonly forms?: readonly Form[];
}

function partsOf(spec: Tried): Parts {
  const { each, single = [], along = [], coordinates = [] } = spec;
  return {
    constants: spec.constants ?? [],
    coordinates,
    ways: spec.forms ?? [],
    placed: [...along, ...coordinates],
    operands: [
      ...each.map((name) => ({ name, at: 'i' })),
      ...single.map((name) => ({ name, at: '0' })),
      ...along.map((name) => ({ name, at: `at_${name}` })),
    ],
    outputs: spec.outputs.map(([name, text]) => ({
      name,
      formula: parseExpression(text),
      inPlace: each.includes(name) ? each.indexOf(name) : null,
    })),
  };
}

type Dtype = 'f32' | 'f64';

function inArena(dtype: Dtype, values: ArrayLike<number>): FloatArray {
  const array = floatsInArena(dtype, values.length);
  if (!array) throw new Error('no arena');
  array.set(values);
  return array;
}

const numberAt = (i: number) =>
  i % 3 === 0 ? CORNERS[(i / 3) % CORNERS.length] : Math.sin(i * i) * 4;

/** The first difference of both forms; 'none' where there is no quick one. */
function compare(
  dtype: Dtype,
  spec: Tried,
  n: number,
  {
    places = [] as readonly Along[],
    threads = 1,
    same = false,
    other = spec,
  } = {},
): string | null {
  const single = dtype === 'f32';
  const parts = partsOf(spec);
  const sizes = parts.operands.map(({ at }) =>
    at === 'i' ? n : at === '0' ? 1 : n,
  );
  const made = sizes.map((size, k) =>
    inArena(
      dtype,
      Array.from({ length: size }, (_, i) => numberAt(i + 7 * k)),
    ),
  );
  // The same array under two names.
  if (same) made[1] = made[0];
  const named = (spec.constants ?? []).map((name, k) => [name, 0.1 + k / 3]);
  const placed = parts.placed.flatMap((name, k) => {
    const [step, count, low] = places[k];
    const at = placeOf(name);
    return [
      ...[
        [at.step, step],
        [at.count, count],
      ],
      [at.low, low],
    ] as const;
  });
  const params = { n, ...Object.fromEntries([...placed, ...named]) };
  const home = ({ inPlace }: { inPlace: number | null }, all: FloatArray[]) =>
    inPlace === null
      ? inArena(dtype, new Float64Array(n + 3).fill(7))
      : all[inPlace];
  const mine = parts.outputs.map((output) => home(output, made)) as [
    FloatArray,
  ];
  const before = made.map((array) => array.slice());
  if (same) before[1] = before[0];
  const right = parts.outputs.map(({ inPlace }, k) =>
    inPlace === null ? mine[k].slice() : before[inPlace],
  ) as [FloatArray];
  jsForm(parts, single)(before, right, params);
  const quick = wasmForm(partsOf(other), single);
  if (!quick(made, mine, params, threads)) return 'none';
  for (const [k, array] of mine.entries()) {
    const found = difference(array, right[k]);
    if (found) return `output ${k}: ${found}`;
  }
  return null;
}

const PLAIN: Readonly<Record<string, Tried>> = {
  copy: { each: ['x'], outputs: [['y', 'x']] },
  number: { each: ['x'], outputs: [['y', '0.1']] },
  condition: { each: ['x', 'z'], outputs: [['y', 'x < z']] },
  sum: { each: ['x', 'z'], outputs: [['y', 'x + z']] },
  accumulate: { each: ['s', 'e'], outputs: [['s', 's + e']] },
  constants: {
    each: ['x'],
    single: ['rate'],
    constants: ['k', 'k2'],
    outputs: [['y', 'where(x > k, rate * k2, (k + k2) * x)']],
  },
  // Formulas that follow an output see its new value.
  momentum: {
    each: ['w', 'g', 'v'],
    single: ['rate'],
    constants: ['momentum'],
    outputs: [
      ['v', 'momentum * v + g'],
      ['w', 'w - rate * v'],
    ],
  },
  adam: {
    each: ['w', 'g', 'm', 'v'],
    single: ['rate', 'root'],
    constants: ['b1', 'r1', 'b2', 'r2', 'epsilon'],
    outputs: [
      ['m', 'b1 * m + r1 * g'],
      ['v', 'b2 * v + r2 * (g * g)'],
      ['w', 'w - rate * m / (sqrt(v) * root + epsilon)'],
    ],
  },
  several: {
    each: ['x', 'z'],
    outputs: [
      ['a', 'x * z'],
      ['t', 'a < x'],
      ['x', 'where(t, a, -z)'],
      ['b', 'x + t'],
    ],
  },
  // Names that programs have of their own.
  names: {
    each: ['c_1', 'a_1', 'l_0'],
    outputs: [['p_0', 'c_1 - a_1 / l_0']],
  },
};

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1000];

describe.each(['f32', 'f64'] as const)(
  'kernels in WebAssembly, %s',
  (dtype) => {
    test.each(Object.keys(PLAIN))('%s', (name) => {
      for (const n of SIZES) expect(compare(dtype, PLAIN[name], n)).toBeNull();
    });

    test('read one array under two names', () => {
      for (const name of ['sum', 'condition']) {
        expect(compare(dtype, PLAIN[name], 21, { same: true })).toBeNull();
      }
    });

    test.each([1, 2, 3, 8])('in ranges for %i threads', (threads) => {
      for (const n of [2 ** 15 - 1, 2 ** 15, 2 ** 15 + 37, 123_457]) {
        expect(compare(dtype, PLAIN.adam, n, { threads })).toBeNull();
      }
    });

    // Shape [a, b, c] by rows, columns, both but one, and in general.
    const placesOf = ([a, b, c]: readonly number[]) =>
      ({
        inner: [1, c, 1],
        outer: [b * c, a, 1],
        axis: [c, b, 1],
        general: [b * c, a, c],
      }) as const satisfies Record<Form, Along>;
    const FORMS = ['inner', 'outer', 'axis', 'general'] as const;
    const SHAPES = [
      ...[
        [1, 1, 1],
        [2, 3, 1],
        [3, 1, 5],
        [2, 5, 4],
        [4, 3, 17],
        [7, 2, 10],
      ],
      ...[
        [1, 40, 3],
        [3, 64, 8],
      ],
    ];

    test.each(FORMS)('operands along axes: %s', (form) => {
      for (const shape of SHAPES) {
        const n = shape[0] * shape[1] * shape[2];
        const places = [placesOf(shape)[form]];
        const spec = {
          each: ['x'],
          along: ['m'],
          outputs: [['y', '(x - m) * (m + m * m)']],
          forms: [form],
        } as const;
        expect(compare(dtype, spec, n, { places })).toBeNull();
        const added = {
          ...spec,
          each: ['s', 'x'],
          outputs: [['s', 's + (x - m) / 3']],
        } as const;
        expect(compare(dtype, added, n, { places })).toBeNull();
        const coordinate = {
          each: ['x'],
          coordinates: ['m'],
          outputs: [['y', 'where(m > x, -m, x * m)']],
          forms: [form],
        } as const;
        expect(compare(dtype, coordinate, n, { places })).toBeNull();
      }
    });

    test('operands along several axes at once', () => {
      for (const shape of SHAPES) {
        const all = placesOf(shape);
        const n = shape[0] * shape[1] * shape[2];
        for (const [f, g] of FORMS.flatMap((f) => FORMS.map((g) => [f, g]))) {
          const forms = [f, g, 'axis', 'inner'] as const;
          const spec = {
            ...{ each: ['x'], along: ['p', 'q'], forms },
            coordinates: ['row', 'column'],
            constants: ['k'],
            outputs: [['y', 'where(row < column, x * p, k * (p - q)) + q * k']],
          } as const;
          const places = forms.map((form) => all[form]);
          expect(compare(dtype, spec, n, { places })).toBeNull();
        }
      }
    });

    test('operands along axes, in ranges', () => {
      const shape = [37, 59, 41];
      const places = FORMS.map((form) => placesOf(shape)[form]);
      const spec = {
        ...{ each: ['x'], along: ['p', 'q', 'r', 's'], forms: FORMS },
        outputs: [['y', 'x * p + q * r - s']],
      } as const;
      const n = 37 * 59 * 41;
      for (const threads of [1, 2, 5]) {
        expect(compare(dtype, spec, n, { places, threads })).toBeNull();
      }
    });

    // Ablations: another order, and another element of an operand.
    test('what is wrong is found', () => {
      const [spec, other] = ['x + (z + w)', 'x + z + w'].map((formula) => ({
        each: ['x', 'z', 'w'],
        outputs: [['y', formula]] as const,
      }));
      expect(compare(dtype, spec, 100)).toBeNull();
      expect(compare(dtype, spec, 100, { other })).not.toBeNull();
      const along = (form: Form) => ({
        ...{ each: ['x'], along: ['m'], forms: [form] },
        outputs: [['y', 'x + m']] as const,
      });
      const wrong = compare(dtype, along('outer'), 60, {
        places: [[10, 6, 1]],
        other: along('inner'),
      });
      expect(wrong).not.toBeNull();
    });

    // Functions that only float32 has as vectors, and arrays that lie elsewhere.
    test('fall back to JavaScript', () => {
      const spec = {
        ...{ each: ['x'], along: ['t'], forms: ['outer'] as const },
        outputs: [['y', 'tanh(x) - log(t) * exp(-abs(x))']],
      } as const;
      const places = [[5, 8, 1]] as const;
      const found = compare(dtype, spec, 40, { places });
      expect(found).toBe(dtype === 'f32' ? null : 'none');
      const kernel = mapKernel({ name: 'test/outside', ...PLAIN.sum });
      const form = kernel.cpu(dtype === 'f32');
      const kind = dtype === 'f32' ? Float32Array : Float64Array;
      for (const n of [3, 31, 32, 40]) {
        const x = new kind(n).map((_, i) => i + 1);
        const near = inArena(dtype, x);
        const [out, mine] = [new kind(n), inArena(dtype, new kind(n))];
        form([x, x], [out], { n });
        expect([...out]).toEqual(Array.from(x, (value) => 2 * value));
        expect([addressOf(x), addressOf(mine) > 0]).toEqual([-1, true]);
        for (const inputs of [
          [x, x],
          [near, x],
          [near, near],
        ]) {
          mine.fill(0);
          form(inputs, [mine], { n });
          expect(difference(mine, out)).toBeNull();
        }
      }
    });
  },
);
