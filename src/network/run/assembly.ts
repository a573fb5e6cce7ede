/**
 * A network made ready to run: what memory it needs, what is in it at first,
 * and the program of a window. Nothing is allocated or run here.
 */

import type { Request } from '../../backends/backend.ts';
import { hash, Random } from '../../base/random.ts';
import type { Program } from '../../program/recorder.ts';
import { constantsOf } from '../model.ts';
import type { Network, Population } from '../network.ts';
import { type PerNeuron, perNeuron, spreadOver } from '../values.ts';
import { tickFormulas } from './formulas.ts';
import {
  type NeuronSpec,
  neuronMemory,
  type Recorded,
  type Ring,
} from './neurons.ts';
import { type Schedule, schedule } from './schedule.ts';
import { bySource, byTarget, delayRange, forStdp } from './tables.ts';
import { postOf, type WindowParts, Windows } from './window.ts';
import type { Wired, Wiring } from './wiring.ts';

/** A quantity that somebody watches. */
export interface Watched {
  readonly population: string;
  readonly name: string;
  /** In ticks. */
  readonly every: number;
}

export interface AssemblyOptions {
  readonly seed: number;
  readonly trials: number;
  readonly firstTrial: number;
  readonly onDevice: boolean;
  readonly window?: number;
  readonly wirings: readonly Wiring[];
  readonly watched: readonly Watched[];
  /** Parameters and starts that were drawn before: they stay as they are. */
  readonly drawn: Map<string, number | Float64Array>;
  /** Least lengths of rings, lest what is in flight be lost. */
  readonly keep?: ReadonlyMap<string, number>;
}

/** Bytes of what is read after a chunk, at most, roughly. */
const CHUNK_WORDS = 2 ** 21;
const MOST_SLOTS = 128;

/** What a run of a network works on. */
export class Assembly implements WindowParts {
  readonly network: Network;
  readonly trials: number;
  readonly schedule: Schedule;
  readonly slots: number;
  readonly memory = new Map<string, Request>();
  /** What is in memory at first; else 0. */
  readonly contents = new Map<string, ArrayLike<number>>();
  readonly specs = new Map<string, NeuronSpec>();
  readonly histories = new Map<string, number>();
  readonly shared = new Map<string, ReadonlyMap<string, number>>();
  readonly wired: readonly Wired[];
  private readonly options: AssemblyOptions;

  constructor(network: Network, options: AssemblyOptions) {
    this.network = network;
    this.options = options;
    this.trials = options.trials;
    const ranges = new Map(
      options.wirings.flatMap((wiring) => {
        const range = delayRange(wiring.synapses);
        return range && wiring.until === null
          ? [[wiring.projection.name, range] as const]
          : [];
      }),
    );
    this.schedule = schedule(network, ranges, options.window);
    // What a chunk holds in memory for each of its windows.
    const words = network.populations.reduce(
      (sum, { size, spiking, source }) =>
        sum +
        size * this.trials * (spiking ? 1 : source ? this.schedule.window : 0),
      1 + this.recordedWords(),
    );
    this.slots = Math.max(
      1,
      Math.min(MOST_SLOTS, Math.floor(CHUNK_WORDS / words)),
    );
    this.words('clock', 4);
    const rings = new Map<string, number>();
    this.wired = options.wirings.map((wiring) => this.wire(wiring, rings));
    for (const population of network.populations) {
      if (population.source) this.addSource(population);
      else this.addNeurons(population);
      const lists = this.wired.some(
        ({ projection }) =>
          projection.from === population && projection.output === 'spikes',
      );
      if (lists) {
        const most = this.elements(population) * this.schedule.window;
        this.words(`${population.name}/list`, most);
        this.words(`${population.name}/starts`, this.schedule.window + 1);
      }
    }
  }

  /** Of a window; of 0 ticks: only sends what live sources have emitted. */
  program(window: number): Program {
    return new Windows(this).program(window);
  }

  /** Words that what is watched takes for each window. */
  private recordedWords(): number {
    const { window } = this.schedule;
    return this.options.watched.reduce(
      (sum, { population, every }) =>
        sum + (this.elements(this.network.find(population)) * window) / every,
      0,
    );
  }

