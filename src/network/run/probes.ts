/**
 * What is watched of a run: streams by name, and how their samples are made of
 * what the backend has kept of a chunk of windows.
 */

import { map, type Observable, zip } from 'rxjs';
import type { Backend } from '../../backends/backend.ts';
import { OptionError, show } from '../../base/errors.ts';
import { checkNames } from '../../base/schema.ts';
import type { FloatArray } from '../../base/tensor.ts';
import { Session } from '../../simulation/session.ts';
import type { Network, Population } from '../network.ts';
import { shortest, ticksOf } from '../time.ts';
import type { Watched } from './assembly.ts';
import type { Held } from './held.ts';
import type { Span } from './schedule.ts';

/** Spikes of a population at one tick; ticks without any send nothing. */
export interface SpikeSample {
  /** The tick at which they are sent. */
  readonly tick: number;
  /** In ms. */
  readonly time: number;
  /** Ascending, trial after trial. */
  readonly neurons: Uint32Array;
  /** Trial of each. */
  readonly trials: Uint32Array;
}

/** Values [trials][neurons] at a tick. */
export interface StateSample {
  /** The tick at which they hold. */
  readonly tick: number;
  /** In ms. */
  readonly time: number;
  /** In order of trials, then of neurons (or synapses). */
  readonly data: FloatArray;
}

/** A number at a tick: a rate in Hz, an energy. */
export interface NumberSample {
  /** The tick at which it holds, or a bin begins. */
  readonly tick: number;
  /** In ms. */
  readonly time: number;
  /** The number, in the units of its stream. */
  readonly value: number;
}

/** A mean rate that is watched; `bin` in ticks. */
interface Rate {
  readonly population: Population;
  readonly bin: number;
}

/** Weights that are watched, every so many ticks. */
interface Weights {
  readonly projection: string;
  readonly every: number;
}

/** What can be watched of a run. Streams end with it. */
export abstract class Watchable extends Session<Held> {
  /** The recipe that it is a run of. */
  readonly network: Network;
  /** Copies of the network that run at once. */
  readonly trials: number;
  private readonly spikes = this.watching<Population, SpikeSample>(false);
  private readonly states = this.watching<Watched, StateSample>(true);
  private readonly rates = this.watching<Rate, NumberSample>(false);
  private readonly weightings = this.watching<Weights, StateSample>(false);
  /** Ticks at which weights were sent last. */
  private readonly weightsAt = new Map<string, number>();
  /** Spikes of the bins that are not over, and since when they are counted. */
  private readonly counts = new Map<string, { since: number; sum: number }>();

  protected constructor(network: Network, backend: Backend, trials: number) {
    super('run', backend);
    this.network = network;
    this.trials = trials;
  }

  /** Spikes of a population; subscribe before the run that should be seen. */
  spikes$(population: Population | string): Observable<SpikeSample> {
    const found = this.spiking(population);
    return this.spikes.stream(found.name, found);
  }

  /** A state variable or graded output, every so many ms (dt). */
  state$(
    population: Population | string,
    variable: string,
    options: { every?: number } = {},
  ): Observable<StateSample> {
    checkNames('state$', options, ['every']);
    const found = this.network.find(population);
    const { name, model, source } = found;
    const known = [...new Set([...Object.keys(model.state), ...found.outputs])];
    if (source || !known.includes(variable)) {
      throw new OptionError(
        source
          ? `"${name}" is a source: what it gives is known, there is nothing to probe`
          : `"${name}" has no ${show(variable)} to probe: there are ` +
              (known.join(', ') || 'none, but spikes$'),
        { population: name, variable },
      );
    }
    const every = this.interval('Interval of a probe', options.every);
    const watched = { population: name, name: variable, every };
    return this.states.stream(JSON.stringify(watched), watched);
  }

