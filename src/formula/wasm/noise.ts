/**
 * Random draws in WebAssembly: Philox4x32-10 (the twin of src/base/random.ts) for
 * four counters at once, and what is made of its words. Every operation is
 * exact or rounds by itself as the one in JavaScript, so bits are the same.
 */

import { type Code, hasSimd, type WasmMemory, wasm } from './code.ts';
import { normal32, uniform32, uniform64 } from './draws.ts';
import { Lanes } from './lanes.ts';
import { normal64 } from './normal64.ts';
import { type Steps, stepsOf } from './steps.ts';

/**
 * What is made of two words of a block: a uniform number in [0, 1), of the
 * first word; a standard normal number, in float64 with the logarithm and the
 * cosine of fdlibm; the words themselves, float64 only, in the place of the
 * number.
 */
export type Draw = 'uniform' | 'normal' | 'words';

/**
 * Draws for n elements in a row, of the neurons from `neuron` on, those of
 * the next trial after the last of the `neurons` (0: 2^32). The first variable
 * begins at byte `at` of the memory and takes words 0 and 1 of the block of
 * (neuron, tick, trial, block), the second at `next` takes words 2 and 3.
 */
export type WasmNoise = (
  at: number,
  next: number,
  n: number,
  neuron: number,
  neurons: number,
  tick: number,
  trial: number,
  block: number,
  key0: number,
  key1: number,
) => void;

const made = new Map<string, ((memory: WasmMemory) => WasmNoise) | null>();

/**
 * Makes (once) the draws of one or two variables; null if the engine has no
 * SIMD. Places outside the memory end a call with the RuntimeError of
 * WebAssembly.
 */
export function wasmNoise(
  draws: readonly Draw[],
  single: boolean,
): ((memory: WasmMemory) => WasmNoise) | null {
  const key = [single, ...draws].join();
  const known = made.get(key);
  if (known !== undefined) return known;
  const bind = compile(draws, single);
  made.set(key, bind);
  return bind;
}

function compile(
  draws: readonly Draw[],
  single: boolean,
): ((memory: WasmMemory) => WasmNoise) | null {
  if (!wasm || !hasSimd()) return null;
  const { Module, Instance } = wasm;
  const module = new Module(noiseModule(draws, single));
  const instances = new WeakMap<WasmMemory, WasmNoise>();
  return (memory) => {
    let run = instances.get(memory);
    if (!run) {
      run = new Instance(module, { env: { memory } }).exports.run as WasmNoise;
      instances.set(memory, run);
    }
    return run;
  };
}

/** In the order of WasmNoise. */
const PARAMETERS = [
  ...['at', 'next', 'n', 'neuron', 'neurons'],
  ...['tick', 'trial', 'block', 'key0', 'key1'],
];

const everywhere = (word: number) => new Uint32Array(4).fill(word);

function noiseModule(draws: readonly Draw[], single: boolean): Uint8Array {
  const write = (steps: Steps, code: Code) => writeNoise(steps, code, draws);
  return stepsOf(PARAMETERS, single, write).module();
}

function writeNoise(steps: Steps, code: Code, draws: readonly Draw[]): void {
  const single = steps.lanes === 4;
  const v = new Lanes(code, 'f32x4');
  const splat = (parameter: string) => {
    steps.put(parameter);
    code.op('i32x4.splat');
    return v.done();
  };
  const [tick, trial, block] = ['tick', 'trial', 'block'].map(splat);
  const neurons = splat('neurons');
  const lanes = Uint32Array.of(0, 1, 2, 3);
  const neuron = v.of('i32x4.add', splat('neuron'), lanes);
  // Of 0 neurons the last is the greatest word: none is past it.
  const last = v.of('i32x4.sub', neurons, everywhere(1));
  const keys = keysOf(v, splat('key0'), splat('key1'));
  steps.until('less(0, n)', () => {
    // Lanes past the last neuron go on in the next trial, or the one after.
    code.open('loop');
    const past = v.of('i32x4.gt_u', neuron, last);
    v.ifAny(past, () => {
      const less = v.of('v128.and', neurons, past);
      v.become(neuron, v.of('i32x4.sub', neuron, less));
      // What holds is -1.
      v.become(trial, v.of('i32x4.sub', trial, past));
      code.branch(1);
    });
    code.op('end');
    const words = philox(v, [neuron, tick, trial, block], keys);
    const made = draws.map((draw, k) =>
      drawn(code, draw, words[2 * k], words[2 * k + 1], single),
    );
    store(code, steps, made);
    v.become(neuron, v.of('i32x4.add', neuron, everywhere(4)));
    const bytes = 4 * steps.width;
    steps.do(`at = at + ${bytes}`, `next = next + ${bytes}`, 'n = n - 4');
  });
}

