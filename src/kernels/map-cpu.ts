/**
 * Elementwise kernels on the CPU: in WebAssembly (map-wasm.ts), in ranges that
 * threads share, where all arrays lie in its memory and it has the functions,
 * else as a loop in JavaScript, with the same bits.
 */

import type { FloatArray } from '../base/tensor.ts';
import { renamed } from '../formula/expression.ts';
import { compileJs, toJs } from '../formula/js.ts';
import { addressOf, arrayInArena } from '../formula/wasm/arena.ts';
import type { CpuForm } from './kernel.ts';
import { jobLayout, type MapPlan, mapCode } from './map-wasm.ts';
import { type Form, type Parts, placeOf } from './parts.ts';
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

/** Index of the output in whose array an operand arrives; -1 for none. */
function homeOf({ outputs }: Parts, name: string): number {
  return outputs.findIndex((output) => output.name === name);
}

/** The kernel's loop: its own names are no part of a program. */
function planOf(parts: Parts): MapPlan & { readonly sources: number[] } {
  const { operands, placed, coordinates, constants, outputs } = parts;
  const names = new Map<string, string>();
  /** Of array k: the input it is, or -1 - the output. */
  const sources = outputs.map((_, k) => -1 - k);
  const singles = operands.filter(({ at }) => at === '0');
  operands.forEach(({ name, at }, k) => {
    if (at !== 'i') return;
    const home = homeOf(parts, name);
    names.set(name, `a_${home < 0 ? sources.length : home}`);
    if (home < 0) sources.push(k);
  });
  [...singles.map(({ name }) => name), ...constants].forEach((name, k) => {
    names.set(name, `c_${k}`);
  });
  placed.forEach((name, k) => {
    names.set(name, `p_${k}`);
  });
  const lets = outputs.map(({ name, formula }, k) => {
    const value = renamed(formula, (old) => names.get(old) ?? old);
    // Formulas that follow see the new value.
    names.set(name, `l_${k}`);
    return value;
  });
  return {
    sources,
    arrays: sources.length,
    places: placed.map((name, k) => ({
      form: parts.ways[k],
      operand: !coordinates.includes(name),
    })),
    constants: singles.length + constants.length,
    lets,
    stores: outputs.map((_, k) => k),
  };
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
function codeOf(plan: MapPlan, single: boolean): Uint8Array | null {
  const { arrays, places, constants, lets, stores } = plan;
  const key = JSON.stringify([single, arrays, places, constants, lets, stores]);
  const known = codes.get(key);
  if (known !== undefined) return known;
  const code = mapCode(plan, single);
  codes.set(key, code);
  return code;
}

function boundForm(parts: Parts, single: boolean): Quick | null {
  const { operands, placed, constants } = parts;
  const { sources, ...plan } = planOf(parts);
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
  const inputsOf = (at: string) =>
    operands.flatMap((operand, k) => (operand.at === at ? [k] : []));
  const singles = inputsOf('0');
  const along = placed.flatMap((name) => inputsOf(`at_${name}`));
  const placesAt = layout.places / 4;
  const where = placed.map(placeOf);
  return (inputs, outputs, params, threads = 1) => {
    for (let k = 0; k < sources.length; k++) {
      const source = sources[k];
      const array = source < 0 ? outputs[-1 - source] : inputs[source];
      const address = addressOf(array);
      if (address < 0) return false;
      words[k] = address;
    }
    for (let k = 0; k < placed.length; k++) {
      const { step, count, low } = where[k];
      if (params[step] % params[low] !== 0) return false;
      const address = k < along.length ? addressOf(inputs[along[k]]) : 0;
      if (address < 0) return false;
      const at = placesAt + 4 * k;
      words[at] = address;
      words[at + 1] = params[step];
      words[at + 2] = params[count];
      words[at + 3] = params[low];
    }
    for (let k = 0; k < singles.length; k++) {
      numbers[k] = inputs[singles[k]][0];
    }
    for (let k = 0; k < constants.length; k++) {
      numbers[singles.length + k] = params[constants[k]];
    }
    runRange(code, job, params.n, 1, threads);
    return true;
  };
}

const PLACES: Record<Form, (name: string) => string> = {
  inner: (name) => `i % count_${name}`,
  outer: (name) => `Math.floor(i / step_${name})`,
  axis: (name) => `Math.floor(i / step_${name}) % count_${name}`,
  general: (name) =>
    `Math.floor(i / step_${name}) % count_${name} * low_${name} + i % low_${name}`,
};

/** The loop in JavaScript. */
export function jsForm(parts: Parts, single: boolean): CpuForm {
  const { constants, outputs, operands, placed, ways, coordinates } = parts;
  // In-place operands arrive in their output's array.
  const source = (name: string) => {
    const home = homeOf(parts, name);
    return home >= 0 ? `out${home}` : `in_${name}`;
  };
  const declared = operands.map(({ name }) => name);
  const round = single ? 'Math.fround' : '';
  const compute = outputs.map(({ name, formula }, k) => {
    const declare = declared.includes(name) ? '' : 'let ';
    return `${declare}${name} = ${toJs(formula, single)}; out${k}[i] = ${name};`;
  });
  const body = [
    ...declared.map((name, k) =>
      source(name).startsWith('in_') ? `const in_${name} = inputs[${k}];` : '',
    ),
    ...outputs.map((_, k) => `const out${k} = outputs[${k}];`),
    ...constants.map((name) => `const ${name} = ${round}(params.${name});`),
    ...placed
      .flatMap((name) => Object.values(placeOf(name)))
      .map((name) => `const ${name} = params.${name};`),
    `for (let i = 0, n = params.n; i < n; i++) {`,
    ...placed.map((name, k) => `const at_${name} = ${PLACES[ways[k]](name)};`),
    ...operands.map(({ name, at }) => `let ${name} = ${source(name)}[${at}];`),
    ...coordinates.map((name) => `const ${name} = at_${name};`),
    ...compute,
    '}',
  ].join('\n');
  return compileJs(['inputs', 'outputs', 'params'], body) as unknown as CpuForm;
}
