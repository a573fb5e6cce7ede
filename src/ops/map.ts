/**
 * Elementwise kernels from formulas (expression.ts): ops, population
 * dynamics, optimisers and triggers are all made here.
 */

import {
  compileJs,
  type Expression,
  parseExpression,
  toJs,
  toWgsl,
} from './expression.ts';
import {
  aligned,
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
  /** Names of operands of which element i reads the one that `Along` says. */
  readonly along?: readonly string[];
  /** Names of numbers that say where element i is, as `Along` says. */
  readonly coordinates?: readonly string[];
  /** Names of numbers fixed when the call is recorded. */
  readonly constants?: readonly string[];
  /**
   * Outputs in order: name and formula, which may use operands, constants
   * and earlier outputs. An output that bears the name of an operand takes
   * its place in memory; formulas after it see the new value.
   */
  readonly outputs: readonly (readonly [string, string])[];
}

/**
 * Where element i is along some axes: floor(i / step) % count * low + i % low.
 * [inner, n, 1] is the place on an axis of n with `inner` elements below it;
 * [n inner, outer, inner] the place on all axes but that one.
 */
export type Along = readonly [step: number, count: number, low: number];

/** An elementwise kernel with a typed way to call it. */
export interface MapKernel extends Kernel {
  /**
   * Operands in the order of `each`, `single`, `along`; `places` of `along`,
   * then of `coordinates`.
   */
  emit(
    emit: Emit,
    operands: readonly Ref[],
    constants?: readonly number[],
    places?: readonly Along[],
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

/** How the place of element i is found: the general way takes four divisions. */
type Form = 'inner' | 'outer' | 'axis' | 'general';

function formOf([step, count, low]: Along, n: number): Form {
  if (low !== 1) return 'general';
  if (step === 1) return 'inner';
  return step * count === n ? 'outer' : 'axis';
}

const FORMS: Record<Form, (name: string) => string> = {
  inner: (name) => `i % params.count_${name}`,
  outer: (name) => `i / params.step_${name}`,
  axis: (name) => `i / params.step_${name} % params.count_${name}`,
  general: (name) =>
    `i / params.step_${name} % params.count_${name} * params.low_${name}` +
    ` + i % params.low_${name}`,
};

function makeMap(spec: MapSpec): MapKernel {
  const variants = new Map<string, MapKernel>();
  const variant = (forms: readonly Form[]) => {
    const key = forms.join('-');
    const made = variants.get(key) ?? makeVariant(spec, forms);
    variants.set(key, made);
    return made;
  };
  const general = variant(
    [...(spec.along ?? []), ...(spec.coordinates ?? [])].map(() => 'general'),
  );
  return {
    ...general,
    emit(emit, refs, numbers = [], places = []) {
      const forms = places.map((place) => formOf(place, refs[0].size));
      return variant(forms).emit(emit, refs, numbers, places);
    },
  };
}

function makeVariant(spec: MapSpec, ways: readonly Form[]): MapKernel {
  const { each, single = [], along = [], constants = [] } = spec;
  const outputs = spec.outputs.map(([name, text]) => ({
    name,
    formula: parseExpression(text),
    inPlace: each.includes(name) ? each.indexOf(name) : null,
  }));
  const parts: Parts = {
    constants,
    outputs,
    placed: [...along, ...(spec.coordinates ?? [])],
    ways,
    operands: [
      ...each.map((name) => ({ name, at: 'i' })),
      ...single.map((name) => ({ name, at: '0' })),
      ...along.map((name) => ({ name, at: `at_${name}` })),
    ],
    coordinates: spec.coordinates ?? [],
  };
  const forms = new Map<boolean, CpuForm>();
  const kernel: MapKernel = {
    name: ['map', spec.name, ...ways].join(':'),
    inPlace: outputs.map((o) => o.inPlace),
    cpu(singlePrecision) {
      const made =
        forms.get(singlePrecision) ?? cpuForm(parts, singlePrecision);
      forms.set(singlePrecision, made);
      return made;
    },
    batch([n], { inputs, outputs: made }, count) {
      // Operands read along axes are not where the places say, further on.
      if (parts.placed.length > 0) return null;
      const [stride] = made;
      // What lies between is computed too: it must be nobody's.
      const even =
        stride === aligned(n) &&
        made.every((s) => s === stride) &&
        inputs.every((s, i) => s === (i < each.length ? stride : 0));
      return even ? { ints: [(count - 1) * stride + n] } : null;
    },
    gpu: {
      files: ['math'],
      code: (_, file) => wgsl(parts, file),
      workgroups: (_, call) => spread(call.ints[0]),
    },
    emit(emit, refs, numbers = [], places = []) {
      const n = refs[0].size;
      const sizes = outputs.map(() => n);
      return emit(kernel, refs, sizes, [n, ...places.flat()], numbers);
    },
  };
  return kernel;
}

interface Output {
  readonly name: string;
  readonly formula: Expression;
  readonly inPlace: number | null;
}

interface Parts {
  readonly constants: readonly string[];
  readonly outputs: readonly Output[];
  /** Operands, each with the index that element i reads. */
  readonly operands: readonly { readonly name: string; readonly at: string }[];
  /** Names whose place `at_NAME` is computed of i. */
  readonly placed: readonly string[];
  /** How each of them is computed. */
  readonly ways: readonly Form[];
  /** Those of them whose place is itself the value. */
  readonly coordinates: readonly string[];
}

function cpuForm(parts: Parts, single: boolean): CpuForm {
  const { constants, outputs, operands, placed, coordinates } = parts;
  // In-place operands arrive in their output's array.
  const source = (name: string) => {
    const output = outputs.findIndex((o) => o.name === name);
    return output >= 0 ? `out${output}` : `in_${name}`;
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
    ...constants.map((name, k) => `const ${name} = ${round}(floats[${k}]);`),
    ...placed.map((name, k) => {
      const at = [1, 2, 3].map((p) => `ints[${3 * k + p}]`);
      return `const step_${name} = ${at[0]}, count_${name} = ${at[1]}, low_${name} = ${at[2]};`;
    }),
    `for (let i = 0, n = ints[0]; i < n; i++) {`,
    ...placed.map(
      (name) =>
        `const at_${name} = Math.floor(i / step_${name}) % count_${name} * low_${name} + i % low_${name};`,
    ),
    ...operands.map(({ name, at }) => `let ${name} = ${source(name)}[${at}];`),
    ...coordinates.map((name) => `const ${name} = at_${name};`),
    ...compute,
    '}',
  ].join('\n');
  return compileJs(
    ['inputs', 'outputs', 'ints', 'floats'],
    body,
  ) as unknown as CpuForm;
}

function wgsl(parts: Parts, file: (name: string) => string): string {
  const { constants, outputs, operands, placed, ways, coordinates } = parts;
  const declared = operands.map(({ name }) => name);
  const inPlace = (name: string) => outputs.some((o) => o.name === name);
  const inputs = declared.filter((name) => !inPlace(name));
  const array = 'array<f32>';
  const fields = [
    'n: u32',
    ...placed.flatMap((name) =>
      ['step', 'count', 'low'].map((part) => `${part}_${name}: u32`),
    ),
    ...constants.map((name) => `${name}: f32`),
    // The rest of a uniform block is 0; math.wgsl needs one such word.
    'zero: u32',
  ];
  return [
    `struct Params { ${fields.join(', ')} }`,
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
    ...placed.map((name, k) => `let at_${name} = ${FORMS[ways[k]](name)};`),
    ...operands.map(({ name, at }) => {
      const from = inPlace(name) ? `out_${name}` : `in_${name}`;
      return `var ${name} = ${from}[${at}];`;
    }),
    ...coordinates.map((name) => `let ${name} = f32(at_${name});`),
    ...outputs.map(({ name, formula }) => {
      const declare = declared.includes(name) ? '' : 'let ';
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

/** 0 in the shape of x: the message to what has no derivative. */
export const zeros = mapKernel({
  name: 'zeros',
  each: ['x'],
  outputs: [['s', '0']],
});
