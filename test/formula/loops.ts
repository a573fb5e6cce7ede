/** Arbitrary loops, arbitrary memory for them, and when results are the same. */

import fc from 'fast-check';
import type { LoopSpec } from '../../src/formula/loop.ts';

/** Names that a careless compiler takes for its own, or for JavaScript's. */
const NAMES = [
  ...['v', 'Math', 'f32', 'i', 'n', 'words', 'bit', 'floats', 'offsets'],
  ...['return', 'NaN', 'Infinity', 'where', 'abs', 'a_0', 'c_1', 'l_0', 's_0'],
  ...['marked', 'undefined', '__proto__', 'constructor', 'w'],
];

/** Where rounding, sign, NaN and comparisons have their corners. */
export const CORNERS = [
  ...[0, -0, 1, -1, 0.5, 3, -7.25, 1e-8, 16777217, 0.1, 1 / 3],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** -1022, 5e-324, -1e-310],
  ...[3.4028234663852886e38, -1e38, 2 ** -126, 2 ** -149, -1e-40, 1e-42],
];

const LITERALS = [
  ...['0', '1', '2', '0.5', '0.1', '3.25', '1e-8', '1e21', '16777217', '60'],
  ...['5e-324', '1e-40', '1e38', '1e300', '1.7976931348623157e308', '1e999'],
];

/** A formula as text, given the names that it may use. */
type Writer = (names: readonly string[]) => string;

const writers = fc.letrec<{ value: Writer }>((tie) => {
  const value = tie('value');
  const binary = (operators: readonly string[]) =>
    fc.tuple(fc.constantFrom(...operators), value, value).map(
      ([operator, left, right]): Writer =>
        (names) =>
          `(${left(names)} ${operator} ${right(names)})`,
    );
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      {
        weight: 4,
        arbitrary: fc.nat(1000).map(
          (k): Writer =>
            (names) =>
              names[k % names.length],
        ),
      },
      fc.constantFrom(...LITERALS).map(
        (text): Writer =>
          () =>
            text,
      ),
      {
        weight: 4,
        arbitrary: binary(['+', '-', '*', '/']),
      },
      binary(['<', '<=', '>', '>=', '==', '!=']),
      fc.tuple(fc.constantFrom('-', 'abs', 'sqrt'), value).map(
        ([name, operand]): Writer =>
          (names) =>
            `${name}(${operand(names)})`,
      ),
      fc.tuple(value, value, value).map(
        ([test, yes, no]): Writer =>
          (names) =>
            `where(${test(names)}, ${yes(names)}, ${no(names)})`,
      ),
    ),
  };
}).value;

/** Loops of the whole grammar that WebAssembly can do. */
export const specs: fc.Arbitrary<LoopSpec> = fc
  .record({
    names: fc.shuffledSubarray(NAMES, { minLength: 10, maxLength: 10 }),
    arrays: fc.integer({ min: 1, max: 4 }),
    constants: fc.nat(3),
    lets: fc.array(writers, { maxLength: 3 }),
    stores: fc.array(writers, { minLength: 1, maxLength: 4 }),
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
    marks: fc.option(writers, { nil: undefined }),
  })
  .map(({ names, arrays, constants, lets, stores, order, marks }) => {
    const own = names.slice(0, arrays);
    const outer = names.slice(0, arrays + constants);
    const all = names.slice(0, outer.length + lets.length);
    return {
      arrays: own,
      constants: outer.slice(arrays),
      lets: lets.map((write, k) => {
        const at = outer.length + k;
        return [names[at], write(names.slice(0, at))] as const;
      }),
      stores: order
        .filter((k) => k < Math.min(arrays, stores.length))
        .map((k) => [own[k], stores[k](all)] as const),
      marks: marks?.(all),
    };
  });

const values = fc.oneof(
  fc.constantFrom(...CORNERS),
  fc.double(),
  fc.double({ min: -4, max: 4, noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
);

/** Elements of the memory that passes are tried on. */
const ELEMENTS = 400;

/** Memory, and where in it the loop finds its arrays. */
export interface Layout {
  readonly floats: readonly number[];
  readonly u32: readonly number[];
  readonly n: number;
  readonly offsets: readonly number[];
  readonly constants: readonly number[];
  readonly words: number;
  readonly bit: number;
}

/** Arrays with gaps between them, some given twice; n from 0 to 67. */
export const layouts: fc.Arbitrary<Layout> = fc
  .record({
    some: fc.array(values, { minLength: 1, maxLength: 40 }),
    u32: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), {
      minLength: 80,
      maxLength: 80,
    }),
    n: fc.nat(67),
    gaps: fc.array(fc.nat(9), { minLength: 4, maxLength: 4 }),
    twice: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    constants: fc.array(values, { minLength: 3, maxLength: 3 }),
    words: fc.nat(13),
    shift: fc.nat(31),
  })
  .map(({ some, u32, n, gaps, twice, constants, words, shift }) => {
    const offsets: number[] = [];
    let end = 0;
    for (const [k, gap] of gaps.entries()) {
      const again = k > 0 && twice[k] && twice[k - 1];
      offsets.push(again ? offsets[k - 1] : end + gap);
      if (!again) end += gap + n;
    }
    const floats = Array.from(
      { length: ELEMENTS },
      (_, i) => some[(i * 7 + (i >> 3)) % some.length],
    );
    const bit = 2 ** shift;
    return { floats, u32, n, offsets, constants, words, bit };
  });

/**
 * What is stored in two arrays, as text of the first difference; null if their
 * bits are the same, all NaNs being one.
 */
export function difference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): string | null {
  if (a.length !== b.length) return `lengths ${a.length} and ${b.length}`;
  for (let i = 0; i < a.length; i++) {
    // Object.is tells all numbers by their bits, -0 from 0 too.
    if (!Object.is(a[i], b[i])) return `${a[i]} and ${b[i]} at ${i}`;
  }
  return null;
}
