/**
 * Which neurons a projection joins, and with what: patterns, weights and
 * delays become one table of synapses in canonical order (source, target, then as
 * given). Everything drawn is a function of the seed and the projection's name.
 */

import {
  DelayError,
  NonFiniteError,
  OptionError,
  show,
} from '../base/errors.ts';
import { checkKeys } from '../base/options.ts';
import { Random } from '../base/random.ts';
import { ticksOf } from './time.ts';

/** Pairs of neurons; `pre` ascending, then `post`. */
export interface Pairs {
  readonly pre: Uint32Array;
  readonly post: Uint32Array;
  /** Weights that come with the pattern, in the same order. */
  readonly weight?: Float64Array;
  /** Which of the pairs given each is; lists of numbers come in that order. */
  readonly given?: Uint32Array;
}

/** Synapses of a projection at most: their tables are counted in 32 bits. */
const MOST_PAIRS = 2 ** 29;

/** Draws of one number at most, where some are refused. */
const MOST_DRAWS = 1000;

/** Gives the pairs for populations of so many neurons. */
export type Pattern = (
  sources: number,
  targets: number,
  random: (stream: string) => Random,
) => Pairs;

/** A number, one for each synapse, a function of the pair, or drawn. */
export type PerSynapse =
  | number
  | ArrayLike<number>
  | ((pre: number, post: number) => number)
  | { readonly uniform: readonly [low: number, high: number] }
  | {
      readonly normal: readonly [mean: number, std: number];
      /** What is below or above is drawn again. */
      readonly least?: number;
      readonly most?: number;
    };

/** Delays in ms: as weights are given, or one for each source. */
export type Delays = PerSynapse | { readonly perSource: ArrayLike<number> };

export interface Synapses {
  readonly pre: Uint32Array;
  readonly post: Uint32Array;
  readonly weight: Float64Array;
  /** In ticks. */
  readonly delay: Uint32Array;
}

/** Every neuron to every neuron. */
export const allToAll =
  (options: { self?: boolean } = {}): Pattern =>
  (sources, targets) => {
    checkKeys('allToAll', options, ['self']);
    const { self = true } = options;
    if (sources * targets > MOST_PAIRS) {
      throw new OptionError(
        `All of ${sources} neurons to all of ${targets} are more than ` +
          `${MOST_PAIRS} synapses: use random, or pairs`,
      );
    }
    const pairs = new PairList(sources * targets);
    for (let pre = 0; pre < sources; pre++) {
      for (let post = 0; post < targets; post++) {
        if (self || pre !== post) pairs.add(pre, post);
      }
    }
    return pairs.end();
  };

/** Neuron i to neuron i; both populations have one size. */
export const oneToOne = (): Pattern => (sources, targets) => {
  if (sources !== targets) {
    throw new OptionError(
      `One-to-one joins populations of one size, not ${sources} and ${targets}`,
    );
  }
  const all = Uint32Array.from({ length: sources }, (_, i) => i);
  return { pre: all, post: all.slice() };
};

/** The pairs given; lists of weights or delays are in their order. */
export const pairs = (
  pre: ArrayLike<number>,
  post: ArrayLike<number>,
  weight?: ArrayLike<number>,
): Pattern => {
  if (pre.length !== post.length || (weight && weight.length !== pre.length)) {
    throw new OptionError(
      `Pairs have ${pre.length} sources, ${post.length} targets` +
        (weight ? ` and ${weight.length} weights` : '') +
        ': give as many of each',
    );
  }
  return (sources, targets) => {
    checkIndices('Source', pre, sources);
    checkIndices('Target', post, targets);
    const order = Array.from(pre, (_, i) => i).sort(
      (a, b) => pre[a] - pre[b] || post[a] - post[b] || a - b,
    );
    return {
      pre: Uint32Array.from(order, (i) => pre[i]),
      post: Uint32Array.from(order, (i) => post[i]),
      ...(weight ? { weight: Float64Array.from(order, (i) => weight[i]) } : {}),
      given: Uint32Array.from(order),
    };
  };
};

