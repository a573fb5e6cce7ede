/**
 * What the elementary functions (elementary.ts) need besides arithmetic, in
 * JavaScript, WGSL and WebAssembly.
 */

import type { Code } from './wasm/code.ts';

export interface Bits {
  /** Number of arguments; 0: any. */
  readonly arity: number;
  readonly js?: (...args: number[]) => number | boolean;
  /** Takes its arguments, vectors of four, from the stack. */
  readonly wasm?: (code: Code) => void;
  /** Body of the function `NAME_` of x, and of n where there are two. */
  readonly wgsl?: string;
  /** Whether it gives a condition. */
  readonly condition?: true;
}

/** Bits of the square root of 1/2, and those behind the exponent. */
const ROOT = 0x3f3504f3;
const MANTISSA = 0x007fffff;

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

const four = (value: number) => new Int32Array(4).fill(value);

/**
 * Added to a whole number of at most 22 bits, it makes a float32 whose last
 * bits are those of the number, in two's complement.
 */
const SHIFT = new Float32Array(4).fill(1.5 * 2 ** 23);

function shift(code: Code, by: number): void {
  code.int(by);
  code.op('i32x4.shl');
}

export const BITS = {
  /** horner(x, a, b, c) = (a x + b) x + c; x is a name. */
  horner: { arity: 0 },
  floor: {
    arity: 1,
    js: Math.floor,
    wasm: (code) => code.op('f32x4.floor'),
  },
  /** 2^n for whole numbers -126 <= n <= 127; what it is elsewhere is open. */
  pow2: {
    arity: 1,
    js(n) {
      words[0] = (n + 127) << 23;
      return floats[0]!;
    },
    wasm(code) {
      code.constant(SHIFT);
      code.op('f32x4.add');
      code.constant(four(127));
      code.op('i32x4.add');
      shift(code, 23);
    },
    wgsl: 'return bitcast<f32>(u32(i32(clamp(x, -126.0f, 127.0f)) + 127) << 23u);',
  },
  /** e of a normal number m * 2^e > 0 with m in [sqrt(1/2), sqrt(2)). */
  exponent: {
    arity: 1,
    js(x) {
      floats[0] = x;
      return (words[0]! - ROOT) >> 23;
    },
    wasm(code) {
      code.constant(four(ROOT));
      code.op('i32x4.sub');
      code.int(23);
      code.op('i32x4.shr_s', 'f32x4.convert_i32x4_s');
    },
    wgsl: `return f32((bitcast<i32>(x) - ${ROOT}) >> 23u);`,
  },
  /** Its m. */
  mantissa: {
    arity: 1,
    js(x) {
      floats[0] = x;
      words[0] = ((words[0]! - ROOT) & MANTISSA) + ROOT;
      return floats[0];
    },
    wasm(code) {
      code.constant(four(ROOT));
      code.op('i32x4.sub');
      code.constant(four(MANTISSA));
      code.op('v128.and');
      code.constant(four(ROOT));
      code.op('i32x4.add');
    },
    wgsl: `return bitcast<f32>(((bitcast<i32>(x) - ${ROOT}) & ${MANTISSA}) + ${ROOT});`,
  },
  /** Whether a whole number is odd. */
  odd: {
    arity: 1,
    condition: true,
    js: (n) => (n & 1) !== 0,
    wasm(code) {
      code.constant(SHIFT);
      code.op('f32x4.add');
      shift(code, 31);
      code.int(31);
      code.op('i32x4.shr_s');
    },
    wgsl: 'return (i32(x) & 1) != 0;',
  },
  /** x >= 0 with the sign of n. */
  signed: {
    arity: 2,
    js: (x, n) => (n < 0 ? -x : x),
    wasm(code) {
      code.constant(four(-(2 ** 31)));
      code.op('v128.and', 'v128.or');
    },
    wgsl: 'return select(x, -x, n < 0.0f);',
  },
  /** x, or -x where the whole number n has the bit of 2. */
  flip: {
    arity: 2,
    js: (x, n) => ((n & 2) === 0 ? x : -x),
    wasm(code) {
      code.constant(SHIFT);
      code.op('f32x4.add');
      shift(code, 30);
      code.constant(four(-(2 ** 31)));
      code.op('v128.and', 'v128.xor');
    },
    wgsl: 'return select(x, -x, (i32(n) & 2) != 0);',
  },
} satisfies Record<string, Bits>;
