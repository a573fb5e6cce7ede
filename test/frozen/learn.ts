/** Weights, losses and gradients of the small models and of random graphs. */

import {
  BACKENDS,
  type BackendName,
  backendOf,
  drawnGraphs,
  type Feeds,
  FUNCTIONS,
  feedsFor,
  functionGraph,
  type Graph,
  type How,
  IN_JAVASCRIPT,
  models,
  openSimulation,
  type Simulation,
} from './adapter.ts';
import { type Case, onBackends } from './cases.ts';
import { Digest, hashed } from './hash.ts';

const STEPS = 3;
const GRAPHS = 40;

const il = { steps: 6, gamma: 0.1 };
const ipc = { steps: 4 };
/** Of rules that are far from the gradient, so that nothing overflows. */
const rate = 1e-4;
const gamma = 0.1;

const of = (
  rule: string,
  options: Readonly<Record<string, unknown>> = {},
  more: Partial<How> = {},
): How => ({ rule, options, ...more });

/** Rules with their options, as they are named in the picture. */
export const RULES: readonly (readonly [string, How])[] = [
  ['bp', of('bp')],
  ['zil', of('zil')],
  ['zil gamma', of('zil', { gamma: 0.5 })],
  ['zil not levelled', of('zil', { gamma, levelled: false }, { rate })],
  ['zil first', of('zil', { plasticity: 'first' })],
  ['zil last', of('zil', { gamma, plasticity: 'last' }, { rate })],
  ['zil every', of('zil', { gamma, plasticity: 'every' }, { rate })],
  ['zil noise', of('zil', { gamma, sigma: 0.01 }, { rate })],
  ['zil precision', of('zil', { precision: 'learned' })],
  ['zil least delay', of('zil', {}, { levelling: 'least-delay' })],
  ['fazil', of('fazil')],
  ['fazil unit', of('fazil', { trigger: 'unit' }, { rate })],
  ['fazil precision', of('fazil', { precision: 'learned' })],
  ['il', of('il', il)],
  ['il fixed', of('il', { ...il, prediction: 'fixed' })],
  ['il every 2', of('il', { ...il, plasticity: 2 }, { rate })],
  ['il precision', of('il', { ...il, precision: 'learned' })],
  ['ipc', of('ipc', ipc, { rate })],
  ['ipc fixed', of('ipc', { ...ipc, prediction: 'fixed' }, { rate })],
];

/** Optimisers, forms and modes, each for a few rules. */
export const WAYS: readonly (readonly [string, Partial<How>])[] = [
  ['explicit', { form: 'explicit' }],
  ['clocked', { mode: 'clocked' }],
  ['event-driven', { mode: 'event-driven' }],
  ['explicit clocked', { form: 'explicit', mode: 'clocked' }],
  ['momentum', { optimiser: 'momentum' }],
  ['adam', { optimiser: 'adam' }],
  ['decay', { optimiser: 'decay' }],
  ['gradients', { optimiser: 'none' }],
];

/** Which rules have which ways, beside sgd, axonal and pruned. */
const COMBINED: Readonly<Record<string, readonly string[]>> = {
  bp: ['momentum', 'adam', 'decay', 'gradients'],
  zil: WAYS.map(([name]) => name),
  fazil: ['explicit', 'clocked', 'event-driven'],
  il: ['explicit', 'clocked', 'event-driven', 'adam'],
  ipc: ['clocked', 'event-driven', 'adam'],
  'zil precision': ['clocked', 'adam'],
};

/** All the ways in which a model learns. */
const VARIANTS: readonly (readonly [string, How])[] = RULES.flatMap(
  ([name, how]) => [
    [name, how] as const,
    ...WAYS.filter(([way]) => COMBINED[name]?.includes(way)).map(
      ([way, more]) => [`${name}, ${way}`, { ...how, ...more }] as const,
    ),
  ],
);

/** In float64 and on webgpu too. */
const EVERYWHERE = new Set([
  ...RULES.map(([name]) => name),
  ...['zil, explicit', 'zil, clocked', 'zil, adam', 'zil, decay'],
  ...['zil, gradients', 'il, event-driven', 'bp, momentum'],
]);

export const small = models.filter(({ size }) => size === 'small');