  /**
   * Mean rate of a population's neurons in Hz, over bins of so many ms; of
   * those that are watched from their first tick to their last.
   */
  rate$(
    population: Population | string,
    options: { bin: number },
  ): Observable<NumberSample> {
    if (options?.bin === undefined) {
      throw new OptionError(
        'rate$ needs { bin }: the length of its bins in ms',
        { of: 'rate$', name: 'bin' },
      );
    }
    checkNames('rate$', options, ['bin']);
    const found = this.spiking(population);
    const bin = this.interval('Bin of a rate', options.bin);
    const rate = { population: found, bin };
    return this.rates.stream(JSON.stringify([found.name, bin]), rate);
  }

  /** F: half the sum of squared errors of all value-error populations. */
  energy$(options: { every?: number } = {}): Observable<NumberSample> {
    const names = this.network.populations
      .filter(({ model }) => Object.hasOwn(model.state, 'eps'))
      .map(({ name }) => name);
    if (names.length === 0) {
      throw new OptionError(
        'The network has no error neurons (state eps), so it has no energy',
        { populations: this.network.populations.map(({ name }) => name) },
      );
    }
    return zip(names.map((name) => this.state$(name, 'eps', options))).pipe(
      map((samples) => {
        let value = 0;
        for (const { data } of samples) {
          for (const eps of data) value += 0.5 * eps * eps;
        }
        const { tick, time } = samples[0]!;
        return { tick, time, value };
      }),
    );
  }

  /** Weights of a projection in canonical order, every so many ms. */
  weights$(
    projection: string,
    options: { every: number },
  ): Observable<StateSample> {
    checkNames('weights$', options, ['every']);
    this.network.projection(projection);
    const every = this.interval('Interval of a probe', options.every);
    const watched = { projection, every };
    return this.weightings.stream(JSON.stringify(watched), watched);
  }

  protected get watchedStates(): Watched[] {
    return this.states.watched.map(({ what }) => what);
  }

  /**
   * Reads what is watched of a chunk, and sends it tick by tick; `pass` ends
   * each tick.
   */
  protected async send(
    chunk: readonly Span[],
    held: Held,
    pass: () => void,
  ): Promise<void> {
    const rates = this.countFrom(chunk[0]!.first);
    const listed = [
      ...new Set([
        ...this.spikes.watched.map(({ what }) => what),
        ...rates.map(({ what }) => what.population),
      ]),
    ].filter(({ name }) => held.has(`${name}/spikes`));
    const states = this.states.watched.map(({ key, what }) => ({
      key,
      record: this.recordOf(what, held),
    }));
    const names = [
      ...listed.map(({ name }) => `${name}/spikes`),
      ...new Set(states.map(({ record }) => record.memory)),
    ].filter((name) => held.has(name));
    const values = await held.read(names);
    const contents = new Map(names.map((name, i) => [name, values[i]]));
    chunk.forEach((span, slot) => {
      const perTick = listed.map(({ name, size }) =>
        spikesOf(
          contents.get(`${name}/spikes`) as Uint32Array,
          slot,
          size * this.trials,
          span.ticks,
        ),
      );
      for (let k = 0; k < span.ticks; k++) {
        const tick = span.first + k;
        const time = this.timeOf(tick);
        listed.forEach((population, i) => {
          const found = perTick[i]![k]!;
          for (const { key, what } of rates) {
            if (what.population === population) {
              this.counts.get(key)!.sum += found.length;
            }
          }
          if (found.length > 0) this.sendSpikes(population, tick, time, found);
        });
        for (const { key, what } of rates) this.sendRate(key, what, tick);
        for (const { key, record } of states) {
          if (tick % record.every !== 0) continue;
          const all = contents.get(record.memory) as FloatArray | undefined;
          const at = record.at(tick);
          if (!all || at === null) continue;
          const data = all.slice(at, at + record.count) as FloatArray;
          this.states.send(key, { tick, time, data });
        }
        pass();
      }
    });
  }

