/** The same training on another backend: are the bits the same there? */

import type { Backend } from '../backends/backend.ts';
import { openBackend } from '../backends/open.ts';
import { differing } from '../base/compare.ts';
import { DeviceMissingError } from '../base/errors.ts';
import type { TrainOptions } from '../training/train.ts';
import type { Output } from './output.ts';
import { runTraining } from './training.ts';

/** Steps that are done again. */
const STEPS = 100;

export interface Elsewhere {
  readonly otherDevice: string;
  readonly otherSteps: number;
  readonly otherElements: number;
  readonly otherDifferingBits: number;
}

/**
 * Trains for a while on this backend and on another, from the same start, and
 * compares the weights. Null where there is no other that computes alike.
 */
export async function elsewhere(
  options: TrainOptions & { readonly backend: Backend },
  out: Output,
): Promise<Elsewhere | null> {
  const other = await another(options.backend, out);
  if (!other) return null;
  try {
    out.line(`3. ${STEPS} of the steps on ${other.description} too`);
    const { against: _, ...rest } = options;
    const short = { ...rest, steps: STEPS };
    const mine = await runTraining(short, out);
    const theirs = await runTraining({ ...short, backend: other }, out);
    let elements = 0;
    let apart = 0;
    for (const [id, { data }] of mine.weights) {
      const same = theirs.weights.get(id);
      elements += data.length;
      apart += same ? differing(data, same.data) : data.length;
    }
    return {
      otherDevice: other.description,
      otherSteps: STEPS,
      otherElements: elements,
      otherDifferingBits: apart,
    };
  } finally {
    other.close();
  }
}

/** WebGPU for the CPU in float32 and the other way round. */
async function another(
  { name, dtype }: Backend,
  out: Output,
): Promise<Backend | null> {
  if (dtype !== 'f32') return null;
  try {
    return (await openBackend(name === 'cpu' ? 'webgpu' : 'cpu')).backend;
  } catch (error) {
    if (!(error instanceof DeviceMissingError)) throw error;
    out.note(`no WebGPU to compare with: ${error.message}`);
    return null;
  }
}

/** For people. */
export function alike(of: Elsewhere): string {
  const { otherSteps, otherElements, otherDifferingBits } = of;
  return (
    `${otherDifferingBits} of ${otherElements} weights differ in any bit ` +
    `after ${otherSteps} steps`
  );
}
