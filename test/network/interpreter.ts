/**
 * The stated semantics in the plainest form: one tick at a time, one synapse at
 * a time, lists of pending events, formulas evaluated as trees. One trial; no
 * rings, no windows, no kernels. In float32 it rounds after every operation.
 */

import { hash, philox } from '../../src/base/random.ts';
import { parseExpression } from '../../src/formula/expression.ts';
import type {
  Network,
  Population,
  Projection,
} from '../../src/network/network.ts';
import type { Synapses } from '../../src/network/synapses.ts';
import type { PerNeuron } from '../../src/network/values.ts';
import { NORMAL, type Numbers, value } from './evaluate.ts';

/** Delays that a projection has from a tick on. */
export interface Change {
  readonly tick: number;
  readonly projection: string;
  readonly delay: Uint32Array;
}

export interface Interpretation {
  readonly dtype: 'f64' | 'f32';
  readonly ticks: number;
  readonly seed: number;
  readonly trial: number;
  readonly synapses: (projection: string) => Synapses;
  readonly changes?: readonly Change[];
}

export interface Trace {
  /** 'population.variable', tick by tick, one value for each neuron. */
  readonly values: ReadonlyMap<string, readonly number[][]>;
  /** Neurons that spiked, tick by tick. */
  readonly spikes: ReadonlyMap<string, readonly number[][]>;
}

interface Pending {
  readonly arrives: number;
  readonly target: number;
  readonly weight: number;
}

interface Neuron {
  readonly constants: Numbers;
  state: Numbers;
}

/** A projection with what is under way on it. */
interface Axon {
  readonly projection: Projection;
  readonly synapses: Synapses;
  readonly pending: Pending[];
  /** Delays and the ticks of emission for which they hold, in order. */
  readonly epochs: { from: number; until: number; delay: Uint32Array }[];
}

export function interpret(network: Network, how: Interpretation): Trace {
  return new Interpreter(network, how).run();
}

class Interpreter {
  private readonly network: Network;
  private readonly how: Interpretation;
  private readonly round: (x: number) => number;
  private readonly neurons = new Map<Population, Neuron[]>();
  private readonly axons: Axon[];
  private readonly values = new Map<string, number[][]>();
  private readonly spikes = new Map<string, number[][]>();

  constructor(network: Network, how: Interpretation) {
    this.network = network;
    this.how = how;
    this.round = how.dtype === 'f32' ? Math.fround : (x) => x;
    for (const population of network.populations) {
      const { name, size, model, source, spiking } = population;
      if (spiking) this.spikes.set(name, []);
      for (const output of population.outputs) {
        this.values.set(`${name}.${output}`, []);
      }
      for (const variable of Object.keys(model.state)) {
        this.values.set(`${name}.${variable}`, []);
      }
      if (source) continue;
      this.neurons.set(
        population,
        Array.from({ length: size }, (_, i) => this.neuron(population, i)),
      );
    }
    this.axons = network.projections.map((projection) => {
      const synapses = how.synapses(projection.name);
      const { delay } = synapses;
      const epochs = [{ from: -Infinity, until: Infinity, delay }];
      return { projection, synapses, pending: [], epochs };
    });
  }

  run(): Trace {
    const { how, network } = this;
    for (let tick = 0; tick < how.ticks; tick++) {
      for (const change of how.changes ?? []) {
        if (change.tick !== tick) continue;
        const axon = this.axons.find(
          ({ projection }) => projection.name === change.projection,
        ) as Axon;
        // Before the first tick nothing is on its way.
        if (tick === 0) axon.epochs.length = 0;
        else axon.epochs[axon.epochs.length - 1].until = tick;
        axon.epochs.push({
          from: tick === 0 ? -Infinity : tick,
          until: Infinity,
          delay: change.delay,
        });
      }
      const done = new Set<Population>();
      for (const population of network.populations) {
        this.compute(population, tick, done);
      }
    }
    return { values: this.values, spikes: this.spikes };
  }

  /** A population's tick, after that of all that reach it without delay. */
  private compute(
    population: Population,
    tick: number,
    done: Set<Population>,
  ): void {
    if (done.has(population)) return;
    done.add(population);
    for (const { projection, epochs } of this.axons) {
      const { delay } = epochs[epochs.length - 1];
      if (projection.to === population && delay.includes(0)) {
        this.compute(projection.from, tick, done);
      }
    }
    if (population.source) this.play(population, tick);
    else this.update(population, tick);
    if (!population.spiking) return;
    const sent = this.spikes.get(population.name)![tick];
    for (const axon of this.axons) {
      const { projection, synapses, pending, epochs } = axon;
      if (projection.from !== population) continue;
      if (projection.output !== 'spikes') continue;
      const { delay } = epochs[epochs.length - 1];
      for (const source of sent) {
        synapses.pre.forEach((pre, s) => {
          if (pre !== source) return;
          pending.push({
            arrives: tick + delay[s],
            target: synapses.post[s],
            weight: this.round(synapses.weight[s]),
          });
        });
      }
    }
  }

