/**
 * The kernel of a population: all its neurons over a window of ticks. Within a window
 * nothing from outside can reach them but what already waits in `arrivals`, so
 * one launch does the whole window.
 */

import type { FloatArray } from '../../base/tensor.ts';
import {
  type OwnFunctions,
  parseExpression,
} from '../../formula/expression.ts';
import { jsLoop, type Loop, type LoopSpec } from '../../formula/loop.ts';
import { memoryOf } from '../../formula/wasm/memory.ts';
import { wasmLoop } from '../../formula/wasm-loop.ts';
import { ownWgsl, toWgsl } from '../../formula/wgsl.ts';
import {
  f32,
  type Kernel,
  mainOver,
  type Params,
  spread,
  u32,
} from '../../kernels/kernel.ts';
import { memoryKernel } from './delivery.ts';
import { arrivalName, type TickFormulas } from './formulas.ts';
import { noiseInto } from './noise.ts';

/** Where the arrivals of a projection lie: [ticks][elements] from `base` on. */
export interface Ring {
  readonly base: number;
  /** A power of two. */
  readonly ticks: number;
}

/** A quantity that is kept: every `every` ticks, in `slots` rows in turn. */
export interface Recorded {
  readonly name: string;
  readonly every: number;
  readonly slots: number;
  /** Address of its rows, in elements. */
  readonly base: number;
}

export interface NeuronSpec {
  readonly name: string;
  readonly formulas: TickFormulas;
  /** Functions of the user's own that the formulas call. */
  readonly own?: OwnFunctions;
  /** State variables, in the order of memory. */
  readonly state: readonly string[];
  /** Constants that differ from neuron to neuron, in the order of memory. */
  readonly perNeuron: readonly string[];
  /** Constants that are the same for all. */
  readonly shared: readonly string[];
  readonly noise: readonly (readonly [string, 'normal' | 'uniform'])[];
  /** Key of the random numbers. */
  readonly key: readonly [number, number];
  readonly rings: readonly Ring[];
  /** Graded outputs that anyone reads, and the length of their history. */
  readonly outputs: readonly string[];
  readonly history: number;
  readonly recorded: readonly Recorded[];
  readonly spiking: boolean;
  /** Neurons of one trial, and the number of the first trial. */
  readonly neurons: number;
  readonly trials: number;
  readonly firstTrial: number;
}

/** Memory that the kernel works on, in the order of its operands. */
export const NEURON_MEMORY = [
  'clock',
  'constants',
  'state',
  'arrivals',
  'out',
  'spikes',
  'record',
  'noise',
] as const;

export type NeuronMemory = (typeof NEURON_MEMORY)[number];

const READ_ONLY: readonly NeuronMemory[] = ['clock', 'constants'];

/** Which memory a population needs, with the number of elements of each. */
export function neuronMemory(
  spec: NeuronSpec,
  slots: number,
): Map<NeuronMemory, number> {
  const elements = spec.neurons * spec.trials;
  const sizes: Record<NeuronMemory, number> = {
    clock: 4,
    constants: spec.perNeuron.length * spec.neurons,
    state: spec.state.length * elements,
    arrivals: spec.rings.reduce(
      (sum, ring) => Math.max(sum, ring.base + ring.ticks * elements),
      0,
    ),
    out: spec.outputs.length * spec.history * elements,
    spikes: spec.spiking ? slots * elements : 0,
    record: spec.recorded.reduce(
      (sum, { base, slots }) => Math.max(sum, base + slots * elements),
      0,
    ),
    noise: spec.noise.length * elements,
  };
  return new Map(
    NEURON_MEMORY.filter((name) => sizes[name] > 0).map((name) => [
      name,
      sizes[name],
    ]),
  );
}

const kernels = new Map<string, Kernel>();
let made = 0;

const FIELDS = u32('elements', 'neurons', 'window');

/** The constants that all neurons share, as parameters. */
export const sharedParams = (shared: ReadonlyMap<string, number>) =>
  Object.fromEntries([...shared].map(([name, value]) => [`x_${name}`, value]));

