/**
 * Elementwise kernels on the CPU: loops (loop.ts) in WebAssembly, in ranges that
 * threads share, where all arrays lie in its memory and it has the functions,
 * else as a loop in JavaScript, with the same bits.
 */

import type { FloatArray } from '../base/tensor.ts';
import { renamed } from '../formula/expression.ts';
import { canCompile, compileJs } from '../formula/js.ts';
import { closedLoop, type LoopPlan, loopLines } from '../formula/loop.ts';
import { addressOf, arrayInArena } from '../formula/wasm/arena.ts';
import { jobLayout, rangedLoop } from '../formula/wasm-loop.ts';
import type { CpuForm } from './kernel.ts';
import { type Parts, placeOf } from './parts.ts';
import { runRange } from './ranges.ts';

/** Of fewer elements the loop in JavaScript is done, and made, sooner. */
const FEW = 32;

export function cpuForm(parts: Parts, single: boolean): CpuForm<'n'> {
  const quick = wasmForm(parts, single);
  let slow: CpuForm | null = null;
  return (inputs, outputs, params, threads) => {
    const many = params.n >= FEW;
    if (many && quick(inputs, outputs, params, threads)) return;
    slow ??= jsForm(parts, single);
    slow(inputs, outputs, params);
  };
}

/** A kernel's loop: what arrives where, beside the plan. */
interface MapPlan {
  readonly plan: LoopPlan;
  /** Of array k: the input it is, or -1 - the output. */
  readonly sources: readonly number[];
  /** Inputs that are the first constants; the call's numbers follow. */
  readonly singles: readonly number[];
  /** Inputs that the first places read; coordinates follow. */
  readonly along: readonly number[];
}

function planOf(parts: Parts): MapPlan {
  const { operands, placed, coordinates, constants, outputs } = parts;
  const names = new Map<string, string>();
  const sources = outputs.map((_, k) => -1 - k);
  const inputsOf = (at: string) =>
    operands.flatMap((operand, k) => (operand.at === at ? [k] : []));
  for (const k of inputsOf('i')) {
    // In-place operands arrive in their output's array.
    const { name } = operands[k]!;
    const home = outputs.findIndex((output) => output.name === name);
    names.set(name, `a_${home < 0 ? sources.length : home}`);
    if (home < 0) sources.push(k);
  }
  const singles = inputsOf('0');
  [...singles.map((k) => operands[k]!.name), ...constants].forEach(
    (name, k) => {
      names.set(name, `c_${k}`);
    },
  );
  placed.forEach((name, k) => {
    names.set(name, `p_${k}`);
  });
  const lets = outputs.map(({ name, formula }, k) => {
    const value = renamed(formula, (old) => names.get(old) ?? old);
    // Formulas that follow see the new value.
    names.set(name, `l_${k}`);
    return value;
  });
  const plan: LoopPlan = {
    arrays: sources.length,
    places: placed.map((name, k) => ({
      form: parts.ways[k]!,
      operand: !coordinates.includes(name),
    })),
    constants: singles.length + constants.length,
    lets,
    stores: outputs.map((_, k) => [k, { kind: 'name', name: `l_${k}` }]),
    marks: null,
    own: {},
  };
  const along = placed.flatMap((name) => inputsOf(`at_${name}`));
  return { plan, sources, singles, along };
}

/** False: not with these operands. */
export type Quick = (...call: Parameters<CpuForm>) => boolean;

/** The loop in WebAssembly, made when it is first needed. */
export function wasmForm(parts: Parts, single: boolean): Quick {
  let made: Quick | null | undefined;
  return (inputs, outputs, params, threads) => {
    if (made === null || addressOf(outputs[0]) < 0) return false;
    if (made === undefined) made = boundForm(parts, single);
    return made?.(inputs, outputs, params, threads) ?? false;
  };
}

const codes = new Map<string, Uint8Array | null>();

