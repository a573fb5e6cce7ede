import { OptionError } from '../base/errors.ts';
import { sizeOf } from '../base/tensor.ts';
import type { Dataset } from './datasets.ts';
import type { LabelledImages } from './labelled.ts';
import {
  encodeName,
  type LabelledNames,
  LETTERS,
  type SplitNames,
} from './names.ts';
import type { About } from './sets.ts';
import type { SplitText } from './text.ts';

/**
 * Data sets as what a model reads: values by the name of an input, and rows
 * of a target. Nothing here needs Node.
 */

/** Examples of a supervised task, ready to be fed by number. */
export interface Examples {
  /** How many there are; numbers go from 0 to below it. */
  readonly count: number;
  /**
   * Values by input name, and `target` (one-hot rows), of the chosen examples.
   *
   * @throws OptionError if there is no example of a number
   */
  feeds(chosen: Uint32Array): Readonly<Record<string, Float32Array>>;
}

/** What a model is trained on and tested on. */
export interface TrainingData extends About {
  /** Names of the classes of a target row: labels, languages or characters. */
  readonly classes: readonly string[];
  /** What a score is called: each target row counts once. */
  readonly score: 'accuracy' | 'bits per character';
  /** Examples to learn from. */
  readonly train: Examples;
  /** Examples that are only tested on. */
  readonly test: Examples;
}

export interface ImageExampleOptions {
  /** Name of the input; `x` if not given. */
  readonly input?: string;
  /**
   * Per channel, subtracts the mean of the training images and divides by
   * their standard deviation; if not, values are 0 to 1.
   */
  readonly standardise?: boolean;
}

/** Images as one flat input, and the class of each. */
export function imageExamples(
  dataset: Dataset,
  options: ImageExampleOptions = {},
): TrainingData {
  const { classes, train, test } = dataset;
  const { input = 'x', standardise = false } = options;
  const scale = standardise ? standardOf(train) : undefined;
  const examples = (images: LabelledImages) =>
    examplesOf(images.count, (chosen) => {
      const x = pixelsOf(images, chosen, scale);
      const labels = Array.from(chosen, (image) => images.labels[image]!);
      return { [input]: x, target: oneHot(labels, classes.length) };
    });
  return {
    ...aboutOf(dataset),
    ...{ classes, score: 'accuracy' },
    train: examples(train),
    test: examples(test),
  };
}

/** Mean and standard deviation of each channel, of values from 0 to 1. */
interface Standard {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

function standardOf({ images, count, shape }: LabelledImages): Standard {
  const channels = shape.length === 3 ? shape[0] : 1;
  const pixels = sizeOf(shape) / channels;
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    // Sums of bytes and of their squares are whole numbers: exact.
    let sum = 0;
    let squares = 0;
    for (let image = 0; image < count; image++) {
      const from = (image * channels + channel) * pixels;
      for (let i = from; i < from + pixels; i++) {
        sum += images[i]!;
        squares += images[i]! * images[i]!;
      }
    }
    const size = count * pixels;
    const average = sum / size;
    const variance = Math.max(0, squares / size - average * average);
    mean.push(average / 255);
    // A channel that never changes says nothing: it becomes 0, not NaN.
    deviation.push(variance > 0 ? Math.sqrt(variance) / 255 : 1);
  }
  return { mean, deviation };
}

function pixelsOf(
  { images, shape }: LabelledImages,
  chosen: Uint32Array,
  scale: Standard | undefined,
): Float32Array {
  const values = sizeOf(shape);
  const pixels = shape.length === 3 ? values / shape[0] : values;
  const x = new Float32Array(chosen.length * values);
  chosen.forEach((image, row) => {
    for (let i = 0; i < values; i++) {
      const value = images[image * values + i]! / 255;
      if (scale === undefined) {
        x[row * values + i] = value;
        continue;
      }
      const channel = Math.floor(i / pixels);
      x[row * values + i] =
        (value - scale.mean[channel]!) / scale.deviation[channel]!;
    }
  });
  return x;
}

/** Names and languages of a set, as loadNames gives it. */
export interface NameSet extends About, SplitNames {}

export interface NameExampleOptions {
  /** Letters that are read; those of the longest name if not given. */
  readonly steps?: number;
}

/**
 * Names as inputs `x1` .. `xT` of one letter each, [batch, letters], and the
 * language of each.
 */
export function nameExamples(
  set: NameSet,
  options: NameExampleOptions = {},
): TrainingData {
  const { languages } = set;
  const steps = options.steps ?? longestName(set);
  checkSteps(steps);
  const examples = ({ names, labels, count }: LabelledNames) =>
    examplesOf(count, (chosen) => {
      const read = Array.from(chosen, (i) => names[i]!);
      const rows = Array.from(chosen, (i) => labels[i]!);
      const target = oneHot(rows, languages.length);
      return { ...nameInputs(read, steps), target };
    });
  return {
    ...aboutOf(set),
    ...{ classes: languages, score: 'accuracy' },
    train: examples(set.train),
    test: examples(set.test),
  };
}

/** Letters of the longest name of both parts. */
export function longestName({ train, test }: NameSet): number {
  let longest = 0;
  for (const name of [...train.names, ...test.names]) {
    longest = Math.max(longest, name.length);
  }
  return longest;
}

/**
 * Inputs `x1` .. `xT` of names, one-hot in LETTERS. Each name ends at `xT`,
 * so that the last letter is always as far from the answer: a shorter one is
 * preceded by zeros, and of a longer one the last T letters are read.
 *
 * @throws OptionError if a letter is not in LETTERS
 */
