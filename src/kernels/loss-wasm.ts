/**
 * Softmax and cross-entropy of rows in WebAssembly, in float32: four rows at
 * once, one in each lane, so that the sums of a row are made as the loop in
 * JavaScript makes them, one feature after another.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf } from '../formula/wasm/arena.ts';
import type { Steps } from '../formula/wasm/steps.ts';
import type { Params } from './kernel.ts';
import { loadDivisor, makeJob, rangeCode, runRange } from './ranges.ts';

/** Per row of [rows, features]: the error, or the loss. */
export type XentPart = 'error' | 'value';

/** Words of a job. */
const WORDS = ['y', 't', 'out', 'features'] as const;

/** Steps of a simple loop that a feature is worth. */
const WEIGHT = 16;

/** A call; false: not with these operands. */
export type Xent = (
  operands: Readonly<Record<'y' | 't' | 'out', FloatArray>>,
  params: Params<'rows' | 'features' | 'divisor'>,
  threads: number,
) => boolean;

/** Null where there is no WebAssembly. */
export function wasmXent(part: XentPart): Xent | null {
  const job = makeJob(part, WORDS, true, () =>
    rangeCode(WORDS, true, (steps) => writeXent(steps, part)),
  );
  if (!job) return null;
  return ({ y, t, out }, { rows, features, divisor }, threads) => {
    const at = [addressOf(y), addressOf(t), addressOf(out)];
    // A divisor that float32 does not have is not rounded in JavaScript.
    if (Math.min(...at) < 0 || !job.setDivisor(divisor)) return false;
    job.words.set([...at, features]);
    runRange(job.code, job.address, rows, features * WEIGHT, threads);
    return true;
  };
}

const LANES = [0, 1, 2, 3];
const ARRAYS = ['y', 't', 'out'] as const;

/** (job, first, n): the rows first .. first + n - 1. */
function writeXent(steps: Steps, part: XentPart): void {
  /** For each feature; there is one at least. `at`: bytes from a row's start. */
  const features = (inside: () => void) => {
    steps.do('at = 0');
    steps.until('at < bytes', () => {
      inside();
      steps.do('at = at + 4');
    });
  };
  /** The present feature of four rows. */
  const gather = (from: (typeof ARRAYS)[number], to: string) => {
    for (const lane of LANES) steps.loadLane(to, `${from}${lane} + at`, lane);
  };
  const scatter = (from: string) => {
    for (const lane of LANES) steps.storeLane(from, `out${lane} + at`, lane);
  };
  loadDivisor(steps, WORDS);
  steps.do('bytes = features * 4', 'end = first + count');
  steps.while('first < end', () => {
    // Lanes without a row of their own do the last one again.
    for (const lane of LANES) {
      steps.do(`row = first + ${lane}`);
      steps.if('row >= end', () => steps.do('row = end - 1'));
      for (const name of ARRAYS) {
        const each = name === 'out' && part === 'value' ? 4 : 'bytes';
        steps.do(`${name}${lane} = ${name} + row * ${each}`);
      }
    }
    steps.do('at = 0');
    gather('y', 'most');
    features(() => {
      gather('y', 'x');
      // A NaN stays: comparisons with it are false.
      steps.let('most = where(or(x > most, x != x), x, most)');
    });
    steps.let('total = 0', 'mass = 0', 'loss = 0');
    features(() => {
      gather('y', 'x');
      steps.let('z = exp(x - most)', 'total = total + z');
      // Exponentials wait for their sum where the errors will be.
      if (part === 'error') scatter('z');
      gather('t', 'x');
      steps.let('mass = mass + x');
    });
    if (part === 'error') {
      features(() => {
        gather('out', 'z');
        gather('t', 'x');
        steps.let('z = (z / total * mass - x) / divisor');
        scatter('z');
      });
    } else {
      steps.let('shift = log(total)');
      features(() => {
        gather('y', 'z');
        gather('t', 'x');
        steps.let('loss = loss + x * (shift - (z - most))');
      });
      steps.do('at = 0');
      scatter('loss');
    }
    steps.do('first = first + 4');
  });
}
