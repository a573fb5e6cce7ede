import { NonFiniteError, OptionError } from '../base/errors.ts';
import type { TrainingData } from '../data/examples.ts';

/** What a score is called: accuracy, or bits per character. */
export type ScoreName = TrainingData['score'];

/** How well outputs agree with one-hot targets, and what chance would give. */
export interface Score {
  /** What the score is called. */
  readonly scoreName: ScoreName;
  /**
   * Accuracy: part of the rows whose largest output is the target's. Bits per
   * character: mean over rows of -log2 softmax(output) at the target.
   */
  readonly score: number;
  /**
   * What knows no input, only how often each target occurs: the share of the
   * commonest, or the entropy in bits.
   */
  readonly chance: number;
}

/** Counts rows of any number of batches; those without a target are left out. */
export class Tally {
  private readonly name: ScoreName;
  private readonly width: number;
  /** Rows by target. */
  private readonly seen: Float64Array;
  private rows = 0;
  private right = 0;
  private bits = 0;

  constructor(name: ScoreName, classes: number) {
    this.name = name;
    this.width = classes;
    this.seen = new Float64Array(classes);
  }

  /** Rows of a batch, one after the other. */
  add(outputs: ArrayLike<number>, targets: ArrayLike<number>): void {
    const { width } = this;
    for (let from = 0; from < outputs.length; from += width) {
      const target = largest(targets, from, width);
      // A row that the loss does not count, as padding, has no target.
      if (!(targets[from + target]! > 0)) continue;
      this.rows += 1;
      this.seen[target]! += 1;
      for (let i = from; i < from + width; i++) {
        if (Number.isFinite(outputs[i])) continue;
        throw new NonFiniteError(
          `An output of the model is ${outputs[i]}: lower the learning rate ` +
            'or check the data',
          { output: outputs[i] },
        );
      }
      if (this.name === 'accuracy') {
        if (largest(outputs, from, width) === target) this.right += 1;
      } else {
        this.bits += surprise(outputs, from, width, target);
      }
    }
  }

  /** Of all rows so far. Throws OptionError where there is none. */
  get score(): Score {
    const { name, rows } = this;
    if (rows === 0) {
      throw new OptionError(
        'No row that was tested has a target: give targets with a 1 in a row',
        { rows },
      );
    }
    return name === 'accuracy'
      ? { scoreName: name, score: this.right / rows, chance: this.commonest }
      : { scoreName: name, score: this.bits / rows, chance: this.entropy };
  }

  private get commonest(): number {
    return Math.max(...this.seen) / this.rows;
  }

  private get entropy(): number {
    return this.seen.reduce((sum, count) => {
      const part = count / this.rows;
      return part > 0 ? sum - part * Math.log2(part) : sum;
    }, 0);
  }
}

/** Place of the largest of some values, counted from the first of them. */
export function largest(
  values: ArrayLike<number>,
  from = 0,
  count = values.length,
): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    if (values[from + i]! > values[from + best]!) best = i;
  }
  return best;
}

/** -log2 softmax(values) at a place. In float64, whatever the backend has. */
function surprise(
  values: ArrayLike<number>,
  from: number,
  count: number,
  at: number,
): number {
  const most = values[from + largest(values, from, count)]!;
  let total = 0;
  for (let i = 0; i < count; i++) total += Math.exp(values[from + i]! - most);
  return (Math.log(total) - (values[from + at]! - most)) / Math.LN2;
}
