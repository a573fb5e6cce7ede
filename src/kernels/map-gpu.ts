/**
 * The WGSL of elementwise kernels. Elements are read and written by fours where
 * each is computed of the elements in its own place: loads are what software
 * adapters pay, and one of four costs less than four of one. What lies behind
 * the last element, up to the next four, belongs to nobody.
 */

import { placeText } from '../formula/loop.ts';
import { toWgsl } from '../formula/wgsl.ts';
import { type Fields, type GpuForm, launch, mainOver } from './kernel.ts';
import { type Parts, placeOf } from './parts.ts';

/** Parameters: how many elements, where each is, and the constants. */
export const fieldsOf = ({ placed, constants }: Parts): Fields<'n'> =>
  Object.fromEntries([
    ...['n', ...placed.flatMap((name) => Object.values(placeOf(name)))].map(
      (name) => [name, 'u32'],
    ),
    ...constants.map((name) => [name, 'f32']),
  ]);

export function mapGpu(parts: Parts): GpuForm<'n'> {
  const { operands, outputs } = parts;
  const fours = parts.placed.length === 0;
  const array = (name: string, at: string) =>
    fours && at === 'i' ? `${name}: vec4f` : name;
  return {
    reads: operands
      .filter(({ name }) => !inPlace(parts, name))
      .map(({ name, at }) => array(`in_${name}`, at)),
    writes: outputs.map(({ name }) => array(`out_${name}`, 'i')),
    code: () => [...elementOf(parts), main(parts, fours)].join('\n'),
    workgroups: (traits, { params }) => launch(traits, params.n, fours ? 4 : 1),
  };
}

const inPlace = ({ outputs }: Parts, name: string) =>
  outputs.some((output) => output.name === name);

const elementOf = (parts: Parts) =>
  elementFunction(parts, [
    ...parts.operands.map(({ name }) => name),
    ...parts.coordinates,
  ]);

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

function main(parts: Parts, fours: boolean): string {
  const { outputs, operands, placed, ways, coordinates } = parts;
  const lanes = fours ? ['x', 'y', 'z', 'w'] : [''];
  const count = fours ? '(params.n + 3u) / 4u' : 'params.n';
  const value = (name: string, at: string, lane: string) =>
    at === 'i' && lane ? `of_${name}.${lane}` : `of_${name}`;
  const body = [
    ...placed.map((name, k) => {
      const param = (part: string) => `params.${part}_${name}`;
      const at = placeText(ways[k]!, param, (a, b) => `${a} / ${b}`);
      return `let at_${name} = ${at};`;
    }),
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
  ];
  return mainOver(count, body.join('\n    '));
}
