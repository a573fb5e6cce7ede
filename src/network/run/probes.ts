/**
 * What is watched of a run: streams by name, and how their samples are made of
 * what the backend has kept of a chunk of windows.
 */

import { map, type Observable, zip } from 'rxjs';
import { OptionError, show } from '../../base/errors.ts';
import { checkKeys } from '../../base/options.ts';
import type { FloatArray } from '../../base/tensor.ts';
import type { Network, Population } from '../network.ts';
import { shortest, ticksOf } from '../time.ts';
import type { Watched } from './assembly.ts';
import type { Held } from './held.ts';
import {
  type NumberSample,
  type SpikeSample,
  type StateSample,
  Streams,
} from './streams.ts';

/** A window of ticks that has been or will be run. */
export interface Span {
  readonly first: number;
  readonly ticks: number;
}

export class Probes {
  private readonly network: Network;
  private readonly trials: number;
  private readonly spikes = new Streams<SpikeSample>(() => {});
  private readonly states: Streams<StateSample>;
  private readonly rates = new Streams<NumberSample>(() => {});
  private readonly weights = new Streams<StateSample>(() => {});
  /** Ticks at which weights were sent last. */
  private readonly weightsAt = new Map<string, number>();
  /** Spikes of the bins that are not over, and since when they are counted. */
  private readonly counts = new Map<string, { since: number; sum: number }>();

  /** `onChange` hears when other states are watched than before. */
  constructor(network: Network, trials: number, onChange: () => void) {
    this.network = network;
    this.trials = trials;
    this.states = new Streams<StateSample>(onChange);
  }

  /** States that are watched. */
  get watched(): Watched[] {
    return this.states.watched.map((key) => {
      const [population, name, every] = JSON.parse(key);
      return { population, name, every };
    });
  }

  spikes$(population: Population | string): Observable<SpikeSample> {
    return this.spikes.stream(this.spiking(population).name);
  }

  state$(
    population: Population | string,
    variable: string,
    options: { every?: number },
  ): Observable<StateSample> {
    checkKeys('state$', options, ['every']);
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
    return this.states.stream(JSON.stringify([name, variable, every]));
  }

  rate$(
    population: Population | string,
    options: { bin: number },
  ): Observable<NumberSample> {
    if (options?.bin === undefined) {
      throw new OptionError(
        'rate$ needs { bin }: the length of its bins in ms',
      );
    }
    checkKeys('rate$', options, ['bin']);
    const { name } = this.spiking(population);
    const bin = this.interval('Bin of a rate', options.bin);
    return this.rates.stream(JSON.stringify([name, bin]));
  }

  energy$(options: { every?: number }): Observable<NumberSample> {
    const names = this.network.populations
      .filter(({ model }) => Object.hasOwn(model.state, 'eps'))
      .map(({ name }) => name);
    if (names.length === 0) {
      throw new OptionError(
        'The network has no error neurons (state eps), so it has no energy',
      );
    }
    return zip(names.map((name) => this.state$(name, 'eps', options))).pipe(
      map((samples) => {
        let value = 0;
        for (const { data } of samples) {
          for (const eps of data) value += 0.5 * eps * eps;
        }
        const { tick, time } = samples[0];
        return { tick, time, value };
      }),
    );
  }

  weights$(
    projection: string,
    options: { every: number },
  ): Observable<StateSample> {
    checkKeys('weights$', options, ['every']);
    this.network.projection(projection);
    const every = this.interval('Interval of a probe', options.every);
    return this.weights.stream(JSON.stringify([projection, every]));
  }

  /**
   * Reads what is watched of a chunk, and sends it tick by tick; `pass` ends
   * each tick.
   */
  async send(
    chunk: readonly Span[],
    held: Held,
    pass: () => void,
  ): Promise<void> {
    const counted = this.countFrom(chunk[0].first);
    const listed = [
      ...new Set([...this.spikes.watched, ...counted.map(({ name }) => name)]),
    ].filter((name) => held.has(`${name}/spikes`));
    const states = this.states.watched.map((key) => ({
      key,
      places: this.placesOf(key, held),
    }));
    const names = [
      ...listed.map((name) => `${name}/spikes`),
      ...new Set(states.map(({ places }) => places.memory)),
    ].filter((name) => held.has(name));
    const values = await held.read(names);
    const contents = new Map(names.map((name, i) => [name, values[i]]));
    chunk.forEach((span, slot) => {
      const perTick = listed.map((name) =>
        spikesOf(
          contents.get(`${name}/spikes`) as Uint32Array,
          slot,
          this.network.find(name).size * this.trials,
          span.ticks,
        ),
      );
      for (let k = 0; k < span.ticks; k++) {
        const tick = span.first + k;
        const time = shortest(tick * this.network.dt);
        listed.forEach((name, i) => {
          const found = perTick[i][k];
          for (const each of counted) {
            if (each.name === name) {
              this.counts.get(each.key)!.sum += found.length;
            }
          }
          if (found.length > 0) this.sendSpikes(name, tick, time, found);
        });
        for (const each of counted) this.sendRate(each, tick);
        for (const { key, places } of states) {
          if (tick % places.every !== 0) continue;
          const all = contents.get(places.memory) as FloatArray | undefined;
          const at = places.at(tick);
          if (!all || at === null) continue;
          const data = all.slice(at, at + places.count) as FloatArray;
          this.states.send(key, { tick, time, data });
        }
        pass();
      }
    });
  }

