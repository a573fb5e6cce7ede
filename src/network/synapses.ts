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
import { Random } from '../base/random.ts';
import {
  type FieldsOf,
  flag,
  made,
  number,
  Schema,
  type Values,
  whole,
} from '../base/schema.ts';
import { ticksOf } from './time.ts';
import {
  checkNumbers,
  isDrawn,
  type Numbers,
  numbersOf,
  spreadOver,
} from './values.ts';

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

/** Gives the pairs for populations of so many neurons. */
export interface Pattern {
  (sources: number, targets: number, random: (stream: string) => Random): Pairs;
  /**
   * How many pairs it gives, or null where that is drawn. Throws OptionError
   * for populations that it cannot join.
   */
  readonly count?: (sources: number, targets: number) => number | null;
}

/** A number, one for each synapse, a function of the pair, or drawn. */
export type PerSynapse = Numbers<(pre: number, post: number) => number>;

/** Delays in ms: as weights are given, or one for each source. */
export type Delays =
  | PerSynapse
  | {
      /** One delay for each neuron of the source. */
      readonly perSource: ArrayLike<number>;
    };

/**
 * Synapses of a projection in canonical order: source, then target, then as
 * given.
 */
export interface Synapses {
  readonly pre: Uint32Array;
  readonly post: Uint32Array;
  readonly weight: Float64Array;
  /** In ticks. */
  readonly delay: Uint32Array;
}

/** A pattern of which it is known beforehand what it cannot join. */
const pattern = (
  count: NonNullable<Pattern['count']>,
  make: (...of: [...Parameters<Pattern>, count: number]) => Pairs,
): Pattern =>
  Object.assign(
    (...of: Parameters<Pattern>) => make(...of, count(of[0], of[1]) ?? 0),
    { count },
  );

const self = flag({ default: true });
const allOptions = new Schema('allToAll', { self });

/** Every neuron to every neuron. Throws OptionError. */
export const allToAll = (
  options: {
    /** A neuron is joined to itself too. Default true. */
    readonly self?: boolean;
  } = {},
): Pattern => {
  const { self } = allOptions.read(options);
  return pattern(
    (sources, targets) => {
      const all = sources * targets;
      if (all <= MOST_PAIRS)
        return self ? all : all - Math.min(sources, targets);
      throw new OptionError(
        `All of ${sources} neurons to all of ${targets} are more than ` +
          `${MOST_PAIRS} synapses: use random, or pairs`,
        { sources, targets, allowed: MOST_PAIRS },
      );
    },
    (sources, targets, _, count) => {
      const pairs = new PairList(count);
      for (let pre = 0; pre < sources; pre++) {
        for (let post = 0; post < targets; post++) {
          if (self || pre !== post) pairs.add(pre, post);
        }
      }
      return pairs.end();
    },
  );
};

/** Neuron i to neuron i; both populations have one size. */
export const oneToOne = (): Pattern =>
  pattern(
    (sources, targets) => {
      if (sources === targets) return sources;
      throw new OptionError(
        `One-to-one joins populations of one size, not ${sources} and ${targets}`,
        { sources, targets },
      );
    },
    (length) => {
      const all = Uint32Array.from({ length }, (_, i) => i);
      return { pre: all, post: all.slice() };
    },
  );

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
      { pre: pre.length, post: post.length, weights: weight?.length },
    );
  }
  return pattern(
    (sources, targets) => {
      checkIndices('Source', pre, sources);
      checkIndices('Target', post, targets);
      return pre.length;
    },
    () => {
      const order = Array.from(pre, (_, i) => i).sort(
        (a, b) => pre[a] - pre[b] || post[a] - post[b] || a - b,
      );
      return {
        pre: Uint32Array.from(order, (i) => pre[i]),
        post: Uint32Array.from(order, (i) => post[i]),
        ...(weight
          ? { weight: Float64Array.from(order, (i) => weight[i]) }
          : {}),
        given: Uint32Array.from(order),
      };
    },
  );
};

/** A matrix of weights [targets][sources]; zeros are no synapses. */
export const matrix = (rows: readonly ArrayLike<number>[]): Pattern =>
  pattern(
    (sources, targets) => {
      let count = 0;
      for (const row of rows) {
        for (let i = 0; i < row.length; i++) if (row[i] !== 0) count += 1;
      }
      const fits = rows.every((row) => row.length === sources);
      if (fits && rows.length === targets) return count;
      throw new OptionError(
        `A matrix of ${rows.length} rows of ${rows[0]?.length ?? 0}: it needs ` +
          `one row for each of ${targets} targets, of ${sources} sources`,
        { rows: rows.length, columns: rows[0]?.length ?? 0, sources, targets },
      );
    },
    (sources, targets, _, count) => {
      const list = new PairList(count);
      const weight: number[] = [];
      for (let pre = 0; pre < sources; pre++) {
        for (let post = 0; post < targets; post++) {
          if (rows[post][pre] === 0) continue;
          list.add(pre, post);
          weight.push(rows[post][pre]);
        }
      }
      return { ...list.end(), weight: Float64Array.from(weight) };
    },
  );