  /** The next tick from one on at which weights are to be sent. */
  protected nextWeights(from: number): number {
    return this.weightings.watched.reduce(
      (next, { what: { every } }) =>
        Math.min(next, Math.ceil(from / every) * every),
      Number.POSITIVE_INFINITY,
    );
  }

  /** Sends the weights that are due before a tick, each once. */
  protected async sendWeights(tick: number, held: Held): Promise<void> {
    for (const { key, what } of this.weightings.watched) {
      const { projection, every } = what;
      if (tick % every !== 0 || this.weightsAt.get(key) === tick) continue;
      this.weightsAt.set(key, tick);
      const data = await held.weights(projection);
      this.weightings.send(key, { tick, time: this.timeOf(tick), data });
    }
  }

  /** Time has gone to another tick: what was counted does not go on. */
  protected forget(): void {
    this.counts.clear();
    this.weightsAt.clear();
  }

  /** Model time of a tick in ms. */
  protected timeOf(tick: number): number {
    return shortest(tick * this.network.dt);
  }

  private spiking(population: Population | string): Population {
    const found = this.network.find(population);
    if (found.source?.kind === 'live') {
      throw new OptionError(
        `"${found.name}" is a live source: what it sends is known to its stream, ` +
          'subscribe to that',
        { population: found.name },
      );
    }
    if (found.spiking) return found;
    throw new OptionError(`"${found.name}" sends no spikes: probe its state$`, {
      population: found.name,
    });
  }

  private interval(what: string, ms: number | undefined): number {
    if (ms === undefined) return 1;
    return ticksOf(what, ms, this.network.dt, { least: 1 });
  }

  /** Rates that are watched, counted from a tick on where they are new. */
  private countFrom(tick: number) {
    const rates = this.rates.watched;
    for (const key of this.counts.keys()) {
      if (!rates.some((each) => each.key === key)) this.counts.delete(key);
    }
    for (const { key } of rates) {
      if (!this.counts.has(key)) this.counts.set(key, { since: tick, sum: 0 });
    }
    return rates;
  }

  /** Where the samples of a watched state lie. */
  private recordOf({ population, name, every }: Watched, { assembly }: Held) {
    const count = this.network.find(population).size * this.trials;
    const record = assembly.specs
      .get(population)
      ?.recorded.find((r) => r.name === name && r.every === every);
    const at = (tick: number) =>
      record
        ? record.base + (Math.floor(tick / every) % record.slots) * count
        : null;
    return { memory: `${population}/record`, every, count, at };
  }

  private sendSpikes(
    { name, size }: Population,
    tick: number,
    time: number,
    found: readonly number[],
  ): void {
    this.spikes.send(name, {
      tick,
      time,
      neurons: Uint32Array.from(found, (e) => e % size),
      trials: Uint32Array.from(found, (e) => Math.floor(e / size)),
    });
  }

  private sendRate(key: string, { population, bin }: Rate, tick: number): void {
    if ((tick + 1) % bin !== 0) return;
    const { since, sum } = this.counts.get(key)!;
    this.counts.set(key, { since: tick + 1, sum: 0 });
    const from = tick + 1 - bin;
    // The part of a bin that was watched is no rate.
    if (since > from) return;
    const seconds = (bin * this.network.dt) / 1000;
    this.rates.send(key, {
      tick: from,
      time: this.timeOf(from),
      value: sum / (population.size * this.trials * seconds),
    });
  }
}

/** Elements that spiked at each tick of a window, ascending. */
function spikesOf(
  words: Uint32Array,
  slot: number,
  elements: number,
  ticks: number,
): number[][] {
  const found: number[][] = Array.from({ length: ticks }, () => []);
  const base = slot * elements;
  for (let e = 0; e < elements; e++) {
    for (let word = words[base + e]!; word !== 0; word &= word - 1) {
      found[31 - Math.clz32(word & -word)]!.push(e);
    }
  }
  return found;
}
