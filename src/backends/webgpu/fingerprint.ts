/**
 * A device's arithmetic, measured: whether its float32 is the CPU's, and if
 * not, in which operations. WGSL leaves contraction, subnormals, division,
 * square roots and the order of sums to the driver.
 */
import type { Gpu } from './device.ts';
import { dispatchOnce } from './dispatch.ts';
import { wgsl } from './wgsl.ts';

/** Operations that have a twin on the CPU, in the kernel's order of rows. */
const OPERATIONS = [
  'add',
  'multiply',
  'divide',
  'squareRoot',
  'nanBits',
  'multiplyAdd',
  'fma',
  'addSubtract',
  'dot',
  'horner',
] as const;
const ROWS = OPERATIONS.length + 2;
const ENTRIES = ['single', 'multiply_add', 'joined', 'chain', 'builtins'];

type Operation = (typeof OPERATIONS)[number];

/** Plain JSON. "Exact" means the bits of `Math.fround` on the CPU. */
export interface Fingerprint {
  /** Random samples behind the counts below. */
  readonly samples: number;
  /**
   * How many samples of an operation differ from the CPU, where every step
   * is rounded once; 0 and -0 count as equal, and so do all NaN.
   */
  readonly differs: Readonly<Record<Operation, number>>;
  /** a * b + c is rounded once, not twice, on some sample. */
  readonly contracted: boolean;
  /** fma(a, b, c) is rounded once on all samples. */
  readonly fusedFma: boolean;
  /** (a + b) - a is rewritten, into b for example. */
  readonly rewritesSums: boolean;
  /** A subnormal operand counts as itself, not as 0. */
  readonly subnormalInputs: boolean;
  /** A result below 2^-126 is kept, not flushed to 0. */
  readonly subnormalResults: boolean;
  /** + and * round to nearest, ties to even. */
  readonly nearestEven: boolean;
  readonly divisionExact: boolean;
  readonly squareRootExact: boolean;
  /** `(bitcast<u32>(x) & 0x7fffffff) > 0x7f800000` finds NaN, and only it. */
  readonly nanBitTest: boolean;
  /** Over all operations but `fma` and `addSubtract`, which no kernel uses. */
  readonly hash: string;
  /** What `hash` is where every operation is exact. */
  readonly cpuHash: string;
  /** Over the built-in exp and tanh, which differ between devices. */
  readonly builtinHash: string;
}

const SAMPLES = 4096;
const SUBNORMAL = 2 ** -149;
const SMALLEST_NORMAL = 2 ** -126;

/** Ties of + (sum halfway between two floats) and of * as (a, b, c). */
const TIES = [
  [1, 2 ** -24, 0],
  [1 + 2 ** -23, 2 ** -24, 0],
  [-1, -(2 ** -24), 0],
  [1 + 2 ** -23, 1.5, 0],
  [1 + 3 * 2 ** -23, 1.5, 0],
  [1 + 2 ** -23, -1.5, 0],
];

const SUBNORMAL_INPUTS = [
  [SUBNORMAL, 2 ** 60, 0],
  [-(2 ** -127), 2 ** 24, 0],
  [SMALLEST_NORMAL - SUBNORMAL, 2 ** 10, 0],
];

const SUBNORMAL_RESULTS = [
  [SMALLEST_NORMAL, 0.5, 0],
  [2 ** -75, -(2 ** -70), 0],
  [1.5 * SMALLEST_NORMAL, 0.75, 0],
];

const NANS = [
  [Number.NaN, 1, 0],
  [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0],
  [Number.POSITIVE_INFINITY, 0, 0],
  [0, Number.NEGATIVE_INFINITY, 0],
  [Number.POSITIVE_INFINITY, 2, 0],
  [-1, 1, 0],
  [0, 0, 0],
];

/**
 * Measures `gpu`; takes some tenths of a second on a software adapter, most
 * of it for compiling. Throws `DeviceFailedError` when the device fails.
 */
export async function fingerprint(gpu: Gpu): Promise<Fingerprint> {
  const run = await battery(gpu);
  const random = randomSamples();
  const bits = await run(random);
  const [expected, once] = onCpu(random);
  const differs = Object.fromEntries(
    OPERATIONS.map((name, row) => [name, differing(bits, expected, row)]),
  ) as Record<Operation, number>;

  const special = async (samples: number[][], rows: Operation[]) => {
    const flat = Float32Array.from(samples.flat());
    const found = await run(flat);
    const [wanted] = onCpu(flat);
    return rows.every(
      (name) => differing(found, wanted, OPERATIONS.indexOf(name)) === 0,
    );
  };
  const ties = await special(TIES, ['add', 'multiply']);
  const inputs = await special(SUBNORMAL_INPUTS, ['multiply']);
  const results = await special(SUBNORMAL_RESULTS, ['multiply']);
  const nans = await special(NANS, ['nanBits']);
  gpu.check();

  const builtins = bits.subarray(OPERATIONS.length * SAMPLES);
  return {
    samples: SAMPLES,
    differs,
    contracted: differs.multiplyAdd > 0,
    fusedFma: once.every((word, i) => {
      const found = bits[OPERATIONS.indexOf('fma') * SAMPLES + i]!;
      return i % 2 === 0 || plain(found) === word;
    }),
    rewritesSums: differs.addSubtract > 0,
    subnormalInputs: inputs,
    subnormalResults: results,
    nearestEven: ties && differs.add === 0 && differs.multiply === 0,
    divisionExact: differs.divide === 0,
    squareRootExact: differs.squareRoot === 0,
    nanBitTest: nans && differs.nanBits === 0,
    hash: hash(kernelRows(bits)),
    cpuHash: hash(kernelRows(expected)),
    builtinHash: hash(builtins),
  };
}