  /** Numbers of a population's neurons: the same each time they are asked for. */
  private numbers(
    what: string,
    given: PerNeuron,
    size: number,
    stream: string,
  ): number | Float64Array {
    const { drawn, seed } = this.options;
    const known = drawn.get(stream);
    if (known !== undefined) return known;
    const made = perNeuron(what, given, size, new Random(seed, stream));
    drawn.set(stream, made);
    return made;
  }

  private elements({ size }: Population): number {
    return size * this.trials;
  }

  private words(name: string, size: number): void {
    this.memory.set(name, { size, words: true });
  }

  private floats(name: string, size: number): void {
    this.memory.set(name, { size });
  }

  /** Tables of a projection, and its ring behind those of its target so far. */
  private wire(wiring: Wiring, bases: Map<string, number>): Wired {
    const { projection, synapses, until } = wiring;
    const { name, from, to, output } = projection;
    const { window } = this.schedule;
    const spikes = output === 'spikes';
    const stdp = projection.plasticity?.kind === 'stdp';
    const table = stdp
      ? forStdp(synapses, from.size, to.size, this.options.onDevice)
      : spikes
        ? bySource(synapses, from.size, to.size, this.options.onDevice)
        : byTarget(synapses, to.size);
    // What was sent over former delays arrives in the ring of the present ones.
    const id = until === null ? name : `${name}@${until}`;
    const { most } = delayRange(synapses) ?? { most: 0 };
    const least = this.options.keep?.get(`${name}/ring`) ?? 1;
    const ticks = Math.max(
      least,
      powerOf2(spikes && !stdp ? most + window : window),
    );
    const key = `${name}/ring`;
    let base = bases.get(key);
    if (base === undefined) {
      base = bases.get(to.name) ?? 0;
      bases.set(key, base);
      bases.set(to.name, base + ticks * this.elements(to));
    }
    const count = table.order.length;
    // Weights that learn are each trial's own.
    const copies = projection.plasticity ? this.trials : 1;
    this.words(`${id}/rows`, table.rows.length);
    this.words(`${id}/ends`, Math.max(2, table.ends.length));
    this.floats(`${id}/weight`, Math.max(1, count) * copies);
    this.contents.set(`${id}/rows`, table.rows);
    this.contents.set(`${id}/ends`, table.ends);
    const { weight } = synapses;
    const ordered = new Float64Array(count * copies);
    for (let c = 0; c < copies; c++) {
      const first = weight.length > count ? c * count : 0;
      table.order.forEach((s, i) => {
        ordered[c * count + i] = weight[first + s];
      });
    }
    this.contents.set(`${id}/weight`, ordered);
    let history = 1;
    if (stdp) {
      history = powerOf2(most + 1);
      const many = this.elements(from);
      this.words(`${id}/incoming`, table.incoming?.length ?? 1);
      this.contents.set(`${id}/incoming`, table.incoming ?? []);
      this.words(`${id}/sent`, history * (many + 1));
      this.floats(`${id}/trace`, history * many);
      this.floats(`${id}/post`, this.elements(to));
    }
    return { ...wiring, id, table, history, ring: { base, ticks } };
  }

  /** Ticks of history that readers of a population's values need. */
  private historyOf(population: Population): number {
    let most = 0;
    for (const { projection, synapses } of this.wired) {
      if (projection.from !== population) continue;
      if (projection.output === 'spikes') continue;
      most = Math.max(most, delayRange(synapses)?.most ?? 0);
    }
    const { window } = this.schedule;
    const least = this.options.keep?.get(`${population.name}/history`) ?? 1;
    const ticks = Math.max(least, powerOf2(most + 2 * window));
    this.histories.set(population.name, ticks);
    return ticks;
  }

  private addSource(population: Population): void {
    const { name, source, spiking } = population;
    const elements = this.elements(population);
    const live = source?.kind === 'live';
    const slots = live ? 1 : this.slots;
    if (spiking) {
      this.words(`${name}/spikes`, slots * elements);
      return;
    }
    const history = this.historyOf(population);
    this.floats(`${name}/out`, history * elements);
    const ticks = slots * this.schedule.window;
    this.floats(`${name}/samples`, ticks * elements);
  }

