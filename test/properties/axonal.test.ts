/**
 * Axonal delays, learning included, against an interpreter of the equations
 * that shares no code with circuits: every population at every tick, beyond
 * the instant at which the wave of errors has passed.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import { type Levelling, level } from '../../src/graph/level.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { circuitRule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import type { Mode } from '../../src/simulation/record.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { describeGraph, feedsOf } from '../arbitraries/index.ts';
import { interpret, type Schedule } from './axonal-interpreter.ts';
import { expectSameBits } from './support.ts';

const RUNS = { numRuns: 100 };
const TOLERANCE = 1e-12;
/** A run that grows beyond this is compared up to there only. */
const LARGEST = 1e6;
const MORE_TICKS = 4;
const backend = new CpuBackend('f64');

type Numbers = Map<string, number>;

/** Learns all parameters at some ticks, and goes on beyond the wave. */
const longRun = (levelling: Levelling, { gamma, last, learns }: Schedule) =>
  circuitRule({
    name: 'long-run',
    exact: false,
    levelling,
    options: { gamma },
    dynamics: { gamma, prediction: 'recomputed' },
    *run(circuit) {
      circuit.present();
      circuit.clamp();
      for (let t = 0; t <= last; t++) {
        if (learns(t)) circuit.learn(circuit.parameters);
        if (t < last) yield circuit.tick();
      }
    },
  });

/** States by 'id quantity at tick', and parameters by id. */
async function simulated(
  graph: Graph,
  levelling: Levelling,
  schedule: Schedule,
  mode: Mode,
): Promise<Numbers> {
  const rule = longRun(levelling, schedule);
  const optimiser = sgd({ lr: schedule.rate });
  const run = Simulation.open(graph, { rule, backend, mode, optimiser });
  const seen: Numbers = new Map();
  for (const { id, isLeaf } of run.levelled.vertices) {
    if (isLeaf) continue;
    const { value$, prediction$, error$ } = run.probe(id);
    const streams = { value: value$, prediction: prediction$, error: error$ };
    for (const [name, stream] of Object.entries(streams)) {
      stream.subscribe(({ tick, data: [number] }) => {
        seen.set(`${id} ${name} at ${tick}`, number);
      });
    }
  }
  await run.submit(feedsOf(graph));
  for (const { id, op } of run.levelled.vertices) {
    if (op === 'param') seen.set(id, (await run.parameter(id))[0]);
  }
  run.destroy();
  return seen;
}

/** The same from the equations, with the tick at which each number is known. */
function expected(graph: Graph, levelling: Levelling, schedule: Schedule) {
  const given: Numbers = new Map();
  for (const [id, { data }] of graph.data) given.set(id, data[0]);
  for (const [id, init] of graph.inits) {
    if (init.kind === 'values') given.set(id, init.data[0]);
  }
  const levelled = level(graph, { levelling });
  const { tracks, parameters } = interpret(levelled, given, schedule);
  const numbers: { name: string; tick: number; number: number }[] = [];
  for (const [id, track] of tracks) {
    for (const [quantity, states] of Object.entries(track)) {
      states.forEach((number: number, tick: number) => {
        numbers.push({ name: `${id} ${quantity} at ${tick}`, tick, number });
      });
    }
  }
  for (const [name, number] of parameters) {
    numbers.push({ name, tick: schedule.last + 1, number });
  }
  return numbers.sort((a, b) => a.tick - b.tick);
}

/** Compares all; clocked, event-driven and live runs have the same bits. */
async function expectAgreement(
  graph: Graph,
  levelling: Levelling,
  schedule: Schedule,
): Promise<void> {
  const inMode = (mode: Mode) => simulated(graph, levelling, schedule, mode);
  const clocked = await inMode('clocked');
  const wanted = expected(graph, levelling, schedule);
  expect(wanted.map(({ name }) => name).toSorted()).toEqual(
    [...clocked.keys()].toSorted(),
  );
  // An error is a difference of values: its rounding is of their size.
  let scale = 1;
  for (const { name, number } of wanted) {
    scale = Math.max(scale, Math.abs(number));
    if (!(scale < LARGEST)) break;
    const got = clocked.get(name) ?? Number.NaN;
    if (!(Math.abs(got - number) <= TOLERANCE * scale)) {
      throw new Error(`${name} is ${got}, not ${number}`);
    }
  }
  const runs = [clocked, await inMode('event-driven'), await inMode('pruned')];
  if (!runs.some(allFinite)) return;
  const [bits, ...others] = runs.map(
    (run) => new Map([...run].map(([name, number]) => [name, [number]])),
  );
  for (const other of others) expectSameBits(other, bits);
}

function allFinite(numbers: Numbers): boolean {
  return [...numbers.values()].every(Number.isFinite);
}

interface Recipe {
  readonly op: string;
  readonly from: readonly number[];
}

const OPS = ['add', 'mul', 'tanh', 'square', 'scale', 'identity', 'mul', 'add'];
const SIZE = { maxLength: 8, size: 'max' } as const;
const number = fc.integer({ min: -64, max: 64 }).map((n) => n / 100);

/** Numbers from 6 on read a leaf, others one of the latest vertices. */
const LATEST = 6;
const recipe: fc.Arbitrary<Recipe> = fc.record({
  op: fc.constantFrom(...OPS),
  from: fc.array(fc.nat({ max: LATEST + 4 }), { minLength: 2, maxLength: 3 }),
});