const probabilityOptions = new Schema('random', {
  probability: number({ least: 0, most: 1 }),
  self,
});

const inDegreeOptions = new Schema('random', {
  inDegree: whole(),
  self,
  replace: flag({ default: true }),
});

/**
 * Each pair by itself with a probability, or for each target a fixed number
 * of sources. Throws OptionError.
 */
export const random = (
  options:
    | {
        /** Of each pair, by itself, from 0 to 1. */
        readonly probability: number;
        /** A neuron may be joined to itself too. Default true. */
        readonly self?: boolean;
      }
    | {
        /** Sources of each target, a whole number. */
        readonly inDegree: number;
        /** A neuron may be joined to itself too. Default true. */
        readonly self?: boolean;
        /** A source may come more than once. Default true. */
        readonly replace?: boolean;
      },
): Pattern => {
  if ('probability' in (options ?? {})) {
    const own = probabilityOptions.read(options as never);
    return pattern(
      () => null,
      (sources, targets, draw) =>
        byProbability(own, sources, targets, draw('pairs')),
    );
  }
  const own = inDegreeOptions.read(options as never);
  const { inDegree, self, replace } = own;
  return pattern(
    (sources, targets) => {
      const most = self ? sources : sources - 1;
      if (replace ? most > 0 || inDegree === 0 : inDegree <= most) {
        return inDegree * targets;
      }
      throw inDegreeOptions.error(
        'inDegree',
        inDegree,
        replace
          ? 'there is no source to take, give 0'
          : `give a whole number from 0 to ${most}, or let sources come more than once`,
      );
    },
    (sources, targets, draw) =>
      byInDegree(own, sources, targets, draw('pairs')),
  );
};

function byProbability(
  { probability, self }: Values<typeof probabilityOptions.fields>,
  sources: number,
  targets: number,
  draw: Random,
): Pairs {
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
  { inDegree, self, replace }: Values<typeof inDegreeOptions.fields>,
  sources: number,
  targets: number,
  draw: Random,
): Pairs {
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
  const { order } = sorted(pre.length, sources, (s) => pre[s]);
  return { pre: order.map((s) => pre[s]), post: order.map((s) => post[s]) };
}

/** A stable sort by a small whole number: where each key begins, and who. */
export function sorted(
  count: number,
  keys: number,
  keyOf: (index: number) => number,
): { rows: Uint32Array; order: Uint32Array } {
  const rows = new Uint32Array(keys + 1);
  for (let s = 0; s < count; s++) rows[keyOf(s) + 1] += 1;
  for (let k = 0; k < keys; k++) rows[k + 1] += rows[k];
  const next = rows.slice();
  const order = new Uint32Array(count);
  for (let s = 0; s < count; s++) order[next[keyOf(s)]++] = s;
  return { rows: rows.slice(0, Math.max(1, keys)), order };
}

export interface ConvolutionOptions {
  /** Shape of what it reads. */
  readonly image: readonly [channels: number, height: number, width: number];
  /** Weights [out][channels][kh][kw]. */
  readonly kernel: readonly (readonly (readonly (readonly number[])[])[])[];
  /** Steps from place to place, a whole number >= 1. Default 1. */
  readonly stride?: number;
  /** Zeros around the image, a whole number >= 0. Default 0. */
  readonly padding?: number;
}

const convolutionOptions = new Schema('convolution', {
  image: made(
    '[channels, height, width]',
    (image) => Array.isArray(image) && image.length === 3,
  ),
  kernel: made('weights [out][channels][kh][kw]', Array.isArray),
  stride: whole({ least: 1, default: 1 }),
  padding: whole({ default: 0 }),
} satisfies FieldsOf<ConvolutionOptions>);

/**
 * A 2-D convolution as synapses (cross-correlation, as PyTorch): from [C, H, W] to
 * [O, H', W'] with weights [O][C][kh][kw]. Throws OptionError.
 */
export const convolution = (options: ConvolutionOptions): Pattern => {
  const { image, kernel, stride, padding } = convolutionOptions.read(options);
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
      { of: 'convolution', name: 'kernel', channels },
    );
  }
  const outHeight = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const outWidth = Math.floor((width + 2 * padding - kw) / stride) + 1;
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
  const [from, to] = [
    channels * height * width,
    kernel.length * outHeight * outWidth,
  ];
  return pattern(
    (sources, targets) => {
      if (sources === from && targets === to) return pre.length;
      throw new OptionError(
        `This convolution goes from ${from} neurons to ${to}, not from ` +
          `${sources} to ${targets}`,
        { from, to, sources, targets },
      );
    },
    (...of) => {
      const [sources, targets, draw] = of;
      const { given, ...found } = joined(sources, targets, draw);
      return found;
    },
  );
};