const ROUNDS = 10;
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The two keys of each round. */
function keysOf(v: Lanes, key0: number, key1: number) {
  const keyOf = (key: number, step: number, round: number) =>
    v.of('i32x4.add', key, everywhere(Math.imul(round, step)));
  return Array.from({ length: ROUNDS }, (_, round) => [
    keyOf(key0, W0, round),
    keyOf(key1, W1, round),
  ]);
}

/** The blocks of four counters: their first words, their second ... */
function philox(
  v: Lanes,
  counters: readonly number[],
  keys: readonly (readonly number[])[],
): readonly number[] {
  /** High and low words of a product. */
  const product = (of: number, by: number) => {
    const low = v.of('i64x2.extmul_low_i32x4_u', of, everywhere(by));
    const high = v.of('i64x2.extmul_high_i32x4_u', of, everywhere(by));
    return [v.words(low, high, [1, 3, 5, 7]), v.words(low, high, [0, 2, 4, 6])];
  };
  const mixed = (a: number, b: number, key: number) =>
    v.of('v128.xor', v.of('v128.xor', a, b), key);
  let [c0, c1, c2, c3] = counters;
  for (const [k0, k1] of keys) {
    const [high0, low0] = product(c0, M0);
    const [high1, low1] = product(c2, M1);
    [c0, c1] = [mixed(high1, c1, k0), low1];
    [c2, c3] = [mixed(high0, c3, k1), low0];
  }
  return [c0, c1, c2, c3];
}

/** Locals with the draws of four pairs of words, in the order of memory. */
function drawn(
  code: Code,
  draw: Draw,
  a: number,
  b: number,
  single: boolean,
): readonly number[] {
  if (draw === 'uniform') {
    return single ? [uniform32(code, a)] : uniform64(code, a);
  }
  if (draw === 'normal') {
    return single ? [normal32(code, a, b)] : normal64(code, a, b);
  }
  const v = new Lanes(code, 'f64x2');
  return [v.words(a, b, [0, 4, 1, 5]), v.words(a, b, [2, 6, 3, 7])];
}

/** Stores four numbers of each variable, or as many as are left. */
function store(
  code: Code,
  steps: Steps,
  draws: readonly (readonly number[])[],
): void {
  const { lanes, width } = steps;
  const lane = lanes === 4 ? 'v128.store32_lane' : 'v128.store64_lane';
  const each = (store: (vectors: readonly number[]) => void) =>
    draws.forEach((vectors, k) => {
      steps.put(['at', 'next'][k]);
      store(vectors);
    });
  const whole = () => {
    for (let k = 0; k < 4 / lanes; k++) {
      each((vectors) => {
        code.get(vectors[k]);
        code.access('v128.store', 16 * k);
      });
    }
  };
  const oneByOne = () => {
    for (let k = 0; k < 3; k++) {
      steps.if(`less(${k}, n)`, () =>
        each((vectors) => {
          code.get(vectors[Math.floor(k / lanes)]);
          code.access(lane, k * width, k % lanes);
        }),
      );
    }
  };
  steps.if('less(3, n)', whole, oneByOne);
}