  /** The next tick from one on at which weights are to be sent. */
  nextWeights(from: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const key of this.weights.watched) {
      const [, every] = JSON.parse(key) as [string, number];
      next = Math.min(next, Math.ceil(from / every) * every);
    }
    return next;
  }

  /** Sends the weights that are due before a tick, each once. */
  async sendWeights(tick: number, held: Held): Promise<void> {
    for (const key of this.weights.watched) {
      const [name, every] = JSON.parse(key) as [string, number];
      if (tick % every !== 0 || this.weightsAt.get(key) === tick) continue;
      this.weightsAt.set(key, tick);
      const data = await held.weights(name);
      const time = shortest(tick * this.network.dt);
      this.weights.send(key, { tick, time, data });
    }
  }

  /** Time has gone to another tick: what was counted does not go on. */
  forget(): void {
    this.counts.clear();
    this.weightsAt.clear();
  }

  /** Ends all streams. */
  complete(): void {
    for (const streams of [
      this.spikes,
      this.states,
      this.rates,
      this.weights,
    ]) {
      streams.complete();
    }
  }

  private spiking(population: Population | string): Population {
    const found = this.network.find(population);
    if (found.source?.kind === 'live') {
      throw new OptionError(
        `"${found.name}" is a live source: what it sends is known to its stream, ` +
          'subscribe to that',
      );
    }
    if (found.spiking) return found;
    throw new OptionError(`"${found.name}" sends no spikes: probe its state$`);
  }

  private interval(what: string, ms: number | undefined): number {
    if (ms === undefined) return 1;
    return ticksOf(what, ms, this.network.dt, { least: 1 });
  }

  /** Rates that are watched, counted from a tick on where they are new. */
  private countFrom(tick: number) {
    const counted = this.rates.watched.map((key) => {
      const [name, bin] = JSON.parse(key) as [string, number];
      return { key, name, bin };
    });
    for (const key of this.counts.keys()) {
      if (!counted.some((each) => each.key === key)) this.counts.delete(key);
    }
    for (const { key } of counted) {
      if (!this.counts.has(key)) this.counts.set(key, { since: tick, sum: 0 });
    }
    return counted;
  }

  /** Where the samples of a watched state lie. */
  private placesOf(key: string, { assembly }: Held) {
    const [name, variable, every] = JSON.parse(key) as [string, string, number];
    const count = this.network.find(name).size * this.trials;
    const place = assembly.specs
      .get(name)
      ?.recorded.find((p) => p.name === variable && p.every === every);
    const at = (tick: number) =>
      place
        ? place.base + (Math.floor(tick / every) % place.slots) * count
        : null;
    return { memory: `${name}/record`, every, count, at };
  }

  private sendSpikes(
    name: string,
    tick: number,
    time: number,
    found: readonly number[],
  ): void {
    const { size } = this.network.find(name);
    this.spikes.send(name, {
      tick,
      time,
      neurons: Uint32Array.from(found, (e) => e % size),
      trials: Uint32Array.from(found, (e) => Math.floor(e / size)),
    });
  }

  private sendRate(
    { key, name, bin }: { key: string; name: string; bin: number },
    tick: number,
  ): void {
    if ((tick + 1) % bin !== 0) return;
    const { dt } = this.network;
    const { since, sum } = this.counts.get(key)!;
    this.counts.set(key, { since: tick + 1, sum: 0 });
    const from = tick + 1 - bin;
    // The part of a bin that was watched is no rate.
    if (since > from) return;
    const { size } = this.network.find(name);
    this.rates.send(key, {
      tick: from,
      time: shortest(from * dt),
      value: sum / (size * this.trials * ((bin * dt) / 1000)),
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
    for (let word = words[base + e]; word !== 0; word &= word - 1) {
      found[31 - Math.clz32(word & -word)].push(e);
    }
  }
  return found;
}
