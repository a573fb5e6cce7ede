/**
 * Whether a peer does the work that it is timed for: after three steps of SGD
 * from the same weights and data, its weights are those of bp in float64.
 */

import { mlp } from '../../models/mlp.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { Random } from '../../src/base/random.ts';
import { bp } from '../../src/rules/bp.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import type { Peer, TrainingOptions } from './peer.ts';

/** Farthest that weights, and what they moved by, may be: float32's share. */
export const AGREEMENT = 1e-4;

const STEPS = 3;

export interface Agreement {
  /** Largest over parameters of distance over length of bp's weights. */
  readonly weights: number;
  /** The same of what three steps changed: weights that stay would show. */
  readonly changes: number;
  /** Distance of the last loss over bp's. */
  readonly loss: number;
  readonly agrees: boolean;
}

/** Weights and a batch for an MLP, the same for all who are compared. */
export function trainingData(sizes: readonly number[], batch: number) {
  const random = new Random(7, 'peers');
  const between = (length: number, bound: number) =>
    Float32Array.from({ length }, () => bound * (2 * random.uniform() - 1));
  const parameters = sizes.slice(1).flatMap((fanOut, l) => {
    const bound = 1 / Math.sqrt(sizes[l]);
    return [between(fanOut * sizes[l], bound), between(fanOut, bound)];
  });
  const classes = sizes[sizes.length - 1];
  const target = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) target[i * classes + (i % classes)] = 1;
  return { parameters, x: between(batch * sizes[0], 1), target };
}

/** Compares a peer's training step with bp on the cpu in float64. */
export async function agree(
  peer: Peer,
  sizes: readonly number[] = [20, 16, 12, 5],
  batch = 8,
  options: TrainingOptions = { activation: 'tanh', lr: 0.5 },
): Promise<Agreement> {
  const { parameters, x, target } = trainingData(sizes, batch);
  const { activation, lr } = options;
  const names = parameters.map((_, i) => `${'Wb'[i % 2]}${(i >> 1) + 1}`);
  const backend = new CpuBackend('f64');
  const simulation = Simulation.open(
    mlp({ sizes, batch, activation, loss: 'softmax_xent', reduction: 'mean' }),
    { rule: bp(), backend, optimiser: sgd({ lr }) },
  );
  const theirs = await peer.mlp(sizes, batch, options);
  try {
    names.forEach((name, i) => {
      simulation.setParameter(name, parameters[i]);
    });
    theirs.load(parameters, x, target);
    let loss = Number.NaN;
    for (let step = 0; step < STEPS; step++) {
      ({ loss } = await simulation.step({ x, target }));
      await theirs.run();
    }
    const [expected, got] = [
      await simulation.allParameters(),
      await theirs.parameters(),
    ];
    const worst = (from: (i: number) => ArrayLike<number>) =>
      Math.max(
        ...names.map((name, i) =>
          relativeDistance(
            got[i],
            expected.get(name) as ArrayLike<number>,
            from(i),
          ),
        ),
      );
    const none = (i: number) => new Float32Array(parameters[i].length);
    const found = {
      weights: worst(none),
      changes: worst((i) => parameters[i]),
      loss: Math.abs(theirs.loss - loss) / Math.abs(loss),
    };
    // Of each: NaN fails too.
    const agrees = Object.values(found).every((each) => each <= AGREEMENT);
    return { ...found, agrees };
  } finally {
    theirs.free();
    simulation.destroy();
    backend.close();
  }
}

/** Length of a - b over that of b - origin. */
function relativeDistance(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  origin: ArrayLike<number>,
): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [distance, length] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    distance += (a[i] - b[i]) ** 2;
    length += (b[i] - origin[i]) ** 2;
  }
  return Math.sqrt(distance / length);
}