/** A matrix of weights [targets][sources]; zeros are no synapses. */
export const matrix = (rows: readonly ArrayLike<number>[]): Pattern => {
  return (sources, targets) => {
    if (rows.length !== targets || rows.some((r) => r.length !== sources)) {
      throw new OptionError(
        `A matrix of ${rows.length} rows of ${rows[0]?.length ?? 0}: it needs ` +
          `one row for each of ${targets} targets, of ${sources} sources`,
      );
    }
    const list = new PairList(sources);
    const weight: number[] = [];
    for (let pre = 0; pre < sources; pre++) {
      for (let post = 0; post < targets; post++) {
        if (rows[post][pre] === 0) continue;
        list.add(pre, post);
        weight.push(rows[post][pre]);
      }
    }
    return { ...list.end(), weight: Float64Array.from(weight) };
  };
};

/**
 * Each pair by itself with a probability, or for each target a fixed number
 * of sources, drawn with replacement unless `replace` is false.
 */
export const random =
  (
    options:
      | { readonly probability: number; readonly self?: boolean }
      | {
          readonly inDegree: number;
          readonly self?: boolean;
          readonly replace?: boolean;
        },
  ): Pattern =>
  (sources, targets, draw) => {
    if ('probability' in (options ?? {})) {
      checkKeys('random', options, ['probability', 'self']);
    } else {
      checkKeys('random', options, ['inDegree', 'self', 'replace']);
    }
    return 'probability' in options
      ? byProbability(options, sources, targets, draw('pairs'))
      : byInDegree(options, sources, targets, draw('pairs'));
  };

function byProbability(
  { probability, self = true }: { probability: number; self?: boolean },
  sources: number,
  targets: number,
  draw: Random,
): Pairs {
  if (!(probability >= 0 && probability <= 1)) {
    throw new OptionError(
      `Probability ${show(probability)}: give a number from 0 to 1`,
    );
  }
  const total = sources * targets;
  const list = new PairList(Math.ceil(total * probability * 1.1) + 16);
  // Steps from one synapse to the next are geometric: no pair is looked at.
  const scale = Math.log1p(-probability);
  let at = -1;
  for (;;) {
    at +=
      probability === 1
        ? 1
        : 1 + Math.floor(Math.log(1 - draw.uniform()) / scale);
    if (!(at < total)) break;
    const pre = Math.floor(at / targets);
    const post = at % targets;
    if (self || pre !== post) list.add(pre, post);
  }
  return list.end();
}

function byInDegree(
  {
    inDegree,
    self = true,
    replace = true,
  }: { inDegree: number; self?: boolean; replace?: boolean },
  sources: number,
  targets: number,
  draw: Random,
): Pairs {
  const most = self ? sources : sources - 1;
  const possible = replace ? most > 0 || inDegree === 0 : inDegree <= most;
  if (!Number.isInteger(inDegree) || inDegree < 0 || !possible) {
    throw new OptionError(
      `In-degree ${show(inDegree)}: give a whole number from 0 on` +
        (replace ? '' : ` to ${most}, or let sources come more than once`),
    );
  }
  const pre = new Uint32Array(inDegree * targets);
  const post = new Uint32Array(inDegree * targets);
  let at = 0;
  for (let target = 0; target < targets; target++) {
    const taken = new Set<number>();
    while (at < (target + 1) * inDegree) {
      const source = draw.below(sources);
      if (!self && source === target) continue;
      if (!replace && taken.has(source)) continue;
      taken.add(source);
      pre[at] = source;
      post[at++] = target;
    }
  }
  return bySource(pre, post, sources);
}

/** Sorted by source; targets come in ascending order already. */
function bySource(pre: Uint32Array, post: Uint32Array, sources: number): Pairs {
  const start = new Uint32Array(sources + 1);
  for (const source of pre) start[source + 1] += 1;
  for (let i = 0; i < sources; i++) start[i + 1] += start[i];
  const sortedPre = new Uint32Array(pre.length);
  const sortedPost = new Uint32Array(pre.length);
  for (let i = 0; i < pre.length; i++) {
    const place = start[pre[i]]++;
    sortedPre[place] = pre[i];
    sortedPost[place] = post[i];
  }
  return { pre: sortedPre, post: sortedPost };
}

/**
 * A 2-D convolution as synapses (cross-correlation, as PyTorch): from [C, H, W] to
 * [O, H', W'] with weights [O][C][kh][kw].
 */
