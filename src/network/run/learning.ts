/**
 * The kernels of plasticity. On a device a thread has a target and walks its synapses; on
 * a CPU cost follows the events: tables differ (tables.ts), sums and bits do not.
 */

import { type Expression, parseExpression } from '../../formula/expression.ts';
import { canCompile, compileJs, toClosure, toJs } from '../../formula/js.ts';
import { toWgsl } from '../../formula/wgsl.ts';
import {
  f32,
  type Kernel,
  mainOver,
  type Params,
  rounding,
  spread,
  u32,
} from '../../kernels/kernel.ts';
import type { GradedRule } from '../plasticity.ts';
import { memoryKernel } from './delivery.ts';

const graded = new Map<string, Kernel>();

/** Parameters of the kernels of a rule, beside its constants. */
const GRADED = u32(
  ...(['sources', 'targets', 'trials', 'from_', 'history'] as const),
  ...(['post', 'post_history'] as const),
);

/** A rule's constants as parameters. */
export const ruleConstants = ({ constants }: GradedRule) =>
  Object.fromEntries(
    Object.entries(constants).map(([name, value]) => [`c_${name}`, value]),
  );

type NextWeight = (
  w: number,
  pre: number,
  post: number,
  constants: Params,
) => number;

function nextWeight(
  e: Expression,
  constants: readonly string[],
  single: boolean,
): NextWeight {
  const values = ['x_w', 'x_pre', 'x_post'];
  if (canCompile()) {
    const loads = constants.map((name) => `const x_${name} = c.c_${name};`);
    const body = `${loads.join(' ')} return ${toJs(e, single)};`;
    return compileJs([...values, 'c'], body) as unknown as NextWeight;
  }
  const names = [...values, ...constants.map((name) => `x_${name}`)];
  const closure = toClosure(e, single, (name) => names.indexOf(name));
  return (w, pre, post, c) =>
    closure([w, pre, post, ...constants.map((name) => c[`c_${name}`]!)]);
}