/** Scalar graphs with skips, and parameters read at several levels. */
const scalars: fc.Arbitrary<Graph> = fc
  .record({
    data: number,
    target: number,
    weights: fc.array(number, { minLength: 1, maxLength: 3 }),
    recipes: fc.array(recipe, { minLength: 2, ...SIZE }),
  })
  .map(({ data, target, weights, recipes }) => {
    const g = new GraphBuilder();
    const made: Vertex[] = [g.input('x', [1], [data])];
    weights.forEach((weight, n) => {
      made.push(g.param(`w${n}`, [1], [weight]));
    });
    const read = new Set<Vertex>();
    for (const { op, from } of recipes) {
      const arity = op === 'add' ? from.length : op === 'mul' ? 2 : 1;
      const inputs = from
        .slice(0, arity)
        .map((n) =>
          n < LATEST
            ? made[made.length - 1 - (n % made.length)]
            : made[(n - LATEST) % (weights.length + 1)],
        );
      for (const input of inputs) read.add(input);
      const attrs = op === 'scale' ? { factor: -0.75 } : {};
      made.push(g.apply(op, inputs, attrs));
    }
    // What nothing reads yet leads to the output, so that nothing is dead.
    const ends = made.filter((vertex) => !vertex.isLeaf && !read.has(vertex));
    const output = ends.length > 1 ? g.apply('add', ends) : ends[0];
    const graph = g.output(output, 'half_sse', { target: [target] });
    return { ...graph, [fc.toStringMethod]: () => describeGraph(graph) };
  });

/** Learning at every tick, or at every second or third. */
const times = fc.record({
  every: fc.integer({ min: 1, max: 3 }),
  first: fc.nat({ max: 2 }),
});

const schedule = (
  graph: Graph,
  gamma: number,
  { every, first }: { every: number; first: number },
): Schedule => ({
  gamma,
  last: level(graph).depth + MORE_TICKS,
  learns: (tick) => tick % every === first % every,
  rate: 0.125,
});

// Oracle: the equations of the dynamics, written out for numbers.
describe.each([1, 0.3])('gamma = %d', (gamma) => {
  test.each(['longest-path', 'least-delay', 'none'] as const)(
    'random graphs, %s: every population at every tick',
    async (levelling) => {
      await fc.assert(
        fc.asyncProperty(scalars, times, (graph, at) =>
          expectAgreement(graph, levelling, schedule(graph, gamma, at)),
        ),
        RUNS,
      );
    },
  );

  // `a` and `w` reach `out` by axons of delay 2; `w` is read at three levels.
  test('a skip around two vertices, with a weight read thrice', async () => {
    const g = new GraphBuilder();
    const w = g.param('w', [1], [0.75]);
    const a = g.input('x', [1], [0.5]).mul(w).named('a');
    const c = a.tanh().mul(w).named('c');
    const graph = g.output(c.add(a, w).named('out'), 'half_sse', {
      target: [-0.25],
    });
    const { axons } = level(graph);
    const delays = axons.map(({ from, delay }) => `${from.id}: ${delay}`);
    expect(delays).toContain('a: 2');
    expect(delays).toContain('w: 3');
    const at = { every: 1, first: 0 };
    await expectAgreement(graph, 'longest-path', schedule(graph, gamma, at));
  });

  // Without delays `a` has the error at t = 1, when none has come to `sum`:
  // what stirs `sum` is the new value of `a`, its first input, while that of
  // `b`, its second, is at rest. The weight of `sum` learns from that.
  test('a value at rest after one that moved', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1], [0.5]);
    const w = g.param('w', [1], [0.75]);
    const a = x.tanh().named('a');
    const b = x.square().named('b');
    const sum = a.add(b, w).named('sum');
    const graph = g.output(sum.tanh().add(a), 'half_sse', { target: [-1] });
    const at = { every: 1, first: 0 };
    await expectAgreement(graph, 'none', schedule(graph, gamma, at));
  });
});

// Worked by hand: `out`, `c` and `a` multiply by w at levels 0, 2 and 4, so w
// has level 5 and learns at t = 4 of errors of t = 0, 2 and 4.
test('a message is made at the tick of its event, not of its arrival', () => {
  const g = new GraphBuilder();
  const w = g.param('w', [1], [0.75]);
  const a = g.input('x', [1], [0.5]).mul(w).named('a');
  const c = a.tanh().mul(w).named('c');
  const out = c.tanh().mul(w).named('out');
  const graph = g.output(out, 'half_sse', { target: [1] });
  const run = Simulation.open(graph, { rule: zil(), backend, mode: 'pruned' });
  const { levels, axons } = run.levelled;
  const toW = axons.filter(({ from }) => from.op === 'param');
  expect(toW.map(({ delay }) => delay)).toEqual([4, 2, 0]);
  // Only `w` is the second factor of a product.
  const { calls } = run.record().program;
  const messages = calls.filter(({ kernel }) => /mul\/vjp1/.test(kernel.name));
  const wanted = toW.map(({ to }) => levels.get(to));
  expect(wanted).toEqual([0, 2, 4]);
  expect(messages.map(({ tick }) => tick)).toEqual(wanted);
  run.destroy();
});