export function neuronKernel(spec: NeuronSpec): Kernel<keyof typeof FIELDS> {
  const memory = [...neuronMemory(spec, 1).keys()];
  const code = wgsl(spec);
  // The CPU form is bound to the whole of the spec, not to its text alone.
  const key = JSON.stringify([spec, memory]);
  const known = spec.own ? undefined : kernels.get(key);
  if (known) return known;
  const words = ['clock', 'spikes'];
  const typed = (name: string) =>
    words.includes(name) ? `${name}: u32` : name;
  const isRead = (name: NeuronMemory) => READ_ONLY.includes(name);
  const kernel = memoryKernel({
    name: `neurons ${spec.name} ${made++}`,
    params: { ...FIELDS, ...f32(...spec.shared.map((name) => `x_${name}`)) },
    reads: memory.filter(isRead).map(typed),
    writes: memory.filter((name) => !isRead(name)).map(typed),
    code: (_, file) => code + (spec.noise.length > 0 ? file('philox') : ''),
    workgroups: (_, { params }) => spread(params.neurons),
    cpu: (single) => onCpu(spec, single),
  });
  // Functions have no text that would tell kernels apart.
  if (!spec.own) kernels.set(key, kernel);
  return kernel;
}

/** Name of a variable's value after the tick, in formulas. */
function recordedFormula({ formulas }: NeuronSpec, name: string): string {
  return formulas.state[name] ?? formulas.outputs[name]!;
}

function wgsl(spec: NeuronSpec): string {
  const { formulas, state, perNeuron, shared, noise, rings, outputs } = spec;
  const { history, recorded, spiking } = spec;
  const expression = (formula: string) =>
    toWgsl(parseExpression(formula, spec.own));
  const draw = noise.map(([name, kind], j) => {
    const block = Math.floor(j / 2);
    const [a, b] = j % 2 === 0 ? ['x', 'y'] : ['z', 'w'];
    const value =
      kind === 'uniform'
        ? `uniform_(block${block}.${a})`
        : `normal_(block${block}.${a}, block${block}.${b})`;
    const made =
      j % 2 === 0
        ? `let block${block} = philox(vec4u(i, n, ${spec.firstTrial}u + trial, ` +
          `${block}u), vec2u(${spec.key[0]}u, ${spec.key[1]}u));`
        : '';
    return `${made} let x_${name} = ${value};`;
  });
  const body = [
    ...shared.map((name) => `let x_${name} = params.x_${name};`),
    'let elements = params.elements;',
    'let i = e % params.neurons;',
    'let trial = e / params.neurons;',
    ...state.map((name, s) => `var x_${name} = state[${s}u * elements + e];`),
    ...perNeuron.map(
      (name, c) => `let x_${name} = constants[${c}u * params.neurons + i];`,
    ),
    'var word = 0u;',
    'for (var k = 0u; k < params.window; k++) {',
    'let n = clock[0] + k;',
    ...rings.map(
      ({ base, ticks }, k) =>
        `let at${k} = ${base}u + (n & ${ticks - 1}u) * elements + e; ` +
        `let ${arrivalName(k)} = arrivals[at${k}]; arrivals[at${k}] = 0.0f;`,
    ),
    ...draw,
    ...formulas.lets.map(
      ([name, formula]) => `let ${name} = pin(${expression(formula)});`,
    ),
    ...outputs.map(
      (name, o) =>
        `out[(${o * history}u + (n & ${history - 1}u)) * elements + e] = ` +
        `${expression(formulas.outputs[name]!)};`,
    ),
    ...recorded.map(
      ({ name, every, slots, base }) =>
        `if (n % ${every}u == 0u) { record[${base}u + ((n / ${every}u) % ` +
        `${slots}u) * elements + e] = ` +
        `${expression(recordedFormula(spec, name))}; }`,
    ),
    ...state.map((name) => `x_${name} = z_${name};`),
    spiking ? 'if (spiked > 0.0f) { word |= 1u << k; }' : '',
    '}',
    ...state.map((name, s) => `state[${s}u * elements + e] = x_${name};`),
    spiking ? 'spikes[clock[1] * elements + e] = word;' : '',
  ];
  // Made of formulas: neurons over a window of ticks.
  return (
    ownWgsl(spec.own ?? {}) + mainOver('params.elements', body.join('\n'), 'e')
  );
}

function onCpu(
  spec: NeuronSpec,
  single: boolean,
): (arrays: NeuronArrays, params: Params<'window'>) => void {
  let run: ((window: number) => void) | null = null;
  return (arrays, params) => {
    run ??= bind(spec, arrays, params, single);
    run(params.window);
  };
}

/** What a population has of memory. */
type NeuronArrays = Readonly<Record<string, FloatArray | Uint32Array>>;

