/**
 * The WGSL of elementwise kernels. Elements are read and written by fours where
 * each is computed of the elements in its own place: loads are what software
 * adapters pay, and one of four costs less than four of one. What lies behind
 * the last element, up to the next four, belongs to nobody.
 */

import type { Expression } from '../formula/expression.ts';
import { toWgsl } from '../formula/wgsl.ts';
import { type GpuForm, launch, WORKGROUP } from './kernel.ts';

/** How the place of element i is found: the general way takes four divisions. */
export type Form = 'inner' | 'outer' | 'axis' | 'general';

const PLACES: Record<Form, (name: string) => string> = {
  inner: (name) => `i % params.count_${name}`,
  outer: (name) => `i / params.step_${name}`,
  axis: (name) => `i / params.step_${name} % params.count_${name}`,
  general: (name) =>
    `i / params.step_${name} % params.count_${name} * params.low_${name}` +
    ` + i % params.low_${name}`,
};

export interface Output {
  readonly name: string;
  readonly formula: Expression;
  readonly inPlace: number | null;
}

/** An elementwise computation, parsed. */
export interface Parts {
  readonly constants: readonly string[];
  readonly outputs: readonly Output[];
  /** Numbers in between, which are not stored; computed before the outputs. */
  readonly hidden?: readonly Output[];
  /** Operands, each with the index that element i reads. */
  readonly operands: readonly { readonly name: string; readonly at: string }[];
  /** Names whose place `at_NAME` is computed of i. */
  readonly placed: readonly string[];
  /** How each of them is computed. */
  readonly ways: readonly Form[];
  /** Those of them whose place is itself the value. */
  readonly coordinates: readonly string[];
}

export function mapGpu(parts: Parts): GpuForm {
  const fours = parts.placed.length === 0;
  return {
    files: ['math'],
    code: (_, file) =>
      [...bindings(parts, file('math'), fours), ...main(parts, fours)].join(
        '\n',
      ),
    workgroups: (traits, { ints: [n] }) => launch(traits, n, fours ? 4 : 1),
  };
}

const inPlace = ({ outputs }: Parts, name: string) =>
  outputs.some((output) => output.name === name);

/** Everything before main: uniforms, arrays, and one element's computation. */
function bindings(parts: Parts, math: string, fours: boolean): string[] {
  const { constants, outputs, operands, placed, coordinates } = parts;
  const inputs = operands.filter(({ name }) => !inPlace(parts, name));
  const type = (at: string) =>
    `array<${fours && at === 'i' ? 'vec4f' : 'f32'}>`;
  const fields = [
    'n: u32',
    ...placed.flatMap((name) =>
      ['step', 'count', 'low'].map((part) => `${part}_${name}: u32`),
    ),
    ...constants.map((name) => `${name}: f32`),
    // The rest of a uniform block is 0; mathWgsl needs one such word.
    'zero: u32',
  ];
  return [
    `struct Params { ${fields.join(', ')} }`,
    '@group(0) @binding(0) var<uniform> params: Params;',
    math,
    ...inputs.map(
      ({ name, at }, k) =>
        `@group(0) @binding(${k + 1}) var<storage, read> in_${name}: ${type(at)};`,
    ),
    ...outputs.map(
      ({ name }, k) =>
        `@group(0) @binding(${inputs.length + 1 + k}) var<storage, read_write> out_${name}: ${type('i')};`,
    ),
    ...elementFunction(parts, [
      ...operands.map(({ name }) => name),
      ...coordinates,
    ]),
  ];
}

/**
 * A function `element` that gives all outputs of one element of its operands;
 * constants are fields of `params`, each after the prefix.
 */
export function elementFunction(
  { constants, outputs, hidden = [] }: Parts,
  operands: readonly string[],
  prefix = '',
): string[] {
  return [
    `struct Made { ${outputs.map(({ name }) => `${name}: f32`).join(', ')} }`,
    `fn element(${operands.map((name) => `from_${name}: f32`).join(', ')}) -> Made {`,
    ...operands.map((name) => `var ${name} = from_${name};`),
    ...constants.map((name) => `let ${name} = params.${prefix}${name};`),
    ...hidden.map(
      ({ name, formula }) => `let ${name} = pin(${toWgsl(formula)});`,
    ),
    ...outputs.map(({ name, formula }) => {
      const declare = operands.includes(name) ? '' : 'let ';
      return `${declare}${name} = ${toWgsl(formula)};`;
    }),
    `return Made(${outputs.map(({ name }) => name).join(', ')});`,
    '}',
  ];
}

function main(parts: Parts, fours: boolean): string[] {
  const { outputs, operands, placed, ways, coordinates } = parts;
  const lanes = fours ? ['x', 'y', 'z', 'w'] : [''];
  const count = fours ? '(params.n + 3u) / 4u' : 'params.n';
  const value = (name: string, at: string, lane: string) =>
    at === 'i' && lane ? `of_${name}.${lane}` : `of_${name}`;
  return [
    `@compute @workgroup_size(${WORKGROUP})`,
    'fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {',
    `for (var i = id.x; i < ${count}; i += groups.x * ${WORKGROUP}u) {`,
    ...placed.map((name, k) => `let at_${name} = ${PLACES[ways[k]](name)};`),
    ...operands.map(({ name, at }) => {
      const from = inPlace(parts, name) ? `out_${name}` : `in_${name}`;
      return `let of_${name} = ${from}[${at}];`;
    }),
    ...lanes.map((lane) => {
      const values = [
        ...operands.map(({ name, at }) => value(name, at, lane)),
        ...coordinates.map((name) => `f32(at_${name})`),
      ];
      return `let made${lane} = element(${values.join(', ')});`;
    }),
    ...outputs.map(({ name }) => {
      const values = lanes.map((lane) => `made${lane}.${name}`).join(', ');
      return `out_${name}[i] = ${fours ? `vec4f(${values})` : values};`;
    }),
    '}',
    '}',
  ];
}
