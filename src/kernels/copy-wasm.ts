/**
 * Copies of matrices in WebAssembly: rows and columns at any distance from each
 * other, to rows of neighbours at any distance, in their place or added.
 */

import { Code, hasSimd } from '../formula/wasm/code.ts';
import { Steps } from '../formula/wasm/steps.ts';
import { runOf } from '../formula/wasm/team.ts';

/** Parameters: addresses in the arena, numbers, and distances in bytes. */
const PARAMETERS = [
  ...(['from', 'to', 'rows', 'columns', 'fromRow', 'fromColumn'] as const),
  ...(['toRow', 'add'] as const),
] as const;
type Parameter = (typeof PARAMETERS)[number];

export type CopyRows = (call: Readonly<Record<Parameter, number>>) => void;

const made = new Map<boolean, CopyRows | null>();

/** `add`: 1 to add to what is there, else 0. Null without WebAssembly. */
export function wasmCopy(single: boolean): CopyRows | null {
  const known = made.get(single);
  if (known !== undefined) return known;
  const copy = hasSimd() ? callOf(runOf(copyCode(single))) : null;
  made.set(single, copy);
  return copy;
}

function callOf(run: (...args: number[]) => unknown): CopyRows {
  return ({ from, to, rows, columns, fromRow, fromColumn, toRow, add }) => {
    run(from, to, rows, columns, fromRow, fromColumn, toRow, add);
  };
}

function copyCode(single: boolean): Uint8Array {
  const code = new Code(PARAMETERS.map(() => 'i32' as const));
  const at = {} as Record<Parameter, number>;
  PARAMETERS.forEach((name, k) => {
    at[name] = k;
  });
  const width = single ? 4 : 8;
  const steps = new Steps(code);
  const [x, y, left, step] = steps.locals(4);
  const value = code.local('v128');
  const elements = (lanes: number) => {
    const bits = single ? '32' : '64';
    const load = lanes === 1 ? (`v128.load${bits}_zero` as const) : 'v128.load';
    const store =
      lanes === 1 ? (`v128.store${bits}_lane` as const) : 'v128.store';
    steps.while(left, lanes, () => {
      code.get(x);
      code.access(load);
      code.set(value);
      code.get(at.add);
      code.open('if');
      code.get(y);
      code.access(load);
      code.get(value);
      code.op(single ? 'f32x4.add' : 'f64x2.add');
      code.set(value);
      code.op('end');
      code.get(y, value);
      code.access(store);
      if (lanes === 1) steps.add(x, step);
      else steps.advance(x, 16);
      steps.advance(y, lanes * width);
    });
  };
  steps.set(step, () => code.get(at.fromColumn));
  steps.while(at.rows, 1, () => {
    steps.set(x, () => code.get(at.from));
    steps.set(y, () => code.get(at.to));
    steps.set(left, () => code.get(at.columns));
    code.get(step);
    code.int(width);
    code.op('i32.eq');
    code.open('if');
    elements(16 / width);
    code.op('end');
    elements(1);
    steps.add(at.from, at.fromRow);
    steps.add(at.to, at.toRow);
  });
  code.int(0);
  return code.module(true);
}