/** Once for all kernels that differ in names alone. */
function codeOf(plan: LoopPlan, single: boolean): Uint8Array | null {
  const key = JSON.stringify([single, plan]);
  const known = codes.get(key);
  if (known !== undefined) return known;
  const code = rangedLoop(plan, single);
  codes.set(key, code);
  return code;
}

function boundForm(parts: Parts, single: boolean): Quick | null {
  const { plan, sources, singles, along } = planOf(parts);
  const { placed, constants } = parts;
  const code = codeOf(plan, single);
  const layout = jobLayout(plan, single);
  const words =
    code && arrayInArena(Int32Array, Math.ceil(layout.bytes / 4), 4);
  if (!words) return null;
  const numbers: FloatArray = new (single ? Float32Array : Float64Array)(
    words.buffer,
    words.byteOffset + layout.constants,
    plan.constants,
  );
  const job = addressOf(words);
  const placesAt = layout.places / 4;
  const where = placed.map(placeOf);
  return (inputs, outputs, params, threads = 1) => {
    for (let k = 0; k < sources.length; k++) {
      const source = sources[k]!;
      const array = source < 0 ? outputs[-1 - source]! : inputs[source]!;
      const address = addressOf(array);
      if (address < 0) return false;
      words[k] = address;
    }
    for (let k = 0; k < placed.length; k++) {
      const { step, count, low } = where[k]!;
      if (params[step]! % params[low]! !== 0) return false;
      const address = k < along.length ? addressOf(inputs[along[k]!]!) : 0;
      if (address < 0) return false;
      const at = placesAt + 4 * k;
      words[at] = address;
      words[at + 1] = params[step]!;
      words[at + 2] = params[count]!;
      words[at + 3] = params[low]!;
    }
    for (let k = 0; k < singles.length; k++) {
      numbers[k] = inputs[singles[k]!]![0]!;
    }
    for (let k = 0; k < constants.length; k++) {
      numbers[singles.length + k] = params[constants[k]!]!;
    }
    runRange(code, job, params.n!, 1, threads);
    return true;
  };
}

/** The loop in JavaScript. */
export function jsForm(parts: Parts, single: boolean): CpuForm {
  const made = planOf(parts);
  if (!canCompile()) return closedForm(made, parts, single);
  const { plan, sources, singles, along } = made;
  const round = single ? 'Math.fround' : '';
  const body = [
    ...sources.map(
      (at, k) =>
        `const o_${k} = ${at < 0 ? `outputs[${-1 - at}]` : `inputs[${at}]`};`,
    ),
    ...singles.map((at, k) => `const c_${k} = inputs[${at}][0];`),
    ...parts.constants.map(
      (name, k) => `const c_${singles.length + k} = ${round}(params.${name});`,
    ),
    ...along.map((at, k) => `const x_${k} = inputs[${at}];`),
    ...parts.placed.flatMap((name, k) =>
      Object.entries(placeOf(name)).map(
        ([part, param]) => `const ${part}_${k} = params.${param};`,
      ),
    ),
    'const n = params.n;',
    ...loopLines(plan, single, (k) => `o_${k}[i]`),
  ].join('\n');
  return compileJs(['inputs', 'outputs', 'params'], body) as unknown as CpuForm;
}

function closedForm(
  { plan, sources, singles, along }: MapPlan,
  { constants, placed }: Parts,
  single: boolean,
): CpuForm {
  const loop = closedLoop(plan, single);
  const where = placed.map(placeOf);
  return (inputs, outputs, params) => {
    const pass = {
      arrays: sources.map((at) => (at < 0 ? outputs[-1 - at] : inputs[at])!),
      offsets: sources.map(() => 0),
      places: where.map(({ step, count, low }, k) => ({
        array: inputs[along[k]!]!,
        step: params[step]!,
        count: params[count]!,
        low: params[low]!,
      })),
      constants: [
        ...singles.map((at) => inputs[at]![0]!),
        ...constants.map((name) => params[name]!),
      ],
    };
    loop(pass, params.n!, () => {});
  };
}
