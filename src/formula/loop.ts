/**
 * A loop over the elements of several arrays, written as formulas
 * (expression.ts), and its JavaScript form. The loop in WebAssembly
 * (wasm-loop.ts) has the bits of this one, whatever NaNs are made of.
 */

import { GraphError, OptionError } from '../base/errors.ts';
import type { FloatArray } from '../base/tensor.ts';
import {
  type Expression,
  type OwnFunctions,
  parseExpression,
  rewritten,
} from './expression.ts';
import { canCompile, compileJs, toClosure, toJs } from './js.ts';

/** One pass over n elements: loads, formulas in order, stores at the end. */
export interface LoopSpec {
  /** Arrays of floats; a name is the element's value before the pass. */
  readonly arrays: readonly string[];
  /** Numbers that are the same for all elements. */
  readonly constants: readonly string[];
  /** Results in order; each may use arrays, constants and earlier lets. */
  readonly lets: readonly (readonly [name: string, formula: string])[];
  /** New values of arrays, all from values before the pass and lets. */
  readonly stores: readonly (readonly [array: string, formula: string])[];
  /** Functions of the user's own that formulas call. */
  readonly own?: OwnFunctions;
  /** Where it holds, `words[i] |= bit`; a number holds if not 0 and not NaN. */
  readonly marks?: string;
}

/**
 * Does elements first .. first + n - 1. `offsets[k]` is the index in `floats`
 * of the first element of `arrays[k]`, `words` that of its word in `u32`; all
 * must lie inside. Arrays may be one and the same (the last store stays) but
 * may not overlap otherwise. Returns how many elements were marked.
 */
export type Loop = (
  offsets: readonly number[],
  constants: readonly number[],
  n: number,
  words: number,
  bit: number,
) => number;

/** How the place of element i is found: the general way takes four divisions. */
export type Form = 'inner' | 'outer' | 'axis' | 'general';

/** Where element i is along some axes: floor(i / step) % count * low + i % low. */
export interface Place {
  readonly form: Form;
  /** Whether an array is read there, or the place itself is the value. */
  readonly operand: boolean;
}

/**
 * A loop that has been read. In its formulas array k is called a_k, the operand
 * or number of place k p_k, constant k c_k and let k l_k, so that no name of a
 * user is part of a program.
 */
export interface LoopPlan {
  readonly arrays: number;
  readonly places: readonly Place[];
  readonly constants: number;
  readonly lets: readonly Expression[];
  readonly stores: readonly (readonly [array: number, value: Expression])[];
  readonly marks: Expression | null;
  readonly own: OwnFunctions;
}

/** All formulas of a loop. */
export const formulasOf = ({ lets, stores, marks }: LoopPlan): Expression[] => [
  ...lets,
  ...stores.map(([, e]) => e),
  ...(marks ? [marks] : []),
];

/** Reads a loop. Throws GraphError for names or formulas that are wrong. */
export function readLoop(spec: LoopSpec): LoopPlan {
  const names = new Map<string, string>();
  const declare = (name: string, as: string) => {
    if (names.has(name)) {
      throw new GraphError(
        `Loop has the name "${name}" twice: give arrays, constants and lets ` +
          'names of their own',
        { name },
      );
    }
    names.set(name, as);
  };
  const { own = {} } = spec;
  const read = (formula: string) => renamed(formula, names, own);
  spec.arrays.forEach((name, k) => {
    declare(name, `a_${k}`);
  });
  spec.constants.forEach((name, k) => {
    declare(name, `c_${k}`);
  });
  const lets = spec.lets.map(([name, formula], k) => {
    const value = read(formula);
    declare(name, `l_${k}`);
    return value;
  });
  const stored = new Set<string>();
  const stores = spec.stores.map(([name, formula]) => {
    const array = spec.arrays.indexOf(name);
    if (array < 0) {
      throw new GraphError(
        `Loop stores to "${name}", which is no array of it: use one of ` +
          spec.arrays.join(', '),
        { name },
      );
    }
    if (stored.has(name)) {
      throw new GraphError(
        `Loop stores to "${name}" twice: store to an array once`,
        { name },
      );
    }
    stored.add(name);
    return [array, read(formula)] as const;
  });
  return {
    arrays: spec.arrays.length,
    places: [],
    constants: spec.constants.length,
    lets,
    stores,
    marks: spec.marks === undefined ? null : read(spec.marks),
    own,
  };
}

