/**
 * The kernels of plasticity. On a device a thread has a target and walks its synapses; on
 * a CPU cost follows the events: tables differ (tables.ts), sums and bits do not.
 */

import type { FloatArray } from '../../base/tensor.ts';
import { parseExpression } from '../../formula/expression.ts';
import { compileJs, toJs } from '../../formula/js.ts';
import { toWgsl } from '../../formula/wgsl.ts';
import { type Kernel, spread } from '../../kernels/kernel.ts';
import type { GradedRule } from '../plasticity.ts';

const graded = new Map<string, Kernel>();

/**
 * (clock, values, sent, rows, ends, weight) -> weight. Ints: zero, sources,
 * targets, trials, from, history, post, post history; floats: the constants.
 */
export function learnKernel({ formula, constants }: GradedRule): Kernel {
  const names = Object.keys(constants);
  const key = JSON.stringify([formula, names]);
  const known = graded.get(key);
  if (known) return known;
  const named = formula.replace(
    /(?<![\w.])[A-Za-z_]\w*(?!\w*\s*\()/g,
    (name) => `x_${name}`,
  );
  const expression = parseExpression(named);
  const kernel: Kernel = {
    name: `learn ${graded.size}`,
    inPlace: [5],
    cpu(single) {
      const parameters = ['x_w', 'x_pre', 'x_post', 'c'];
      const body = [
        ...names.map((name, i) => `const x_${name} = c[${i}];`),
        `return ${toJs(expression, single)};`,
      ].join('\n');
      const next = compileJs(parameters, body) as (
        w: number,
        pre: number,
        post: number,
        c: readonly number[],
      ) => number;
      return (inputs, outputs, ints, floats) => {
        const [clock, , , rows, ends] = inputs as unknown as Uint32Array[];
        const [, values, sent] = inputs;
        const weight = outputs[0];
        const [, sources, targets, trials, from, history, post, postHistory] =
          ints;
        const c = single ? floats.map(Math.fround) : floats;
        const tick = clock[0];
        const elements = trials * targets;
        const synapses = ends.length / 2;
        for (let e = 0; e < elements; e++) {
          const trial = Math.floor(e / targets);
          const target = e - trial * targets;
          const y = sent[post + (tick & postHistory) * elements + e];
          for (let s = rows[target]; s < rows[target + 1]; s++) {
            const row = (tick - ends[2 * s + 1]) & history;
            const x =
              values[from + (row * trials + trial) * sources + ends[2 * s]];
            const at = trial * synapses + s;
            weight[at] = next(weight[at], x, y, c);
          }
        }
      };
    },
    gpu: {
      files: ['math', 'learn'],
      code: (_, file) =>
        file('learn')
          .replace(
            'CONSTANTS',
            names.map((name) => `c_${name}: f32,`).join(' '),
          )
          .replace(
            'LOADS',
            names.map((name) => `let x_${name} = params.c_${name};`).join(' '),
          )
          .replace('FORMULA', toWgsl(expression)) + file('math'),
      workgroups: (_, { ints }) => spread(ints[2] * ints[3]),
    },
  };
  graded.set(key, kernel);
  return kernel;
}

type Words = Uint32Array;

const bindings = (
  ...list: readonly (readonly [access: string, name: string, type: string])[]
) =>
  list
    .map(
      ([access, name, type], i) =>
        `@group(0) @binding(${i + 2}) var<storage, ${access}> ${name}: array<${type}>;`,
    )
    .join('\n');

function stdpKernel(
  name: string,
  inPlace: number[],
  texts: { bindings: string; count: string; body: string },
  count: (ints: readonly number[]) => number,
  cpu: Kernel['cpu'],
): Kernel {
  return {
    name,
    inPlace,
    cpu,
    gpu: {
      files: ['math', 'stdp'],
      code: (_, file) =>
        file('stdp')
          .replace('BINDINGS', texts.bindings)
          .replace('COUNT', texts.count)
          .replace('BODY', texts.body) + file('math'),
      workgroups: (_, { ints }) => spread(count(ints)),
    },
  };
}

/** Of ints and floats of all three: see kernels/stdp.wgsl. */
const clipped = (w: number, low: number, high: number) =>
  w < low ? low : w > high ? high : w;

/**
 * (clock, sent, post, rows, ends, weight, arrivals) -> weight, arrivals: what
 * arrives is transmitted, then lowers its weight by the target's trace.
 */
export const stdpArrive: Kernel = stdpKernel(
  'stdp arrive',
  [5, 6],
  {
    bindings: bindings(
      ['read', 'sent', 'u32'],
      ['read', 'post', 'f32'],
      ['read', 'rows', 'u32'],
      ['read', 'ends', 'vec2u'],
      ['read_write', 'weight', 'f32'],
      ['read_write', 'arrivals', 'f32'],
    ),
    count: 'elements',
    body: `
    let trial = e / params.targets;
    let target_ = e % params.targets;
    let trace = pin(params.keep_minus * post[e]);
    let less = pin(params.a_minus * trace);
    var sum = 0.0f;
    for (var s = rows[target_]; s < rows[target_ + 1u]; s++) {
      let row = (tick - ends[s].y) & params.history;
      if (sent[row * many + trial * params.sources + ends[s].x] == 0u) { continue; }
      let at = trial * arrayLength(&ends) + s;
      sum = pin(sum) + weight[at];
      weight[at] = clip(pin(weight[at] - less));
    }
    arrivals[params.base + (tick & params.mask) * elements + e] = sum;`,
  },
  (ints) => ints[2] * ints[3],
  (single) => {
    const r = single ? Math.fround : (x: number) => x;
    let delays: number[] | null = null;
    return (inputs, outputs, ints, floats) => {
      const [clock, sent, , rows, ends] = inputs as unknown as Words[];
      const post = inputs[2];
      const [weight, arrivals] = outputs;
      const [, sources, targets, trials, base, mask, history] = ints;
      const [, keepMinus, , aMinus, low, high] = floats.map(r);
      const synapses = ends.length / 2;
      delays ??= distinctDelays(ends);
      const elements = trials * targets;
      const many = trials * sources;
      const tick = clock[0];
      const place = base + (tick & mask) * elements;
      // Longest delays first: what was sent first comes first.
      for (const delay of delays) {
        const list = ((tick - delay) & history) * (many + 1);
        const count = sent[list];
        for (let k = 1; k <= count; k++) {
          const element = sent[list + k];
          const trial = Math.floor(element / sources);
          const source = element - trial * sources;
          const end = rows[source + 1];
          let s = firstOf(ends, rows[source], end, delay);
          for (; s < end && ends[2 * s + 1] === delay; s++) {
            const target = ends[2 * s];
            const at = trial * synapses + s;
            const e = trial * targets + target;
            arrivals[place + e] += weight[at];
            const less = r(aMinus * r(keepMinus * post[e]));
            weight[at] = clipped(r(weight[at] - less), low, high);
          }
        }
      }
    };
  },
);

/**
 * (clock, spikes of the source, sent, trace) -> sent, trace. Ticks before the first
 * have neither.
 */
export const stdpSource: Kernel = stdpKernel(
  'stdp source',
  [2, 3],
  {
    bindings: bindings(
      ['read', 'spikes', 'u32'],
      ['read_write', 'sent', 'u32'],
      ['read_write', 'trace', 'f32'],
    ),
    count: 'many',
    body: `
    let spiked = spikes[slot * many + e] & 1u;
    let now = (tick & params.history) * many + e;
    let before = ((tick - 1u) & params.history) * many + e;
    sent[now] = spiked;
    trace[now] = pin(params.keep_plus * trace[before]) + f32(spiked);`,
  },
  (ints) => ints[1] * ints[3],
  (single) => {
    const r = single ? Math.fround : (x: number) => x;
    return (inputs, _outputs, ints, floats) => {
      const [clock, spikes, sent] = inputs as unknown as Words[];
      const trace = inputs[3];
      const [, sources, , trials, , , history] = ints;
      const keep = r(floats[0]);
      const many = trials * sources;
      const tick = clock[0];
      const slot = clock[1] * many;
      const now = tick & history;
      const before = ((tick - 1) & history) * many;
      let count = 0;
      for (let e = 0; e < many; e++) {
        const spiked = spikes[slot + e] & 1;
        if (spiked) sent[now * (many + 1) + ++count] = e;
        trace[now * many + e] = r(r(keep * trace[before + e]) + spiked);
      }
      sent[now * (many + 1)] = count;
    };
  },
);

/**
 * (clock, spikes of the target, trace, rows, ends, incoming, post, weight) ->
 * post, weight: a spike of the target raises weights by what has arrived.
 */
export const stdpTarget: Kernel = stdpKernel(
  'stdp target',
  [6, 7],
  {
    bindings: bindings(
      ['read', 'spikes', 'u32'],
      ['read', 'trace', 'f32'],
      ['read', 'rows', 'u32'],
      ['read', 'ends', 'vec2u'],
      ['read', 'incoming', 'u32'],
      ['read_write', 'post', 'f32'],
      ['read_write', 'weight', 'f32'],
    ),
    count: 'elements',
    body: `
    let spiked = spikes[slot * elements + e] & 1u;
    post[e] = pin(params.keep_minus * post[e]) + f32(spiked);
    if (spiked == 0u) { continue; }
    let trial = e / params.targets;
    let target_ = e % params.targets;
    for (var s = rows[target_]; s < rows[target_ + 1u]; s++) {
      let row = (tick - ends[s].y) & params.history;
      let x = trace[row * many + trial * params.sources + ends[s].x];
      let at = trial * arrayLength(&ends) + s;
      weight[at] = clip(pin(weight[at] + pin(params.a_plus * x)));
    }`,
  },
  (ints) => ints[2] * ints[3],
  (single) => {
    const r = single ? Math.fround : (x: number) => x;
    return (inputs, outputs, ints, floats) => {
      const [clock, spikes, , , ends, incoming] = inputs as unknown as Words[];
      const trace = inputs[2];
      const [post, weight] = outputs as FloatArray[];
      const [, sources, targets, trials, , , history] = ints;
      const [, keepMinus, aPlus, , low, high] = floats.map(r);
      const elements = trials * targets;
      const many = trials * sources;
      const synapses = ends.length / 2;
      const tick = clock[0];
      const slot = clock[1] * elements;
      for (let e = 0; e < elements; e++) {
        const spiked = spikes[slot + e] & 1;
        post[e] = r(r(keepMinus * post[e]) + spiked);
        if (spiked === 0) continue;
        const trial = Math.floor(e / targets);
        const target = e - trial * targets;
        for (let k = incoming[target]; k < incoming[target + 1]; k += 2) {
          const s = incoming[k];
          const row = (tick - ends[2 * s + 1]) & history;
          const x = trace[row * many + trial * sources + incoming[k + 1]];
          const at = trial * synapses + s;
          weight[at] = clipped(r(weight[at] + r(aPlus * x)), low, high);
        }
      }
    };
  },
);

function distinctDelays(ends: Words): number[] {
  const found = new Set<number>();
  for (let s = 1; s < ends.length; s += 2) found.add(ends[s]);
  return [...found].sort((a, b) => b - a);
}

/** The first synapse of a source's row, sorted by delay, that has a delay. */
function firstOf(
  ends: Words,
  low: number,
  high: number,
  delay: number,
): number {
  let [a, b] = [low, high];
  while (a < b) {
    const middle = (a + b) >>> 1;
    if (ends[2 * middle + 1] < delay) a = middle + 1;
    else b = middle;
  }
  return a;
}
