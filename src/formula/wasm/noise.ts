/**
 * Random draws in WebAssembly: Philox4x32-10 (the twin of src/base/random.ts) for
 * four counters at once, and what is made of its words. Every operation is
 * exact or rounds by itself as the one in JavaScript, so bits are the same.
 */

import type { Tuple } from '../../base/tuple.ts';
import { Code, hasSimd, type Plain, type WasmMemory, wasm } from './code.ts';
import { normal32, uniform32, uniform64 } from './draws.ts';
import { normal64 } from './normal64.ts';

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
  let bind = made.get(key);
  if (bind === undefined) {
    bind = compile(draws, single);
    made.set(key, bind);
  }
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

/** Parameters, in the order of WasmNoise. */
const [AT, NEXT, N, NEURON, NEURONS, TICK, TRIAL, BLOCK, KEY0, KEY1] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
];

const lanes = (...words: readonly number[]) => Uint32Array.from(words);
const everywhere = (word: number) => new Uint32Array(4).fill(word);

function noiseModule(draws: readonly Draw[], single: boolean): Uint8Array {
  const code = new Code(new Array(10).fill('i32'));
  const vector = () => code.local('v128');
  const add = (local: number, by: number) => {
    code.get(local);
    code.int(by);
    code.op('i32.add');
    code.set(local);
  };
  const splat = (parameter: number) => {
    const local = vector();
    code.get(parameter);
    code.op('i32x4.splat');
    code.set(local);
    return local;
  };
  const [tick, trial, block] = [TICK, TRIAL, BLOCK].map(splat) as Tuple<
    number,
    3
  >;
  const neurons = splat(NEURONS);
  const neuron = splat(NEURON);
  code.get(neuron);
  code.constant(lanes(0, 1, 2, 3));
  code.op('i32x4.add');
  code.set(neuron);
  // Of 0 neurons the last is the greatest word: none is past it.
  const last = vector();
  code.get(neurons);
  code.constant(everywhere(1));
  code.op('i32x4.sub');
  code.set(last);
  const keys = keysOf(code, splat(KEY0), splat(KEY1));
  const counter = [vector(), vector(), vector(), vector()] as const;
  const past = vector();

  code.open('loop');
  nextTrials(code, { neuron, neurons, last, trial, past });
  [neuron, tick, trial, block].forEach((from, k) => {
    code.get(from);
    code.set(counter[k]!);
  });
  philox(code, counter, keys);
  const made = draws.map((draw, k) =>
    drawn(code, draw, counter[2 * k]!, counter[2 * k + 1]!, single),
  );
  store(code, made, single);
  code.get(neuron);
  code.constant(everywhere(4));
  code.op('i32x4.add');
  code.set(neuron);
  for (const at of [AT, NEXT]) add(at, single ? 16 : 32);
  add(N, -4);
  code.get(N);
  code.int(0);
  code.op('i32.gt_s');
  code.branchIf(0);
  code.op('end');
  code.int(0);
  return code.module();
}

/** Lanes past the last neuron go on in the next trial, or the one after. */
function nextTrials(
  code: Code,
  of: Record<'neuron' | 'neurons' | 'last' | 'trial' | 'past', number>,
): void {
  const { neuron, neurons, last, trial, past } = of;
  code.open('block');
  code.open('loop');
  code.get(neuron, last);
  code.op('i32x4.gt_u');
  code.tee(past);
  code.op('v128.any_true', 'i32.eqz');
  code.branchIf(1);
  code.get(neuron, neurons, past);
  code.op('v128.and', 'i32x4.sub');
  code.set(neuron);
  // What holds is -1.
  code.get(trial, past);
  code.op('i32x4.sub');
  code.set(trial);
  code.branch(0);
  code.op('end', 'end');
}

const ROUNDS = 10;
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The two keys of each round. */
function keysOf(code: Code, key0: number, key1: number) {
  return Array.from({ length: ROUNDS }, (_, round) =>
    [
      [key0, W0],
      [key1, W1],
    ].map(([key, step]) => {
      const local = code.local('v128');
      code.get(key!);
      code.constant(everywhere(Math.imul(round, step!)));
      code.op('i32x4.add');
      code.set(local);
      return local;
    }),
  );
}

/** Makes the blocks of four counters in their place. */
function philox(
  code: Code,
  [c0, c1, c2, c3]: readonly [number, number, number, number],
  keys: readonly (readonly number[])[],
): void {
  const product = (of: number, by: number, name: Plain) => {
    const local = code.local('v128');
    code.get(of);
    code.constant(everywhere(by));
    code.op(name);
    code.set(local);
    return local;
  };
  for (const [k0, k1] of keys) {
    const products = (of: number, by: number) =>
      [
        product(of, by, 'i64x2.extmul_low_i32x4_u'),
        product(of, by, 'i64x2.extmul_high_i32x4_u'),
      ] as const;
    const [low0, high0] = products(c0, M0);
    const [low1, high1] = products(c2, M1);
    code.get(low1, high1);
    code.words(1, 3, 5, 7);
    code.get(c1);
    code.op('v128.xor');
    code.get(k0!);
    code.op('v128.xor');
    code.set(c0);
    code.get(low0, high0);
    code.words(1, 3, 5, 7);
    code.get(c3);
    code.op('v128.xor');
    code.get(k1!);
    code.op('v128.xor');
    code.set(c2);
    code.get(low1, high1);
    code.words(0, 2, 4, 6);
    code.set(c1);
    code.get(low0, high0);
    code.words(0, 2, 4, 6);
    code.set(c3);
  }
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
  const pairs = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ] as const;
  return pairs.map(([p, q, r, s]) => {
    const local = code.local('v128');
    code.get(a, b);
    code.words(p, q, r, s);
    code.set(local);
    return local;
  });
}

/** Stores four numbers of each variable, or as many as are left. */
function store(
  code: Code,
  draws: readonly (readonly number[])[],
  single: boolean,
): void {
  const each = single ? 4 : 2;
  const lane = single ? 'v128.store32_lane' : 'v128.store64_lane';
  const all = draws.map((vectors, k) => ({ at: [AT, NEXT][k], vectors }));
  code.get(N);
  code.int(4);
  code.op('i32.ge_s');
  code.open('if');
  for (const { at, vectors } of all) {
    vectors.forEach((vector, k) => {
      code.get(at!, vector);
      code.access('v128.store', 16 * k);
    });
  }
  code.op('else');
  for (let k = 0; k < 3; k++) {
    code.get(N);
    code.int(k);
    code.op('i32.gt_s');
    code.open('if');
    for (const { at, vectors } of all) {
      code.get(at!, vectors[Math.floor(k / each)]!);
      code.access(lane, k * (single ? 4 : 8), k % each);
    }
    code.op('end');
  }
  code.op('end');
}