function renamed(
  formula: string,
  names: Map<string, string>,
  own: OwnFunctions,
): Expression {
  const rename = (e: Expression): Expression => {
    if (e.kind !== 'name') return rewritten(e, rename);
    const name = names.get(e.name);
    if (name !== undefined) return { kind: 'name', name };
    throw new GraphError(
      `Formula "${formula}" uses "${e.name}", which is no array, constant ` +
        `or earlier let: use ${[...names.keys()].join(', ')}`,
      { formula, name: e.name },
    );
  };
  return rename(parseExpression(formula, own));
}

/** Loops bound to the memory that they work on. */
type Bind = (floats: FloatArray, u32: Uint32Array) => Loop;

const made = new Map<string, Bind>();

/** Arrays of so many elements have a loop compiled for them alone. */
const LARGE = 4096;

/**
 * Makes (once per spec) the loop in JavaScript: in float32 every operation
 * rounds if `single`, else in float64. Throws GraphError as readLoop does, and
 * OptionError where it is bound to an array of the other precision.
 */
export function jsLoop(spec: LoopSpec, single: boolean): Bind {
  // Functions have no text that would tell them apart.
  const key = spec.own ? null : JSON.stringify([single, spec]);
  const known = key === null ? undefined : made.get(key);
  if (known) return known;
  const plan = readLoop(spec);
  const shared = compileLoop(plan, single, '');
  let own = 0;
  const bind: Bind = (floats, u32) => {
    checkPrecision(floats, single);
    if (floats.length < LARGE) return shared(floats, u32);
    // Where a program is bound once only, V8 takes the arrays for constants,
    // which saves a quarter of the time; programs of one text it takes for one.
    own += 1;
    return compileLoop(plan, single, `// ${own}`)(floats, u32);
  };
  if (key !== null) made.set(key, bind);
  return bind;
}

/** Checks that an array has the precision of a loop. */
export function checkPrecision(array: FloatArray, single: boolean): void {
  if (array instanceof (single ? Float32Array : Float64Array)) return;
  throw new OptionError(
    `A loop in float${single ? 32 : 64} was given a ` +
      `${array.constructor.name}: give it one of its own precision`,
    { single, array: array.constructor.name },
  );
}

/** V8 likes one array and sums as indices better than an array for each. */
function compileLoop(plan: LoopPlan, single: boolean, comment: string): Bind {
  if (!canCompile()) return closedBind(plan, single);
  const body = [
    comment,
    'return (offsets, constants, n, words, bit) => {',
    'const f = floats, u = u32;',
    ...all(plan.arrays, (k) => `const o_${k} = offsets[${k}];`),
    ...all(plan.constants, (k) => {
      const round = single ? 'Math.fround' : '';
      return `const c_${k} = ${round}(constants[${k}]);`;
    }),
    'let marked = 0;',
    ...loopLines(plan, single, (k) => `f[o_${k} + i]`),
    'return marked;',
    '};',
  ];
  return compileJs(
    ['floats', 'u32'],
    body.join('\n'),
    plan.own,
  ) as unknown as Bind;
}

const all = (n: number, line: (k: number) => string) =>
  Array.from({ length: n }, (_, k) => line(k));

