/** All ops, in one explicit list: the tests enumerate it. */

import { add } from './add.ts';
import { compositeOf } from './composite.ts';
import { elementwise } from './elementwise.ts';
import { affine, linear, matmul } from './linear.ts';
import { losses } from './loss.ts';
import type { Op } from './op.ts';
import { mean, sum } from './reduce.ts';

const simple: readonly Op[] = [
  ...elementwise,
  add,
  linear,
  affine,
  matmul,
  sum,
  mean,
];

const byName = new Map(simple.map((op) => [op.name, op]));

export const ops: readonly Op[] = [
  ...simple,
  compositeOf((name) => byName.get(name)),
];

export const opByName: ReadonlyMap<string, Op> = new Map(
  ops.map((op) => [op.name, op]),
);

export const lossByName = new Map(losses.map((loss) => [loss.name, loss]));
