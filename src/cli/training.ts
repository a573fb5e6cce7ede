/** Runs a training for the command line: progress, rows, what was measured. */

import type { Backend } from '../backends/backend.ts';
import type { Weights } from '../training/learner.ts';
import type { Score, ScoreName } from '../training/score.ts';
import { type TrainOptions, train } from '../training/train.ts';
import type { Output } from './output.ts';

export interface Trained {
  readonly steps: number;
  readonly epochs: number;
  /** Of these weights; none if the training was stopped before their test. */
  readonly score?: Score;
  readonly finalLoss: number;
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** Only with `against`. */
  readonly elements?: number;
  readonly differingBits?: number;
  readonly weights: ReadonlyMap<string, Weights>;
}

/** Trains with a progress bar; every test is a line. */
export function runTraining(
  options: TrainOptions & { readonly backend: Backend },
  out: Output,
): Promise<Trained> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    let since = begun;
    let steps = 0;
    let epochs = 0;
    let score: Score | undefined;
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
            score = undefined;
            const more =
              `epoch ${event.epoch}  loss ${event.loss.toFixed(4)}` +
              (event.bits === undefined
                ? ''
                : `  ${event.bits.toFixed(4)} bits per character`);
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
          case 'evaluated': {
            const { kind, epoch, step, examples, meanLoss } = event;
            if (kind === 'epoch') epochs = epoch;
            score = event;
            const measured = { ...scored(event), examples, meanLoss };
            out.row({ kind, epoch, step, ...measured });
            out.line(
              `${kind === 'epoch' ? `epoch ${epoch}` : `step ${step}`}: ` +
                `mean loss ${meanLoss.toFixed(4)}, ${told(event)}`,
            );
            break;
          }
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
          score,
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

const keys: Readonly<Record<ScoreName, string>> = {
  accuracy: 'accuracy',
  'bits per character': 'bitsPerCharacter',
};

/** A score under its name, as rows and results have it. */
export function scored(score: Score | undefined): Record<string, number> {
  if (!score) return {};
  return { [keys[score.scoreName]]: score.score, chance: score.chance };
}

/** A score for people. */
export function told({ scoreName, score, chance }: Score): string {
  return scoreName === 'accuracy'
    ? `test accuracy ${percent(score)}`
    : `test ${score.toFixed(4)} ${scoreName} (chance ${chance.toFixed(4)})`;
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

/** What a result says of the device it came from. */
export async function deviceOf(backend: Backend) {
  const base = {
    backend: backend.name,
    dtype: backend.dtype,
    device: backend.description,
    node: process.version,
  };
  const { WebGpuBackend } = await import('../backends/webgpu/webgpu.ts');
  if (!(backend instanceof WebGpuBackend)) return base;
  const { fingerprint } = await import('../backends/webgpu/fingerprint.ts');
  return {
    ...base,
    adapter: backend.gpu.info,
    fingerprint: await fingerprint(backend.gpu),
  };
}