  private addNeurons(population: Population): void {
    const { name, model, size } = population;
    const { trials, wired } = this;
    const { seed, firstTrial, watched } = this.options;
    const elements = this.elements(population);
    const arriving: Record<string, number[]> = Object.create(null);
    const rings: Ring[] = [];
    for (const { projection, ring, until } of wired) {
      if (projection.to !== population || until !== null) continue;
      arriving[projection.port] ??= [];
      arriving[projection.port].push(rings.length);
      rings.push(ring);
    }
    const formulas = tickFormulas(model, arriving);
    const outputs = population.outputs.filter((output) =>
      wired.some(
        ({ projection }) =>
          (projection.from === population && projection.output === output) ||
          (projection.to === population && postOf(projection) === output),
      ),
    );
    const history = outputs.length > 0 ? this.historyOf(population) : 1;
    const { own, shared } = this.constantsOf(population);
    let base = 0;
    const recorded = watched
      .filter((each) => each.population === name)
      .map(({ name: variable, every }): Recorded => {
        const ticks = this.slots * this.schedule.window;
        const slots = Math.floor(ticks / every) + 1;
        const at = base;
        base += slots * elements;
        return { name: variable, every, slots, base: at };
      });
    const spec: NeuronSpec = {
      name: model.name,
      formulas,
      ...(model.functions ? { own: model.functions } : {}),
      state: Object.keys(model.state),
      perNeuron: [...own.keys()],
      shared: [...shared.keys()],
      noise: Object.entries(model.noise ?? {}),
      key: [seed, hash(`${name}/noise`)],
      rings,
      outputs,
      history,
      recorded,
      spiking: population.spiking,
      neurons: size,
      trials,
      firstTrial,
    };
    this.specs.set(name, spec);
    for (const [part, count] of neuronMemory(spec, this.slots)) {
      if (part === 'clock') continue;
      if (part === 'spikes') this.words(`${name}/spikes`, count);
      else this.floats(`${name}/${part}`, count);
    }
    const constants = [...own.values()].flatMap((list) => [...list]);
    if (own.size > 0) this.contents.set(`${name}/constants`, constants);
    this.shared.set(name, shared);
    this.start(population, spec);
  }

  /** Parameters and what is derived of them, as far as formulas use them. */
  private constantsOf(population: Population): {
    own: Map<string, Float64Array>;
    shared: Map<string, number>;
  } {
    const { size } = population;
    const { dt } = this.network;
    const constants = constantsOf(population, dt, (what, given, stream) =>
      this.numbers(what, given, size, stream),
    );
    const own = new Map<string, Float64Array>();
    const shared = new Map<string, number>();
    for (const [constant, value] of constants) {
      if (typeof value === 'number') shared.set(constant, value);
      else own.set(constant, value);
    }
    // What does not fit the uniform block is kept neuron by neuron.
    for (const constant of [...shared.keys()].slice(56)) {
      own.set(constant, spreadOver(shared.get(constant) as number, size));
      shared.delete(constant);
    }
    return { own, shared };
  }

  /** First contents of state and history; all trials start alike. */
  private start(population: Population, spec: NeuronSpec): void {
    const { name, size, model, options } = population;
    const { trials } = this;
    const elements = this.elements(population);
    const state = new Float64Array(spec.state.length * elements);
    spec.state.forEach((variable, s) => {
      const usual = model.state[variable];
      const given =
        options.start?.[variable] ??
        (typeof usual === 'number'
          ? usual
          : (options.parameters?.[usual] ?? model.parameters[usual]));
      const stream =
        options.start?.[variable] === undefined && typeof usual === 'string'
          ? `${name}/parameters/${usual}`
          : `${name}/start/${variable}`;
      const what = `Start of ${variable} of "${name}"`;
      const values = spreadOver(this.numbers(what, given, size, stream), size);
      for (let t = 0; t < trials; t++)
        state.set(values, s * elements + t * size);
    });
    if (state.length > 0) this.contents.set(`${name}/state`, state);
    if (!options.history) return;
    const out = new Float64Array(spec.outputs.length * spec.history * elements);
    spec.outputs.forEach((output, o) => {
      const given = options.history?.[output];
      if (given === undefined) return;
      const what = `History of ${output} of "${name}"`;
      const stream = `${name}/history/${output}`;
      const values = spreadOver(this.numbers(what, given, size, stream), size);
      for (let row = 0; row < spec.history * trials; row++) {
        out.set(values, (o * spec.history * trials + row) * size);
      }
    });
    if (out.length > 0) this.contents.set(`${name}/out`, out);
  }
}

/** The least power of two that is not below n. */
export function powerOf2(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, n)));
}