export const convolution = (options: {
  readonly image: readonly [channels: number, height: number, width: number];
  readonly kernel: readonly (readonly (readonly (readonly number[])[])[])[];
  readonly stride?: number;
  readonly padding?: number;
}): Pattern => {
  const { image, kernel, stride = 1, padding = 0 } = options;
  const [channels, height, width] = image;
  const [kh, kw] = [
    kernel[0]?.[0]?.length ?? 0,
    kernel[0]?.[0]?.[0]?.length ?? 0,
  ];
  const whole =
    kernel.every(
      (out) =>
        out.length === channels &&
        out.every((c) => c.length === kh && c.every((r) => r.length === kw)),
    ) && kh * kw > 0;
  if (!whole) {
    throw new OptionError(
      `A convolution of ${channels} channels needs weights [out][${channels}][kh][kw]`,
    );
  }
  const outHeight = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kw) / stride) + 1;
  return (sources, targets) => {
    const made = kernel.length * outHeight * outWidth;
    if (sources !== channels * height * width || targets !== made) {
      throw new OptionError(
        `This convolution goes from ${channels * height * width} neurons to ` +
          `${made}, not from ${sources} to ${targets}`,
      );
    }
    const pre: number[] = [];
    const post: number[] = [];
    const weight: number[] = [];
    for (let o = 0; o < kernel.length; o++) {
      for (let y = 0; y < outHeight; y++) {
        for (let x = 0; x < outWidth; x++) {
          for (let c = 0; c < channels; c++) {
            for (let i = 0; i < kh; i++) {
              for (let j = 0; j < kw; j++) {
                const row = y * stride + i - padding;
                const column = x * stride + j - padding;
                const inside =
                  row >= 0 && row < height && column >= 0 && column < width;
                if (!inside) continue;
                pre.push((c * height + row) * width + column);
                post.push((o * outHeight + y) * outWidth + x);
                weight.push(kernel[o][c][i][j]);
              }
            }
          }
        }
      }
    }
    const joined = pairs(pre, post, weight);
    const { given, ...found } = joined(sources, targets, () => new Random(0));
    return found;
  };
};

/** Draws and checks the synapses of a projection. Throws typed errors. */
export function makeSynapses(options: {
  readonly name: string;
  readonly sources: number;
  readonly targets: number;
  readonly pattern: Pattern;
  readonly weight: PerSynapse | undefined;
  readonly delay: Delays;
  readonly round: boolean;
  readonly dt: number;
  readonly seed: number;
}): Synapses {
  const { name, sources, targets, pattern, round, dt, seed } = options;
  const draw = (stream: string) => new Random(seed, `${name}/${stream}`);
  const found = pattern(sources, targets, draw);
  if (!(found?.pre instanceof Uint32Array)) {
    throw new OptionError(
      `The pattern of "${name}" gives no pairs: call it, as oneToOne()`,
      { name },
    );
  }
  const { pre, post } = found;
  checkIndices(`Source of "${name}",`, pre, sources);
  checkIndices(`Target of "${name}",`, post, targets);
  const delay = inOrder(options.delay, found.given);
  // Weights of the pattern itself are in order already.
  const given =
    options.weight === undefined
      ? (found.weight ?? 1)
      : inOrder(options.weight, found.given);
  const weight = valuesOf(
    `Weight of "${name}"`,
    given,
    pre,
    post,
    draw('weight'),
  );
  for (let i = 0; i < weight.length; i++) {
    if (Number.isFinite(weight[i])) continue;
    throw new NonFiniteError(
      `Weight ${weight[i]} of "${name}" from ${pre[i]} to ${post[i]}: weights ` +
        'must be finite numbers',
      { name, pre: pre[i], post: post[i] },
    );
  }
  return {
    pre,
    post,
    weight,
    delay: delaysOf(name, delay, round, dt, pre, post, draw),
  };
}

/** A list that came in the order of the pairs given, in that of synapses. */
function inOrder<T>(values: T, given: Uint32Array | undefined): T {
  const list = values as T & ArrayLike<number>;
  if (!given || typeof values !== 'object' || list.length !== given.length) {
    return values;
  }
  return Float64Array.from(given, (i) => list[i]) as T;
}

