/** Runs a training for the command line: progress, rows, what was measured. */

import type { Backend } from '../backends/backend.ts';
import type { TrainOptions, Weights } from '../train.ts';
import { train } from '../train.ts';
import type { Output } from './output.ts';

export interface Trained {
  readonly steps: number;
  readonly epochs: number;
  readonly accuracy: number;
  readonly finalLoss: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** Only with `against`. */
  readonly elements?: number;
  readonly differingBits?: number;
  readonly weights: ReadonlyMap<string, Weights>;
}

/** Trains with a progress bar; every epoch is a line. */
export function runTraining(
  options: TrainOptions,
  out: Output,
): Promise<Trained> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    let since = begun;
    let steps = 0;
    let epochs = 0;
    let accuracy = 0;
    let finalLoss = 0;
    let compared: { elements?: number; differingBits?: number } = {};
    let weights: ReadonlyMap<string, Weights> = new Map();
    if (options.backend.name === 'webgpu') out.note('compiling kernels ...');
    train(options).subscribe({
      next(event) {
        switch (event.kind) {
          case 'step': {
            // The first step compiles: it is no measure of speed.
            if (steps === 0) since = performance.now();
            steps = event.step;
            finalLoss = event.loss;
            const more = `epoch ${event.epoch}  loss ${event.loss.toFixed(4)}`;
            out.progress(event.step, event.steps, since, more);
            break;
          }
          case 'compared': {
            const { elements } = event;
            // Once apart is apart, even if later weights agree by chance.
            const worst = Math.max(
              event.differingBits,
              compared.differingBits ?? 0,
            );
            compared = { elements, differingBits: worst };
            out.row({ ...event });
            break;
          }
          case 'epoch':
            epochs = event.epoch;
            accuracy = event.accuracy;
            out.row({ ...event });
            out.line(
              `epoch ${event.epoch}: mean loss ${event.meanLoss.toFixed(4)}, ` +
                `test accuracy ${(100 * event.accuracy).toFixed(2)} %`,
            );
            break;
          case 'done':
            weights = event.weights;
            break;
        }
      },
      error: reject,
      complete() {
        const seconds = (performance.now() - begun) / 1000;
        const working = (performance.now() - since) / 1000;
        resolve({
          steps,
          epochs,
          accuracy,
          finalLoss,
          seconds,
          stepsPerSecond: steps / working,
          ...compared,
          weights,
        });
      },
    });
  });
}

/** What a result says of the device it came from. */
export async function deviceOf(backend: Backend) {
  const base = {
    backend: backend.name,
    dtype: backend.dtype,
    device: backend.description,
    node: process.version,
  };
  const { WebGpuBackend } = await import('../backends/webgpu.ts');
  if (!(backend instanceof WebGpuBackend)) return base;
  const { fingerprint } = await import('../backends/fingerprint.ts');
  return {
    ...base,
    adapter: backend.gpu.info,
    fingerprint: await fingerprint(backend.gpu),
  };
}