export function nameInputs(
  names: readonly string[],
  steps: number,
): Record<string, Float32Array> {
  checkSteps(steps);
  const inputs = stepInputs(steps, names.length * LETTERS.length);
  names.forEach((name, row) => {
    const letters = encodeName(name);
    for (let step = 1; step <= steps; step++) {
      const at = letters.length - steps + step - 1;
      if (at < 0) continue;
      inputs[`x${step}`]![row * LETTERS.length + letters[at]!] = 1;
    }
  });
  return inputs;
}

/** A text of characters by number, as loadText gives it. */
export interface TextSet extends About, SplitText {}

export interface TextExampleOptions {
  /** Characters that are read, each to foretell the next. */
  readonly steps: number;
  /**
   * `steps`: inputs `x1` .. `xT`, one-hot [batch, characters], and target rows
   * step by step, row t * batch + b. `tokens`: one input `tokens`, numbers
   * [batch, T], and target rows example by example, row b * T + t.
   */
  readonly form: 'steps' | 'tokens';
  /** At most so many training windows, from the beginning; all if not given. */
  readonly trainCount?: number;
  /** At most so many test windows, from the beginning; all if not given. */
  readonly testCount?: number;
}

/**
 * A text as windows of T + 1 characters, one at every multiple of T: each
 * character but the first is foretold once.
 *
 * @throws OptionError if an option is out of range or a part has no window
 */
export function textExamples(
  text: TextSet,
  options: TextExampleOptions,
): TrainingData {
  const { name, characters } = text;
  const { steps, form, trainCount, testCount } = options;
  checkSteps(steps);
  if (form !== 'steps' && form !== 'tokens') {
    throw new OptionError(
      `There is no form ${JSON.stringify(form)} of a text: choose steps or ` +
        'tokens',
      { form },
    );
  }
  const feed = form === 'steps' ? stepFeeds : tokenFeeds;
  const examples = (
    split: string,
    numbers: Uint32Array,
    limit = Number.POSITIVE_INFINITY,
  ): Examples => {
    const count = windowsOf(name, split, numbers.length, steps, limit);
    return examplesOf(count, (chosen) =>
      feed(numbers, chosen, steps, characters.length),
    );
  };
  return {
    ...aboutOf(text),
    ...{ classes: characters, score: 'bits per character' },
    train: examples('train', text.train, trainCount),
    test: examples('test', text.test, testCount),
  };
}

function windowsOf(
  name: string,
  split: string,
  length: number,
  steps: number,
  limit: number,
): number {
  const whole = limit === Number.POSITIVE_INFINITY || Number.isInteger(limit);
  if (!whole || limit < 1) {
    throw new OptionError(
      `Cannot use ${limit} ${split} windows: pass a whole number >= 1`,
      { split, limit },
    );
  }
  const windows = Math.floor((length - 1) / steps);
  if (windows < 1) {
    throw new OptionError(
      `The ${split} part of ${name} has ${length} characters, too few for a ` +
        `window of ${steps} steps: use at most ${length - 1}`,
      { name, split, length, steps },
    );
  }
  return Math.min(windows, limit);
}

function stepFeeds(
  numbers: Uint32Array,
  chosen: Uint32Array,
  steps: number,
  vocabulary: number,
): Record<string, Float32Array> {
  const batch = chosen.length;
  const inputs = stepInputs(steps, batch * vocabulary);
  const next: number[] = [];
  for (let step = 0; step < steps; step++) {
    const x = inputs[`x${step + 1}`]!;
    chosen.forEach((window, row) => {
      const at = window * steps + step;
      x[row * vocabulary + numbers[at]!] = 1;
      next.push(numbers[at + 1]!);
    });
  }
  return { ...inputs, target: oneHot(next, vocabulary) };
}

function tokenFeeds(
  numbers: Uint32Array,
  chosen: Uint32Array,
  steps: number,
  vocabulary: number,
): Record<string, Float32Array> {
  const tokens = new Float32Array(chosen.length * steps);
  const next: number[] = [];
  chosen.forEach((window, row) => {
    const from = window * steps;
    tokens.set(numbers.subarray(from, from + steps), row * steps);
    for (let step = 1; step <= steps; step++) next.push(numbers[from + step]!);
  });
  return { tokens, target: oneHot(next, vocabulary) };
}

/** Zeros for inputs `x1` .. `xT`. */
function stepInputs(steps: number, size: number): Record<string, Float32Array> {
  const inputs: Record<string, Float32Array> = {};
  for (let step = 1; step <= steps; step++) {
    inputs[`x${step}`] = new Float32Array(size);
  }
  return inputs;
}

function oneHot(numbers: readonly number[], classes: number): Float32Array {
  const rows = new Float32Array(numbers.length * classes);
  numbers.forEach((number, row) => {
    rows[row * classes + number] = 1;
  });
  return rows;
}

const aboutOf = ({ name, title, synthetic, source }: About): About => ({
  ...{ name, title, synthetic, source },
});

/** Examples whose numbers are checked before they are fed. */
function examplesOf(count: number, feeds: Examples['feeds']): Examples {
  return {
    count,
    feeds(chosen) {
      const wrong = chosen.find((number) => number >= count);
      if (wrong === undefined) return feeds(chosen);
      throw new OptionError(
        `There is no example ${wrong}: there are ${count}, from 0`,
        { number: wrong, count },
      );
    },
  };
}

function checkSteps(steps: number): void {
  if (Number.isInteger(steps) && steps >= 1) return;
  throw new OptionError(
    `Cannot read ${steps} steps: pass a whole number >= 1`,
    { steps },
  );
}