/** Delays in ticks. */
export function delaysOf(
  name: string,
  delay: Delays,
  round: boolean,
  dt: number,
  pre: Uint32Array,
  post: Uint32Array,
  draw: (stream: string) => Random,
): Uint32Array {
  const what = `Delay of "${name}"`;
  const ticks = (ms: number) => ticksOf(what, ms, dt, { round });
  if (typeof delay === 'number') {
    return new Uint32Array(pre.length).fill(ticks(delay));
  }
  if (typeof delay === 'object' && 'uniform' in delay) {
    // Whole ticks from the first to the last, each as likely.
    const [low, high] = [ticks(delay.uniform[0]), ticks(delay.uniform[1])];
    if (high < low) {
      throw new DelayError(
        `${what} is drawn from ${delay.uniform[0]} to ${delay.uniform[1]} ms: ` +
          'give the shorter first',
      );
    }
    const random = draw('delay');
    return Uint32Array.from(pre, () => low + random.below(high - low + 1));
  }
  if (typeof delay === 'object' && 'perSource' in delay) {
    const { perSource } = delay;
    const most = pre.reduce((a, b) => Math.max(a, b), -1);
    if (perSource.length <= most) {
      throw new OptionError(
        `${what} is given for ${perSource.length} sources: there are more`,
      );
    }
    const each = Array.from(perSource, ticks);
    return Uint32Array.from(pre, (source) => each[source]);
  }
  const values = valuesOf(what, delay, pre, post, draw('delay'));
  return Uint32Array.from(values, ticks);
}

function valuesOf(
  what: string,
  given: PerSynapse,
  pre: Uint32Array,
  post: Uint32Array,
  random: Random,
): Float64Array {
  const values = new Float64Array(pre.length);
  if (typeof given === 'number') return values.fill(given);
  if (typeof given === 'function') {
    return values.map((_, i) => given(pre[i], post[i]));
  }
  if (typeof given === 'object' && given !== null && 'uniform' in given) {
    checkKeys(what, given, ['uniform']);
    const [low, high] = given.uniform;
    if (!(low <= high)) {
      throw new OptionError(
        `${what} is drawn from ${low} to ${high}: give the lower first`,
      );
    }
    return values.map(() => low + (high - low) * random.uniform());
  }
  if (typeof given === 'object' && given !== null && 'normal' in given) {
    const { normal, least = -Infinity, most = Infinity } = given;
    const [mean, std] = normal;
    checkKeys(what, given, ['normal', 'least', 'most']);
    if (!(std >= 0) || !(least < most)) {
      throw new OptionError(
        `${what} is ${show(given)}: give a deviation >= 0, and least below most`,
      );
    }
    return values.map(() => {
      for (let tries = 0; tries < MOST_DRAWS; tries++) {
        const drawn = mean + std * random.normal();
        if (drawn >= least && drawn <= most) return drawn;
      }
      throw new OptionError(
        `${what} is ${show(given)}: hardly a draw lies between least and most`,
      );
    });
  }
  if (
    typeof given !== 'object' ||
    given === null ||
    given.length !== pre.length
  ) {
    throw new OptionError(
      `${what} is ${show(given)?.slice(0, 40)}: give a number, ${pre.length} numbers ` +
        '(one a synapse), a function of the pair, { uniform } or { normal }',
    );
  }
  values.set(given as ArrayLike<number>);
  return values;
}

function checkIndices(
  what: string,
  list: ArrayLike<number>,
  size: number,
): void {
  for (let i = 0; i < list.length; i++) {
    if (Number.isInteger(list[i]) && list[i] >= 0 && list[i] < size) continue;
    throw new OptionError(
      `${what} ${show(list[i])} of pair ${i}: the population has neurons 0 to ${size - 1}`,
      { index: i, value: list[i] },
    );
  }
}

/** Two growing lists of numbers. */
class PairList {
  private pre: Uint32Array;
  private post: Uint32Array;
  private count = 0;

  constructor(expected: number) {
    this.pre = new Uint32Array(Math.max(16, expected));
    this.post = new Uint32Array(Math.max(16, expected));
  }

  add(pre: number, post: number): void {
    if (this.count === this.pre.length) {
      const [a, b] = [this.pre, this.post];
      this.pre = new Uint32Array(2 * a.length);
      this.post = new Uint32Array(2 * b.length);
      this.pre.set(a);
      this.post.set(b);
    }
    this.pre[this.count] = pre;
    this.post[this.count++] = post;
  }

  end(): Pairs {
    const { pre, post, count } = this;
    return { pre: pre.slice(0, count), post: post.slice(0, count) };
  }
}