/** Binds the loop to its memory and its constants. */
function bind(
  spec: NeuronSpec,
  memory: NeuronArrays,
  params: Params,
  single: boolean,
): (window: number) => void {
  const { formulas, state, perNeuron, shared, noise, rings, outputs } = spec;
  const { history, recorded, neurons, trials, spiking } = spec;
  const elements = neurons * trials;
  const of = (name: NeuronMemory) => memory[name] as FloatArray | undefined;
  const clock = memory.clock as Uint32Array;
  const words = (memory.spikes as Uint32Array) ?? new Uint32Array(0);
  const kept = of('record');
  const random = of('noise');
  const draw = random && noiseInto(spec, random, single);
  const loopSpec: LoopSpec = {
    arrays: [
      ...state.map((name) => `x_${name}`),
      ...rings.map((_, k) => arrivalName(k)),
      ...perNeuron.map((name) => `x_${name}`),
      ...noise.map(([name]) => `x_${name}`),
      ...outputs.map((name) => `o_${name}`),
      ...recorded.map((_, k) => `k_${k}`),
    ],
    constants: shared.map((name) => `x_${name}`),
    lets: formulas.lets,
    ...(spec.own ? { own: spec.own } : {}),
    stores: [
      ...state.map((name) => [`x_${name}`, formulas.state[name]!] as const),
      ...rings.map((_, k) => [arrivalName(k), '0'] as const),
      ...outputs.map((name) => [`o_${name}`, formulas.outputs[name]!] as const),
    ],
    ...(formulas.spike ? { marks: formulas.spike } : {}),
  };
  const keeping = (due: readonly boolean[]): LoopSpec => ({
    ...loopSpec,
    stores: [
      ...loopSpec.stores,
      ...recorded.flatMap(({ name }, k) =>
        due[k] ? [[`k_${k}`, recordedFormula(spec, name)] as const] : [],
      ),
    ],
  });
  const { buffer } = clock;
  const all = single ? new Float32Array(buffer) : new Float64Array(buffer);
  const u32 = new Uint32Array(buffer);
  const wasm = memoryOf(clock);
  const loops = new Map<string, Loop>();
  const loopFor = (due: readonly boolean[]): Loop => {
    const key = due.join();
    let loop = loops.get(key);
    if (!loop) {
      const made = keeping(due);
      loop =
        (wasm && wasmLoop(made, single)?.(wasm)) ??
        jsLoop(made, single)(all, u32);
      loops.set(key, loop);
    }
    return loop;
  };
  const start = (array: FloatArray | undefined) =>
    array ? array.byteOffset / array.BYTES_PER_ELEMENT : 0;
  const at = {
    state: start(of('state')),
    arrivals: start(of('arrivals')),
    constants: start(of('constants')),
    noise: start(random),
    out: start(of('out')),
    record: start(kept),
    words: words.byteOffset / 4,
  };
  // With constants of their own, neurons of each trial are a pass.
  const apart = perNeuron.length > 0 ? trials : 1;
  const many = elements / apart;
  const offsets: number[] = new Array(loopSpec.arrays.length);
  const due = recorded.map(() => false);
  const constants = loopSpec.constants.map((name) => params[name]!);
  return (window) => {
    const [tick, slot] = clock;
    if (spiking) words.fill(0, slot! * elements, (slot! + 1) * elements);
    for (let k = 0; k < window; k++) {
      const n = tick! + k;
      draw?.(n);
      for (let r = 0; r < recorded.length; r++) {
        due[r] = n % recorded[r]!.every === 0;
      }
      const loop = loopFor(due);
      for (let trial = 0; trial < apart; trial++) {
        const first = trial * many;
        let a = 0;
        for (let s = 0; s < state.length; s++) {
          offsets[a++] = at.state + s * elements + first;
        }
        for (const { base, ticks } of rings) {
          offsets[a++] =
            at.arrivals + base + (n & (ticks - 1)) * elements + first;
        }
        for (let c = 0; c < perNeuron.length; c++) {
          offsets[a++] = at.constants + c * neurons;
        }
        for (let j = 0; j < noise.length; j++) {
          offsets[a++] = at.noise + j * elements + first;
        }
        for (let o = 0; o < outputs.length; o++) {
          const row = o * history + (n & (history - 1));
          offsets[a++] = at.out + row * elements + first;
        }
        for (const { base, every, slots } of recorded) {
          const row = Math.floor(n / every) % slots;
          offsets[a++] = at.record + base + row * elements + first;
        }
        const word = at.words + slot! * elements + first;
        loop(offsets, constants, many, word, 1 << k);
      }
    }
  };
}
