/**
 * Elementwise kernels from formulas (expression.ts): ops, population
 * dynamics, optimisers and triggers are all made here.
 */

import type { FloatArray } from '../tensor.ts';
import {
  compileJs,
  type Expression,
  parseExpression,
  toJs,
  toWgsl,
} from './expression.ts';
import {
  type CpuForm,
  type Emit,
  type Kernel,
  type Ref,
  spread,
  WORKGROUP,
} from './kernel.ts';

export interface MapSpec {
  readonly name: string;
  /** Names of the operands, each of the size of the outputs. */
  readonly each: readonly string[];
  /** Names of operands of size 1, read by every element. */
  readonly single?: readonly string[];
  /** Names of numbers fixed when the call is recorded. */
  readonly constants?: readonly string[];
  /**
   * Outputs in order: name and formula, which may use operands, constants
   * and earlier outputs. An output that bears the name of an operand takes
   * its place in memory; formulas after it see the new value.
   */
  readonly outputs: readonly (readonly [string, string])[];
}

/** An elementwise kernel with a typed way to call it. */
export interface MapKernel extends Kernel {
  emit(
    emit: Emit,
    operands: readonly Ref[],
    constants?: readonly number[],
  ): Ref[];
}

const cache = new Map<string, MapKernel>();

/** Makes (once per spec) the kernel of an elementwise computation. */
export function mapKernel(spec: MapSpec): MapKernel {
  const key = JSON.stringify(spec);
  const known = cache.get(key);
  if (known) return known;
  const made = makeMap(spec);
  cache.set(key, made);
  return made;
}

function makeMap(spec: MapSpec): MapKernel {
  const { each, single = [], constants = [] } = spec;
  const operands = [...each, ...single];
  const outputs = spec.outputs.map(([name, text]) => ({
    name,
    formula: parseExpression(text),
    inPlace: each.includes(name) ? each.indexOf(name) : null,
  }));
  const forms = new Map<boolean, CpuForm>();
  const kernel: MapKernel = {
    name: `map:${spec.name}`,
    inPlace: outputs.map((o) => o.inPlace),
    cpu(singlePrecision) {
      const made =
        forms.get(singlePrecision) ??
        cpuForm(operands, each, constants, outputs, singlePrecision);
      forms.set(singlePrecision, made);
      return made;
    },
    gpu: {
      files: ['math'],
      code: (_, file) => wgsl(operands, each, constants, outputs, file),
      workgroups: (_, call) => spread(call.ints[0]),
    },
    emit(emit, refs, numbers = []) {
      const n = refs[0].size;
      const sizes = outputs.map(() => n);
      return emit(kernel, refs, sizes, [n], numbers);
    },
  };
  return kernel;
}

interface Output {
  readonly name: string;
  readonly formula: Expression;
  readonly inPlace: number | null;
}

function cpuForm(
  operands: readonly string[],
  each: readonly string[],
  constants: readonly string[],
  outputs: readonly Output[],
  single: boolean,
): CpuForm {
  // In-place operands arrive in their output's array.
  const source = (name: string) => {
    const output = outputs.findIndex((o) => o.name === name);
    return output >= 0 ? `out${output}` : `in_${name}`;
  };
  const read = operands.map(
    (name) =>
      `let ${name} = ${source(name)}[${each.includes(name) ? 'i' : '0'}];`,
  );
  const round = single ? 'Math.fround' : '';
  const compute = outputs.map(({ name, formula }, k) => {
    const declare = operands.includes(name) ? '' : 'let ';
    return `${declare}${name} = ${toJs(formula, single)}; out${k}[i] = ${name};`;
  });
  const body = [
    ...operands.map((name, k) =>
      source(name).startsWith('in_') ? `const in_${name} = inputs[${k}];` : '',
    ),
    ...outputs.map((_, k) => `const out${k} = outputs[${k}];`),
    ...constants.map((name, k) => `const ${name} = ${round}(floats[${k}]);`),
    `for (let i = 0, n = ints[0]; i < n; i++) {`,
    ...read,
    ...compute,
    '}',
  ].join('\n');
  return compileJs(
    ['inputs', 'outputs', 'ints', 'floats'],
    body,
  ) as unknown as (
    inputs: readonly FloatArray[],
    outputs: readonly FloatArray[],
    ints: readonly number[],
    floats: readonly number[],
  ) => void;
}

function wgsl(
  operands: readonly string[],
  each: readonly string[],
  constants: readonly string[],
  outputs: readonly Output[],
  file: (name: string) => string,
): string {
  const inPlace = (name: string) => outputs.some((o) => o.name === name);
  const inputs = operands.filter((name) => !inPlace(name));
  const array = 'array<f32>';
  return [
    // The rest of a uniform block is 0; math.wgsl needs one such word.
    `struct Params { n: u32, ${constants.map((c) => `${c}: f32, `).join('')}zero: u32 }`,
    '@group(0) @binding(0) var<uniform> params: Params;',
    file('math'),
    ...inputs.map(
      (name, k) =>
        `@group(0) @binding(${k + 1}) var<storage, read> in_${name}: ${array};`,
    ),
    ...outputs.map(
      ({ name }, k) =>
        `@group(0) @binding(${inputs.length + 1 + k}) var<storage, read_write> out_${name}: ${array};`,
    ),
    `@compute @workgroup_size(${WORKGROUP})`,
    'fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {',
    ...constants.map((name) => `let ${name} = params.${name};`),
    `for (var i = id.x; i < params.n; i += groups.x * ${WORKGROUP}u) {`,
    ...operands.map((name) => {
      const from = inPlace(name) ? `out_${name}` : `in_${name}`;
      return `var ${name} = ${from}[${each.includes(name) ? 'i' : '0'}];`;
    }),
    ...outputs.map(({ name, formula }) => {
      const declare = operands.includes(name) ? '' : 'let ';
      return `${declare}${name} = ${toWgsl(formula)}; out_${name}[i] = ${name};`;
    }),
    '}',
    '}',
  ].join('\n');
}

/** The same values in another place. */
export const copy = mapKernel({
  name: 'copy',
  each: ['x'],
  outputs: [['y', 'x']],
});
