/** Formulas (expression.ts) as WGSL. */

import { BITS } from './bits.ts';
import { ELEMENTARY } from './elementary.ts';
import {
  COMPARISONS,
  type Expression,
  type OwnFunctions,
} from './expression.ts';
import { ELEMENTARY_NAMES, readRoutine } from './routine.ts';

/** Functions that WGSL has, to the last bit; the others end in _. */
const BUILT_IN = ['sqrt', 'abs', 'floor'];

/** Functions of which nothing is left to round. */
const EXACT = [
  'where',
  'floor',
  'odd',
  'pow2',
  'mantissa',
  'exponent',
  'signed',
  'flip',
];

/**
 * WGSL text; numbers carry the f suffix so that constants fold in float32.
 * Results of inner operations are pinned (mathWgsl): every operation rounds
 * by itself on every driver, as in the float32 form for the CPU.
 */
export function toWgsl(e: Expression): string {
  switch (e.kind) {
    case 'number':
      return numberText(Math.fround(e.value));
    case 'name':
      return e.name;
    case 'negate':
      return `(-${pinned(e.operand)})`;
    case 'binary':
      // Drivers turn a division by a known number into a product.
      return e.operator === '/' && e.right.kind === 'number'
        ? `(${pinned(e.left)} / pin(${toWgsl(e.right)}))`
        : `(${pinned(e.left)} ${e.operator} ${pinned(e.right)})`;
    case 'call': {
      if (e.name === 'horner') return chain(e.args.map(toWgsl));
      const args = e.args.map(pinned);
      if (e.own) return `own_${e.name}(${args.join(', ')})`;
      return e.name === 'where'
        ? `select(${args[2]}, ${args[1]}, ${args[0]})`
        : `${e.name}${BUILT_IN.includes(e.name) ? '' : '_'}(${args.join(', ')})`;
    }
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    // Refused as a constant.
    const bits = value > 0 ? '7f8' : value < 0 ? 'ff8' : '7fc';
    return `bitcast<f32>(0x${bits}00000u ^ params.zero)`;
  }
  const text = String(value);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** Products alone are pinned: p * x + c is not reordered. */
const chain = ([x, first, ...rest]: readonly string[]) =>
  rest.reduce((p, c) => `(pin(${p} * ${x}) + ${c})`, first!);

/** An operand of another operation. */
function pinned(e: Expression): string {
  const rounds =
    (e.kind === 'binary' && !COMPARISONS.includes(e.operator)) ||
    (e.kind === 'call' && !EXACT.includes(e.name));
  return rounds ? `pin(${toWgsl(e)})` : toWgsl(e);
}

/** WGSL of the user's own functions. */
export function ownWgsl(own: OwnFunctions): string {
  return Object.entries(own)
    .map(([name, { parameters, wgsl }]) =>
      functionText(`own_${name}`, parameters, [wgsl]),
    )
    .join('');
}

const functionText = (
  name: string,
  parameters: readonly string[],
  lines: readonly string[],
  result = 'f32',
) =>
  [
    `fn ${name}(${parameters.map((x) => `${x}: f32`).join(', ')}) -> ${result} {`,
    ...lines,
    '}\n',
  ].join('\n');

const PIN = `// A number that the compiler cannot see through. WGSL lets drivers join a
// product with a sum (one rounding instead of two) and reorder sums; between
// two pinned numbers there is nothing to join or reorder.
fn pin(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}
`;

let math: string | undefined;

/**
 * What formulas in WGSL call: `pin` and the elementary functions (elementary.ts).
 * Needs params.zero, a 0 in the uniform block.
 */
export function mathWgsl(): string {
  math ??= [
    PIN,
    ...Object.entries(BITS).map(([name, form]) => {
      if (!('wgsl' in form)) return '';
      const result = 'condition' in form ? 'bool' : 'f32';
      const parameters = ['x', 'n'].slice(0, form.arity);
      return functionText(`${name}_`, parameters, [form.wgsl], result);
    }),
    ...ELEMENTARY_NAMES.map((name) => {
      const { parameters, steps, result } = readRoutine(ELEMENTARY[name]);
      const ends = steps.filter((step) => 'when' in step);
      return functionText(`${name}_`, parameters, [
        ...steps.map((step) =>
          'name' in step ? `let ${step.name} = ${pinned(step.value)};` : '',
        ),
        `let result = ${toWgsl(result)};`,
        // Nothing is known of a NaN: not even what it compares as.
        'let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;',
        // Not by branches: SwiftShader follows every path through those of a
        // loop before it compiles it, and each doubles their number.
        `return select(${ends.reduceRight(
          (rest, { when, value }) =>
            `select(${rest}, ${toWgsl(value)}, ${toWgsl(when)})`,
          'result',
        )}, x, is_nan);`,
      ]);
    }),
  ].join('');
  return math;
}