/**
 * Operands of either sign, from 2^-20 to 2^21. In every second sample c is
 * -(a * b) rounded, so that a * b + c is 0 when rounded twice, and the
 * rounding error of a * b when rounded once.
 */
function randomSamples(): Float32Array<ArrayBuffer> {
  let state = 1;
  const next = (): number => {
    // Numerical Recipes' generator; the high bits are good enough here.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const operand = (): number => {
    const mantissa = 1 + (next() >>> 1) * 2 ** -23;
    const exponent = ((next() >>> 8) % 41) - 20;
    return (next() & 0x800000 ? -1 : 1) * mantissa * 2 ** exponent;
  };
  const samples = new Float32Array(3 * SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    const [a, b, c] = [operand(), operand(), operand()];
    samples.set([a, b, i % 2 ? -Math.fround(a * b) : c], 3 * i);
  }
  return samples;
}

/**
 * The rows of every operation with each step rounded, and those of a * b + c
 * rounded once, which is right for the samples with an odd index only.
 */
function onCpu(samples: Float32Array): [Uint32Array, Uint32Array] {
  const r = Math.fround;
  const n = samples.length / 3;
  const rows = new Float32Array(ROWS * n);
  const flags = new Uint32Array(rows.buffer);
  const once = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const [a, b, c] = samples.subarray(3 * i, 3 * i + 3);
    const multiplyAdd = r(r(a! * b!) + c!);
    let dot = 0;
    for (let k = 0; k < 16; k++) {
      const at = 3 * ((i + k) % n);
      dot = r(dot + r(samples[at]! * samples[at + 1]!));
    }
    const horner = r(r(r(r(multiplyAdd * b!) + a!) * b!) + c!);
    const results = [
      r(a! + b!),
      r(a! * b!),
      r(a! / b!),
      r(Math.sqrt(Math.abs(a!))),
      0,
      multiplyAdd,
      multiplyAdd,
      r(r(a! + b!) - a!),
      dot,
      horner,
    ];
    results.forEach((value, row) => {
      rows[row * n + i] = value;
    });
    flags[4 * n + i] = [a, r(a! + b!), r(a! * b!)].reduce(
      (sum, value, bit) => sum! + (Number.isNaN(value) ? 2 ** bit : 0),
      0,
    )!;
    // The product of two float32 is exact in float64, and so is this sum.
    once[i] = a! * b! + c!;
  }
  return [flags, new Uint32Array(once.buffer)];
}

/** One word for all NaN and one for both zeros. */
function plain(word: number): number {
  if ((word & 0x7fffffff) === 0) return 0;
  return (word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word;
}

function differing(a: Uint32Array, b: Uint32Array, row: number): number {
  const n = a.length / ROWS;
  let count = 0;
  for (let i = row * n; i < (row + 1) * n; i++) {
    if (plain(a[i]!) !== plain(b[i]!)) count += 1;
  }
  return count;
}

function kernelRows(bits: Uint32Array): Uint32Array {
  const n = bits.length / ROWS;
  const first = OPERATIONS.indexOf('fma');
  const after = OPERATIONS.indexOf('dot');
  return Uint32Array.from([
    ...bits.subarray(0, first * n),
    ...bits.subarray(after * n, OPERATIONS.length * n),
  ]);
}

/** FNV-1a over words, as eight hexadecimal digits. */
function hash(words: Uint32Array): string {
  let state = 0x811c9dc5;
  for (const word of words) {
    for (let shift = 0; shift < 32; shift += 8) {
      state ^= (plain(word) >>> shift) & 0xff;
      state = Math.imul(state, 0x01000193);
    }
  }
  return (state >>> 0).toString(16).padStart(8, '0');
}

/** Compiles the kernels; the function runs all of them on (n, 3) samples. */
async function battery(
  gpu: Gpu,
): Promise<(samples: Float32Array<ArrayBuffer>) => Promise<Uint32Array>> {
  const { device } = gpu;
  const code = wgsl('fingerprint');
  const module = device.createShaderModule({ code });
  const pipelines = ENTRIES.map((entryPoint) =>
    device.createComputePipeline({
      layout: 'auto',
      compute: { module, entryPoint },
    }),
  );
  return async (samples) => {
    const n = samples.length / 3;
    const groups = Math.ceil(n / 64);
    const size = ROWS * n * 4;
    const bytes = await dispatchOnce(device, pipelines, samples, size, groups);
    gpu.check();
    return new Uint32Array(bytes);
  };
}