/** What of a projection its synapses are made of. */
interface Joint {
  readonly name: string;
  readonly from: { readonly size: number };
  readonly to: { readonly size: number };
  readonly pattern: Pattern;
  readonly weight?: PerSynapse;
  readonly delay: Delays;
  readonly round?: boolean;
}

/** Checks what can be known of the synapses before anything is drawn. */
export function checkSynapses(joint: Joint, dt: number): void {
  const { name, from, to, pattern, weight = 1, delay, round } = joint;
  const count = pattern.count?.(from.size, to.size) ?? null;
  checkDelays(name, delay, round ?? false, dt, count);
  checkNumbers(`Weight of "${name}"`, weight, count, 'pair');
  if (count === null || typeof weight === 'function' || isDrawn(weight)) return;
  const list = typeof weight === 'number' ? [weight] : Array.from(weight);
  // To say which synapse is at fault all of them are made.
  if (!list.every(Number.isFinite)) makeSynapses(joint, dt, 0);
}

/** Draws and checks the synapses of a projection. Throws typed errors. */
export function makeSynapses(joint: Joint, dt: number, seed: number): Synapses {
  const { name, from, to, pattern, round = false } = joint;
  const draw = (stream: string) => new Random(seed, `${name}/${stream}`);
  const found = pattern(from.size, to.size, draw);
  if (!(found?.pre instanceof Uint32Array)) {
    throw new OptionError(
      `The pattern of "${name}" gives no pairs: call it, as oneToOne()`,
      { name },
    );
  }
  const { pre, post } = found;
  checkIndices(`Source of "${name}",`, pre, from.size);
  checkIndices(`Target of "${name}",`, post, to.size);
  const delay = inOrder(joint.delay, found.given);
  // Weights of the pattern itself are in order already.
  const given =
    joint.weight === undefined
      ? (found.weight ?? 1)
      : inOrder(joint.weight, found.given);
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

/**
 * Checks delays for `count` synapses, null where it is not known.
 *
 * @throws DelayError, OptionError
 */
function checkDelays(
  name: string,
  delay: Delays,
  round: boolean,
  dt: number,
  count: number | null,
): void {
  const what = `Delay of "${name}"`;
  const check = (ms: number) => ticksOf(what, ms, dt, { round });
  if (isPerSource(delay)) {
    Array.from(delay.perSource, check);
  } else if (typeof delay === 'number') {
    check(delay);
  } else if (isDrawn(delay) && 'uniform' in delay) {
    const [low, high] = delay.uniform;
    if (check(low) <= check(high)) return;
    throw new DelayError(
      `${what} is drawn from ${low} to ${high} ms: give the shorter first`,
      { name, value: delay.uniform },
    );
  } else {
    checkNumbers(what, delay, count, 'pair');
    if (typeof delay === 'object' && !isDrawn(delay)) Array.from(delay, check);
  }
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
  checkDelays(name, delay, round, dt, pre.length);
  if (typeof delay === 'number') {
    return new Uint32Array(pre.length).fill(ticks(delay));
  }
  if (isDrawn(delay) && 'uniform' in delay) {
    // Whole ticks from the first to the last, each as likely.
    const [low, high] = [ticks(delay.uniform[0]), ticks(delay.uniform[1])];
    const random = draw('delay');
    return Uint32Array.from(pre, () => low + random.below(high - low + 1));
  }
  if (isPerSource(delay)) {
    const { perSource } = delay;
    const most = pre.reduce((a, b) => Math.max(a, b), -1);
    if (perSource.length <= most) {
      throw new OptionError(
        `${what} is given for ${perSource.length} sources: there are more`,
        { name, sources: perSource.length },
      );
    }
    const each = Array.from(perSource, ticks);
    return Uint32Array.from(pre, (source) => each[source]);
  }
  const values = valuesOf(what, delay, pre, post, draw('delay'));
  return Uint32Array.from(values, ticks);
}

const isPerSource = (
  delay: Delays,
): delay is { readonly perSource: ArrayLike<number> } =>
  typeof delay === 'object' && delay !== null && 'perSource' in delay;

function valuesOf(
  what: string,
  given: PerSynapse,
  pre: Uint32Array,
  post: Uint32Array,
  random: Random,
): Float64Array {
  const { length } = pre;
  const values = numbersOf(what, given, length, random, 'pair', (made, i) =>
    made(pre[i], post[i]),
  );
  return spreadOver(values, length);
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
