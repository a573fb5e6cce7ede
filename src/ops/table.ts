import { add } from './add.ts';
import { causalMask } from './causal.ts';
import { compositeOf } from './composite.ts';
import { conv2d } from './conv2d.ts';
import { dropout } from './dropout.ts';
import { elementwise } from './elementwise.ts';
import { embedding } from './embedding.ts';
import { affine, linear, matmul } from './linear.ts';
import { losses } from './loss.ts';
import { lrn } from './lrn.ts';
import { batchnorm, batchnormInference, layernorm } from './normalise.ts';
import type { Op } from './op.ts';
import { avgpool2d, maxpool2d } from './pool2d.ts';
import { globalAvgpool, mean, sum } from './reduce.ts';
import { concat, slice } from './slice.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { expand, flatten, reshape, transpose } from './view.ts';

const simple: readonly Op[] = [
  ...elementwise,
  add,
  linear,
  affine,
  matmul,
  sum,
  mean,
  conv2d,
  maxpool2d,
  avgpool2d,
  globalAvgpool,
  layernorm,
  batchnorm,
  batchnormInference,
  lrn,
  softmax,
  logSoftmax,
  causalMask,
  reshape,
  flatten,
  transpose,
  expand,
  slice,
  concat,
  embedding,
  dropout,
];

const byName = new Map(simple.map((op) => [op.name, op]));

/** All ops, in one explicit list: the tests enumerate it. */
export const ops: readonly Op[] = [
  ...simple,
  compositeOf((name) => byName.get(name)),
];

export const opByName: ReadonlyMap<string, Op> = new Map(
  ops.map((op) => [op.name, op]),
);

export const lossByName = new Map(losses.map((loss) => [loss.name, loss]));