export function learnCases(): Case[] {
  const cases: Case[] = [];
  for (const { name, make } of small) {
    for (const [variant, how] of VARIANTS) {
      const backends = EVERYWHERE.has(variant) ? BACKENDS : (['f32'] as const);
      cases.push(
        ...onBackends(`${name}, ${variant}`, backends, (backend) =>
          learned(make(), how, backend),
        ),
      );
    }
    for (const [variant, how] of watchedRules()) {
      cases.push(
        ...onBackends(`${name}, ${variant} watched`, BACKENDS, (backend) =>
          watched(make(), how, backend),
        ),
      );
    }
  }
  for (const name of FUNCTIONS) {
    cases.push(
      ...onBackends(`function ${name}`, BACKENDS, (backend) =>
        computed(name, backend),
      ),
    );
  }
  for (const [name, of] of Object.entries(IN_JAVASCRIPT)) {
    const values = domainOf(name);
    const make = async () => new Digest().numbers(values.map(of)).hex;
    cases.push({ key: `function ${name}, JavaScript`, parts: { f32: make } });
  }
  drawnGraphs(GRAPHS).forEach(([graph, feeds], i) => {
    cases.push(
      ...onBackends(`graph ${i}, zil and il`, BACKENDS, (backend) =>
        taught(graph, feeds, backend),
      ),
    );
  });
  return cases;
}

const watchedRules = () =>
  RULES.filter(([name]) => ['zil', 'il'].includes(name));

/**
 * Weights after some steps, their losses, and what is predicted at last. Where
 * it overflows, the error's name and the weights as they are then.
 */
export function learned(
  graph: Graph,
  how: How,
  backend: BackendName,
): Promise<string> {
  return using(graph, how, backend, async (simulation, digest) => {
    const ending = await hashed(async () => {
      for (let n = 0; n < STEPS; n++) {
        const { loss } = await simulation.step(feedsFor(graph, n));
        digest.numbers([loss]);
      }
      return 'as it should';
    });
    digest.text(ending);
    if (how.optimiser === 'none') addAll(digest, await simulation.gradients());
    addAll(digest, await simulation.allParameters());
    const { target: _, ...inputs } = feedsFor(graph, 0);
    digest.numbers(await simulation.predict(inputs));
  });
}

/** What probes see of a step and of one tick by tick. */
function watched(
  graph: Graph,
  how: How,
  backend: BackendName,
): Promise<string> {
  return using(graph, how, backend, async (simulation, digest) => {
    const seen = new Map<string, Digest>();
    const watch = (name: string, stream: Simulation['energy$']) => {
      const own = new Digest();
      seen.set(name, own);
      stream.subscribe(({ tick, data }) => own.text(tick).numbers(data));
    };
    watch('energy', simulation.energy$);
    for (const { id, isLeaf } of simulation.levelled.vertices) {
      if (isLeaf) continue;
      const { value$, prediction$, error$ } = simulation.probe(id);
      watch(`${id} value`, value$);
      watch(`${id} prediction`, prediction$);
      watch(`${id} error`, error$);
    }
    await simulation.step(feedsFor(graph, 0));
    for await (const tick of simulation.ticks(feedsFor(graph, 1))) {
      digest.text(tick);
      addAll(digest, await simulation.allParameters());
    }
    for (const [name, { hex }] of seen) digest.text(name, hex);
  });
}

/** A function of many numbers, and its gradient. */
function computed(
  name: (typeof FUNCTIONS)[number],
  backend: BackendName,
): Promise<string> {
  const values = domainOf(name);
  const graph = functionGraph(name, values);
  const how: How = { rule: 'bp', optimiser: 'none' };
  return using(graph, how, backend, async (simulation, digest) => {
    digest.numbers(await simulation.predict({}));
    await simulation.submit({ target: new Float32Array(values.length) });
    addAll(digest, await simulation.gradients());
  });
}

const domainOf = (name: string) =>
  ['log', 'sqrt'].includes(name) ? manyNumbers().map(Math.abs) : manyNumbers();

/** From 2^-20 to 2^5 in size, of both signs, as many of each size. */
function manyNumbers(): Float32Array {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: 2 ** 15 }, () => {
    const size = (1 + next()) * 2 ** (Math.floor(25 * next()) - 20);
    return next() < 0.5 ? -size : size;
  });
}

/** Gradients of a random graph under Z-IL and IL. */
function taught(
  graph: Graph,
  feeds: Feeds,
  backend: BackendName,
): Promise<string> {
  return hashed(async () => {
    const digest = new Digest();
    for (const rule of ['zil', 'il']) {
      const options = rule === 'il' ? { steps: 3 } : {};
      const how: How = { rule, options, optimiser: 'none' };
      const learn = using(graph, how, backend, async (simulation, own) => {
        await simulation.submit(feeds);
        addAll(own, await simulation.gradients());
      });
      digest.text(await learn);
    }
    return digest.hex;
  });
}

function using(
  graph: Graph,
  how: How,
  backend: BackendName,
  work: (simulation: Simulation, digest: Digest) => Promise<void>,
): Promise<string> {
  return hashed(async () => {
    const simulation = openSimulation(graph, how, await backendOf(backend));
    const digest = new Digest();
    try {
      await work(simulation, digest);
    } finally {
      simulation.destroy();
    }
    return digest.hex;
  });
}

function addAll(
  digest: Digest,
  values: ReadonlyMap<string, ArrayLike<number>>,
): void {
  for (const [id, data] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    digest.text(id).numbers(data);
  }
}