/** Each synapse's weight anew, of what arrives and what the target sends. */
export function learnKernel(rule: GradedRule): Kernel<keyof typeof GRADED> {
  const { formula, constants } = rule;
  const names = Object.keys(constants);
  const key = JSON.stringify([formula, names]);
  const known = graded.get(key);
  if (known) return known;
  const named = formula.replace(
    /(?<![\w.])[A-Za-z_]\w*(?!\w*\s*\()/g,
    (name) => `x_${name}`,
  );
  const expression = parseExpression(named);
  const own = names.map((name) => `c_${name}`);
  const loads = names.map((name) => `let x_${name} = params.c_${name};`);
  const kernel = memoryKernel({
    name: `learn ${graded.size}`,
    params: { ...GRADED, ...f32(...own) },
    reads: ['clock: u32', 'values', 'sent', 'rows: u32', 'ends: vec2u'],
    writes: ['weight'],
    code: (_, file) =>
      file('learn')
        .replace('LOADS', loads.join(' '))
        .replace('FORMULA', toWgsl(expression)) +
      mainOver('params.trials * params.targets', 'learn(i);'),
    workgroups: (_, { params }) => spread(params.targets * params.trials),
    cpu(single) {
      const next = nextWeight(expression, names, single);
      const round = rounding(single);
      return ({ clock, values, sent, rows, ends, weight }, params) => {
        const { sources, targets, trials, from_: from, history } = params;
        const { post, post_history: postHistory } = params;
        const numbers: Params = params;
        const c = Object.fromEntries(
          own.map((name) => [name, round(numbers[name]!)]),
        );
        const tick = clock[0]!;
        const elements = trials * targets;
        const synapses = ends.length / 2;
        for (let e = 0; e < elements; e++) {
          const trial = Math.floor(e / targets);
          const target = e - trial * targets;
          const y = sent[post + (tick & postHistory) * elements + e]!;
          for (let s = rows[target]!; s < rows[target + 1]!; s++) {
            const row = (tick - ends[2 * s + 1]!) & history;
            const x =
              values[from + (row * trials + trial) * sources + ends[2 * s]!]!;
            const at = trial * synapses + s;
            weight[at] = next(weight[at]!, x, y, c);
          }
        }
      };
    },
  });
  graded.set(key, kernel);
  return kernel;
}

const STDP = {
  ...u32('sources', 'targets', 'trials', 'base', 'mask', 'history'),
  ...f32('keep_plus', 'keep_minus', 'a_plus', 'a_minus', 'low', 'high'),
};
export type StdpParams = Params<keyof typeof STDP>;

/** A part of STDP, done for each source or target of all trials. */
const stdpKernel = <const R extends string>(
  part: 'arrive' | 'source' | 'target',
  reads: readonly R[],
  writes: readonly R[],
  cpu: Parameters<typeof memoryKernel<keyof typeof STDP, R>>[0]['cpu'],
) => {
  const of = part === 'source' ? 'sources' : 'targets';
  const call = { arrive: 'arrive', source: 'source', target: 'raise' }[part];
  return memoryKernel({
    name: `stdp ${part}`,
    params: STDP,
    ...{ reads, writes, cpu },
    code: (_, file) =>
      file('stdp') +
      file(`stdp-${part}`) +
      mainOver(`params.trials * params.${of}`, `${call}(i);`),
    workgroups: (_, { params }) => spread(params.trials * params[of]),
  });
};

const clipped = (w: number, low: number, high: number) =>
  w < low ? low : w > high ? high : w;

/** What arrives is transmitted, then lowers its weight by the target's trace. */
export const stdpArrive = stdpKernel(
  'arrive',
  ['clock: u32', 'sent: u32', 'post', 'rows: u32', 'ends: vec2u'],
  ['weight', 'arrivals'],
  (single) => {
    const r = rounding(single);
    let delays: number[] | null = null;
    return (arrays, params) => {
      const { clock, sent, post, rows, ends, weight, arrivals } = arrays;
      const { sources, targets, trials, base, mask, history } = params;
      const [keepMinus, aMinus] = [r(params.keep_minus), r(params.a_minus)];
      const [low, high] = [r(params.low), r(params.high)];
      const synapses = ends.length / 2;
      delays ??= distinctDelays(ends);
      const elements = trials * targets;
      const many = trials * sources;
      const tick = clock[0]!;
      const place = base + (tick & mask) * elements;
      // Longest delays first: what was sent first comes first.
      for (const delay of delays) {
        const list = ((tick - delay) & history) * (many + 1);
        const count = sent[list]!;
        for (let k = 1; k <= count; k++) {
          const element = sent[list + k]!;
          const trial = Math.floor(element / sources);
          const source = element - trial * sources;
          const end = rows[source + 1]!;
          let s = firstOf(ends, rows[source]!, end, delay);
          for (; s < end && ends[2 * s + 1] === delay; s++) {
            const target = ends[2 * s]!;
            const at = trial * synapses + s;
            const e = trial * targets + target;
            arrivals[place + e]! += weight[at]!;
            const less = r(aMinus * r(keepMinus * post[e]!));
            weight[at] = clipped(r(weight[at]! - less), low, high);
          }
        }
      }
    };
  },
);

/** Spikes of the source and their trace. Ticks before the first have neither. */
export const stdpSource = stdpKernel(
  'source',
  ['clock: u32', 'spikes: u32'],
  ['sent: u32', 'trace'],
  (single) => {
    const r = rounding(single);
    return (
      { clock, spikes, sent, trace },
      { sources, trials, history, keep_plus },
    ) => {
      const keep = r(keep_plus);
      const many = trials * sources;
      const tick = clock[0]!;
      const slot = clock[1]! * many;
      const now = tick & history;
      const before = ((tick - 1) & history) * many;
      let count = 0;
      for (let e = 0; e < many; e++) {
        const spiked = spikes[slot + e]! & 1;
        if (spiked) sent[now * (many + 1) + ++count] = e;
        trace[now * many + e] = r(r(keep * trace[before + e]!) + spiked);
      }
      sent[now * (many + 1)] = count;
    };
  },
);

/** A spike of the target raises weights by what has arrived. */
export const stdpTarget = stdpKernel(
  'target',
  [
    ...(['clock: u32', 'spikes: u32', 'trace'] as const),
    ...(['rows: u32', 'ends: vec2u', 'incoming: u32'] as const),
  ],
  ['post', 'weight'],
  (single) => {
    const r = rounding(single);
    return (arrays, params) => {
      const { clock, spikes, trace, ends, incoming, post, weight } = arrays;
      const { sources, targets, trials, history } = params;
      const [keepMinus, aPlus] = [r(params.keep_minus), r(params.a_plus)];
      const [low, high] = [r(params.low), r(params.high)];
      const elements = trials * targets;
      const many = trials * sources;
      const synapses = ends.length / 2;
      const tick = clock[0]!;
      const slot = clock[1]! * elements;
      for (let e = 0; e < elements; e++) {
        const spiked = spikes[slot + e]! & 1;
        post[e] = r(r(keepMinus * post[e]!) + spiked);
        if (spiked === 0) continue;
        const trial = Math.floor(e / targets);
        const target = e - trial * targets;
        for (let k = incoming[target]!; k < incoming[target + 1]!; k += 2) {
          const s = incoming[k]!;
          const row = (tick - ends[2 * s + 1]!) & history;
          const x = trace[row * many + trial * sources + incoming[k + 1]!]!;
          const at = trial * synapses + s;
          weight[at] = clipped(r(weight[at]! + r(aPlus * x)), low, high);
        }
      }
    };
  },
);

function distinctDelays(ends: Uint32Array): number[] {
  const found = new Set<number>();
  for (let s = 1; s < ends.length; s += 2) found.add(ends[s]!);
  return [...found].sort((a, b) => b - a);
}

/** The first synapse of a source's row, sorted by delay, that has a delay. */
function firstOf(
  ends: Uint32Array,
  low: number,
  high: number,
  delay: number,
): number {
  let [a, b] = [low, high];
  while (a < b) {
    const middle = (a + b) >>> 1;
    if (ends[2 * middle + 1]! < delay) a = middle + 1;
    else b = middle;
  }
  return a;
}