/** The place of element i, of what a machine calls its parameters. */
export function placeText(
  form: Form,
  of: (part: 'step' | 'count' | 'low') => string,
  divided: (a: string, b: string) => string,
): string {
  if (form === 'inner') return `i % ${of('count')}`;
  const step = divided('i', of('step'));
  if (form === 'outer') return step;
  const axis = `${step} % ${of('count')}`;
  return form === 'axis' ? axis : `${axis} * ${of('low')} + i % ${of('low')}`;
}

/**
 * The loop over n elements in JavaScript. `element` is that of array k at i; in
 * scope are also c_k and, of place k, step_k, count_k, low_k and its operand x_k.
 */
export function loopLines(
  plan: LoopPlan,
  single: boolean,
  element: (k: number) => string,
): string[] {
  const text = (e: Expression) => toJs(e, single);
  return [
    'for (let i = 0; i < n; i++) {',
    ...all(plan.arrays, (k) => `const a_${k} = ${element(k)};`),
    ...plan.places.map(({ form, operand }, k) => {
      const at = placeText(
        form,
        (part) => `${part}_${k}`,
        (a, b) => `Math.floor(${a} / ${b})`,
      );
      return `const p_${k} = ${operand ? `x_${k}[${at}]` : at};`;
    }),
    ...plan.lets.map((e, k) => `const l_${k} = ${text(e)};`),
    ...plan.stores.map(([, e], k) => `const s_${k} = ${text(e)};`),
    ...plan.stores.map(([array], k) => `${element(array)} = s_${k};`),
    plan.marks
      ? `if (${text(plan.marks)}) { u[words + i] |= bit; marked++; }`
      : '',
    '}',
  ];
}

/** What a pass without compiled text works on. */
export interface Pass {
  readonly arrays: readonly FloatArray[];
  /** Of the first element of each. */
  readonly offsets: readonly number[];
  readonly places: readonly {
    /** The operand, where one is read. */
    readonly array?: FloatArray;
    readonly step: number;
    readonly count: number;
    readonly low: number;
  }[];
  readonly constants: readonly number[];
}

/** The loop as closures, for engines that compile no text. */
export function closedLoop(
  plan: LoopPlan,
  single: boolean,
): (pass: Pass, n: number, mark: (i: number) => void) => void {
  const kinds = [
    ['a', plan.arrays],
    ['p', plan.places.length],
    ['c', plan.constants],
    ['l', plan.lets.length],
  ] as const;
  const names = kinds.flatMap(([kind, n]) => all(n, (k) => `${kind}_${k}`));
  const closure = (e: Expression) =>
    toClosure(e, single, (name) => names.indexOf(name), plan.own);
  const lets = plan.lets.map(closure);
  const stores = plan.stores.map(([array, e]) => [array, closure(e)] as const);
  const marks = plan.marks && closure(plan.marks);
  return ({ arrays, offsets, places, constants }, n, mark) => {
    const rounded = single ? constants.map(Math.fround) : constants;
    const values: number[] = [];
    for (let i = 0; i < n; i++) {
      let at = 0;
      arrays.forEach((array, k) => {
        values[at++] = array[offsets[k]! + i]!;
      });
      for (const { array, step, count, low } of places) {
        const place = (Math.floor(i / step) % count) * low + (i % low);
        values[at++] = array ? array[place]! : place;
      }
      for (const constant of rounded) values[at++] = constant;
      for (const value of lets) values[at++] = value(values);
      const stored = stores.map(([, value]) => value(values));
      const marked = marks?.(values);
      stores.forEach(([array], k) => {
        arrays[array]![offsets[array]! + i] = stored[k]!;
      });
      if (marked) mark(i);
    }
  };
}

function closedBind(plan: LoopPlan, single: boolean): Bind {
  const loop = closedLoop(plan, single);
  return (floats, u32) => {
    const arrays = all(plan.arrays, () => '').map(() => floats);
    return (offsets, constants, n, words, bit) => {
      let marked = 0;
      loop({ arrays, offsets, places: [], constants }, n, (i) => {
        u32[words + i]! |= bit;
        marked += 1;
      });
      return marked;
    };
  };
}
