/**
 * Copies of matrices in WebAssembly: rows and columns at any distance from each
 * other, to rows of neighbours at any distance, in their place or added.
 */

import { hasSimd } from '../formula/wasm/code.ts';
import { type Steps, stepsOf } from '../formula/wasm/steps.ts';
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
  const copy = hasSimd() ? makeCopy(single) : null;
  made.set(single, copy);
  return copy;
}

function makeCopy(single: boolean): CopyRows {
  const run = runOf(stepsOf(PARAMETERS, single, writeCopy).module(true));
  return ({ from, to, rows, columns, fromRow, fromColumn, toRow, add }) => {
    run(from, to, rows, columns, fromRow, fromColumn, toRow, add);
  };
}

function writeCopy(steps: Steps): void {
  const { width } = steps;
  const elements = (lanes: number) => {
    const part = lanes === 1 ? 'one' : 'all';
    steps.take('left', lanes, () => {
      steps.load('value', 'x', part);
      steps.if('add', () => {
        steps.load('sum', 'y', part);
        steps.let('value = sum + value');
      });
      steps.store('value', 'y', part);
      steps.do(
        `x = x + ${lanes === 1 ? 'fromColumn' : 16}`,
        `y = y + ${lanes * width}`,
      );
    });
  };
  steps.take('rows', 1, () => {
    steps.do('x = from', 'y = to', 'left = columns');
    steps.if(`fromColumn == ${width}`, () => elements(steps.lanes));
    elements(1);
    steps.do('from = from + fromRow', 'to = to + toRow');
  });
}