  /** What a source gives at a tick. */
  private play({ name, size, source }: Population, tick: number): void {
    const { dt } = this.network;
    const { trial } = this.how;
    if (source?.kind === 'events') {
      const { times, trials } = source.options;
      const mine = times ?? trials![trial];
      const fired = mine.flatMap((list, neuron) =>
        Array.from(list).some((time) => Math.round(time / dt) === tick)
          ? [neuron]
          : [],
      );
      this.spikes.get(name)!.push(fired);
      return;
    }
    if (source?.kind !== 'samples') throw new Error('No such source');
    const { values, trials, interval = dt, after = 'zero' } = source.options;
    if (typeof values === 'function') throw new Error('Give lists');
    const list = Array.from(values ?? trials![trial]);
    const count = list.length / size;
    let sample = Math.floor(tick / Math.round(interval / dt));
    if (after === 'loop') sample %= count;
    if (after === 'hold') sample = Math.min(sample, count - 1);
    this.values
      .get(`${name}.y`)!
      .push(
        Array.from({ length: size }, (_, i) =>
          sample < count ? this.round(list[sample * size + i]) : 0,
        ),
      );
  }

  /** The sum over a projection of what arrives at a target. */
  private arrival(axon: Axon, target: number, tick: number): number {
    const { projection, synapses, pending, epochs } = axon;
    const { from, output } = projection;
    const { round } = this;
    let sum = 0;
    if (output === 'spikes') {
      for (const event of pending) {
        if (event.arrives !== tick || event.target !== target) continue;
        sum = round(sum + event.weight);
      }
      return sum;
    }
    // Over the present delays first, then over former ones.
    const [present, ...former] = [epochs[epochs.length - 1], ...epochs];
    const sent = this.values.get(`${from.name}.${output}`)!;
    for (const epoch of [present, ...former.slice(0, -1)]) {
      for (let s = 0; s < synapses.pre.length; s++) {
        const emission = tick - epoch.delay[s];
        if (synapses.post[s] !== target) continue;
        if (emission < epoch.from || emission >= epoch.until) continue;
        const pre = synapses.pre[s];
        const value =
          emission >= 0
            ? sent[emission][pre]
            : round(given(from.options.history?.[output] ?? 0, pre));
        sum = round(sum + round(round(synapses.weight[s]) * value));
      }
    }
    return sum;
  }

  private update(population: Population, tick: number): void {
    const { name, model } = population;
    const { round } = this;
    const rows = new Map<string, number[]>();
    const fired: number[] = [];
    this.neurons.get(population)!.forEach((neuron, i) => {
      const known = new Map([...neuron.constants, ...neuron.state]);
      for (const port of model.ports) {
        const sums = this.axons
          .filter(
            ({ projection }) =>
              projection.to === population && projection.port === port,
          )
          .map((axon) => this.arrival(axon, i, tick));
        known.set(
          port,
          sums.length === 0 ? 0 : sums.reduce((a, b) => round(a + b)),
        );
      }
      for (const [noise, value] of this.noise(population, i, tick)) {
        known.set(noise, value);
      }
      const evaluate = (formula: string) =>
        value(
          parseExpression(formula, model.functions),
          known,
          this.how.dtype === 'f32',
        );
      for (const [made, formula] of model.lets ?? []) {
        known.set(made, evaluate(formula));
      }
      const set = (table: Readonly<Record<string, string>>) => {
        const made = Object.entries(table).map(
          ([variable, formula]) => [variable, evaluate(formula)] as const,
        );
        for (const [variable, value] of made) known.set(variable, value);
      };
      set(model.update);
      if (model.spike && evaluate(model.spike)) {
        fired.push(i);
        set(model.reset ?? {});
      }
      const keep = (variable: string, value: number) => {
        const row = rows.get(variable) ?? [];
        rows.set(variable, row);
        row.push(value);
      };
      for (const variable of Object.keys(model.state)) {
        neuron.state.set(variable, known.get(variable)!);
      }
      const outputs = Object.entries(model.outputs ?? {});
      for (const [output, formula] of outputs) keep(output, evaluate(formula));
      for (const [variable, value] of neuron.state) {
        if (!Object.hasOwn(model.outputs ?? {}, variable)) {
          keep(variable, value);
        }
      }
    });
    for (const [variable, row] of rows) {
      this.values.get(`${name}.${variable}`)!.push(row);
    }
    this.spikes.get(name)?.push(fired);
  }

  /** Two draws a block: words x and y, z and w. */
  private noise({ name, model }: Population, i: number, tick: number): Numbers {
    const { seed, trial, dtype } = this.how;
    const drawn: Numbers = new Map();
    Object.entries(model.noise ?? {}).forEach(([variable, kind], j) => {
      const words = philox(
        [i, tick, trial, Math.floor(j / 2)],
        [seed >>> 0, hash(`${name}/noise`)],
      );
      const [a, b] = words
        .slice(2 * (j % 2))
        .map((word) => Math.floor(word / 256) / 16777216);
      const make = kind === 'uniform' ? () => a : NORMAL[dtype];
      drawn.set(variable, make(a, b));
    });
    return drawn;
  }

  private neuron(population: Population, i: number): Neuron {
    const { model, options } = population;
    const { round } = this;
    const { dt } = this.network;
    const parameters = Object.fromEntries(
      Object.entries(model.parameters).map(([name, usual]) => [
        name,
        given(options.parameters?.[name] ?? usual, i),
      ]),
    );
    const derived = model.derived?.(parameters, dt) ?? {};
    const constants: Numbers = new Map();
    for (const [name, value] of Object.entries({
      ...parameters,
      ...derived,
      dt,
    })) {
      constants.set(name, round(value));
    }
    const state: Numbers = new Map();
    for (const [name, usual] of Object.entries(model.state)) {
      const start = typeof usual === 'number' ? usual : parameters[usual];
      state.set(name, round(given(options.start?.[name] ?? start, i)));
    }
    return { constants, state };
  }
}

/** A number of a neuron; what is drawn is not interpreted. */
function given(value: PerNeuron, i: number): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'function') return value(i);
  return (value as ArrayLike<number>)[i];
}
