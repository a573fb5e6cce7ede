/**
 * A run of a network: its memory on a backend, windows of ticks one after
 * another, and streams of what is watched. Running in pieces, watching, batching
 * and the backend's windows change no bit of what is computed.
 */

import { map, type Observable, Subject, zip } from 'rxjs';
import type {
  Backend,
  Contents,
  Executable,
  Memory,
} from '../backends/backend.ts';
import { TickClock } from '../circuit/clock.ts';
import { DelayError, NonFiniteError, OptionError, show } from '../errors.ts';
import { checkKeys, wholeNumber } from '../options.ts';
import { Random } from '../random.ts';
import { checkFinite, type FloatArray } from '../tensor.ts';
import {
  type Assembly,
  assemble,
  type Watched,
  type Wired,
  type Wiring,
} from './assembly.ts';
import { carryOver, geometryOf } from './carry-over.ts';
import { Feeder } from './feeder.ts';
import type { Network, Population } from './network.ts';
import {
  type Captured,
  captured,
  type Snapshot,
  snapshotOf,
} from './snapshot.ts';
import {
  type NumberSample,
  type SpikeSample,
  type StateSample,
  Streams,
} from './streams.ts';
import { type Delays, delaysOf, makeSynapses } from './synapses.ts';
import { MOST_TICKS, shortest, ticksOf } from './time.ts';

export interface NetworkOptions {
  readonly backend: Backend;
  /** Seed of everything drawn: synapses, starts, noise. */
  readonly seed?: number;
  /** Copies of the network, run at once on stimuli and noise of their own. */
  readonly trials?: number;
  /** Number of the first trial; a trial does not depend on those beside it. */
  readonly firstTrial?: number;
  /** Ticks of a window, fewer than the delays allow. Changes no bit. */
  readonly window?: number;
}

/** What a call of `run` did. */
export interface RunReport {
  readonly ticks: number;
  /** Model time in ms. */
  readonly time: number;
  /** Wall time in seconds, building and warm-up not counted. */
  readonly seconds: number;
  /** Wall time / model time, NEST's measure: below 1 is faster than life. */
  readonly realTimeFactor: number;
  /** Wall time in seconds of building and warm-up that this call waited for. */
  readonly buildSeconds: number;
}

export interface Progress {
  /** Of the call: ticks computed, and asked for. */
  readonly done: number;
  readonly ticks: number;
  /** Wall time in seconds so far, and what it makes of the model's time. */
  readonly seconds: number;
  readonly realTimeFactor: number;
}

/** ms between two tellings of progress. */
const PROGRESS_MS = 200;

export const NETWORK_OPTIONS = [
  'backend',
  'seed',
  'trials',
  'firstTrial',
  'window',
] as const;

/** A window of ticks that has been or will be run. */
interface Span {
  readonly first: number;
  readonly ticks: number;
}

interface Ready {
  readonly assembly: Assembly;
  readonly memory: ReadonlyMap<string, Memory>;
  readonly windows: Map<number, Executable>;
}

export class NetworkRun {
  readonly network: Network;
  readonly backend: Backend;
  readonly seed: number;
  readonly trials: number;
  /** Ticks pass on it as their samples are sent. */
  readonly clock = new TickClock();
  /** What each call of `run` did. */
  readonly reports$ = new Subject<RunReport>();
  /** How far a call of `run` is, a few times a second at most. */
  readonly progress$ = new Subject<Progress>();
  private readonly firstTrial: number;
  private readonly askedWindow: number | undefined;
  private wirings: Wiring[];
  /** Parameters and starts, drawn or computed once. */
  private readonly drawn = new Map<string, number | Float64Array>();
  private ready: Ready | null = null;
  private feeder: Feeder;
  /** Next tick to be computed. */
  private next = 0;
  /** Memory does not fit what is watched or wired any more. */
  private stale = false;
  /** Wirings are newer than those in memory. */
  private rewired = false;
  private ownsBackend = false;
  private destroyed = false;
  private lastTurn: Promise<unknown> = Promise.resolve();
  private buildSeconds = 0;
  private readonly spikes = new Streams<SpikeSample>(() => {});
  private readonly states = new Streams<StateSample>(() => {
    this.stale = true;
  });
  private readonly rates = new Streams<NumberSample>(() => {});
  private readonly weightsSent = new Streams<StateSample>(() => {});
  /** Ticks at which weights were sent last. */
  private readonly weightsAt = new Map<string, number>();
  /** Spikes of the bins that are not over, and since when they are counted. */
  private readonly counts = new Map<string, { since: number; sum: number }>();

  private constructor(network: Network, options: NetworkOptions) {
    const { backend, seed = 0, trials = 1, firstTrial = 0, window } = options;
    this.network = network;
    this.backend = backend;
    this.seed = wholeNumber('seed', seed);
    this.trials = wholeNumber('trials', trials, 1);
    this.firstTrial = wholeNumber('firstTrial', firstTrial);
    for (const [what, value] of [
      ['seed', seed],
      ['firstTrial + trials', firstTrial + trials],
    ] as const) {
      if (value < 2 ** 32) continue;
      throw new OptionError(`${what} = ${value}: give less than 2^32`);
    }
    this.askedWindow = window;
    const begun = performance.now();
    this.wirings = network.projections.map((projection) => ({
      projection,
      synapses: makeSynapses({
        name: projection.name,
        sources: projection.from.size,
        targets: projection.to.size,
        pattern: projection.pattern!,
        weight: projection.weight,
        delay: projection.delay,
        round: projection.round ?? false,
        dt: network.dt,
        seed: this.seed,
      }),
      since: null,
      until: null,
    }));
    for (const { projection, synapses } of this.wirings) {
      const { plasticity, name } = projection;
      if (plasticity?.kind !== 'stdp') continue;
      const { low, high } = plasticity;
      for (const w of synapses.weight) {
        if (w >= low && w <= high) continue;
        throw new OptionError(
          `Weight ${w} of "${name}" is outside of what its STDP allows, ${low} ` +
            `to ${high}`,
          { projection: name, weight: w },
        );
      }
    }
    this.feeder = new Feeder(network, {
      trials,
      firstTrial,
      clock: this.clock,
    });
    try {
      this.assemble();
    } catch (error) {
      this.feeder.close();
      throw error;
    }
    network.seal();
    this.buildSeconds += (performance.now() - begun) / 1000;
  }

  /**
   * Opens a run: synapses are drawn and everything is checked; memory is taken when
   * it first runs.
   *
   * @throws OptionError, DelayError, NonFiniteError
   */
  static open(network: Network, options: NetworkOptions): NetworkRun {
    checkKeys('openNetwork', options, NETWORK_OPTIONS);
    if (network.populations.length === 0) {
      throw new OptionError('The network is empty: give it populations');
    }
    return new NetworkRun(network, options);
  }

  /** Model time of the next tick in ms. */
  get time(): number {
    return shortest(this.next * this.network.dt);
  }

  get tick(): number {
    return this.next;
  }

  /** Ticks of a window, and what bounds them. */
  get window(): { ticks: number; because: string } {
    const { window, because } = (this.ready?.assembly ?? this.assemble())
      .schedule;
    return { ticks: window, because };
  }

  /** Synapses of a projection in canonical order: source, then target. */
  synapses(projection: string) {
    const { synapses } = this.wiring(projection);
    return synapses;
  }

  /** Bytes of memory on the backend. */
  get bytes(): number {
    const { memory } = this.ready?.assembly ?? this.assemble();
    const width = this.backend.dtype === 'f64' ? 8 : 4;
    let sum = 0;
    for (const { size, words } of memory.values()) {
      sum += size * (words ? 4 : width);
    }
    return sum;
  }

  /** Runs for a time in ms. */
  run(ms: number): Promise<RunReport> {
    const ticks = ticksOf('Time of a run', ms, this.network.dt);
    return this.runTicks(ticks);
  }

  /** Runs so many ticks. */
  runTicks(ticks: number): Promise<RunReport> {
    wholeNumber('ticks', ticks);
    return this.inTurn(async () => {
      if (this.next + ticks > MOST_TICKS) {
        throw new DelayError(
          `Tick ${this.next + ticks} cannot be counted: a run has at most ${MOST_TICKS}`,
        );
      }
      await this.prepare();
      const begun = performance.now();
      await this.advance(ticks);
      const seconds = (performance.now() - begun) / 1000;
      const time = shortest(ticks * this.network.dt);
      const { buildSeconds } = this;
      this.buildSeconds = 0;
      const realTimeFactor = time > 0 ? seconds / (time / 1000) : 0;
      const report = { ticks, time, seconds, realTimeFactor, buildSeconds };
      this.reports$.next(report);
      return report;
    });
  }

  /** Spikes of a population; subscribe before the run that should be seen. */
  spikes$(population: Population | string): Observable<SpikeSample> {
    const { name } = this.spiking(population);
    return this.spikes.stream(name);
  }

  /** A state variable or graded output, every so many ms (dt). */
  state$(
    population: Population | string,
    variable: string,
    options: { every?: number } = {},
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

  /**
   * Mean rate of a population's neurons in Hz, over bins of so many ms; of
   * those that are watched from their first tick to their last.
   */
  rate$(
    population: Population | string,
    options: { bin: number },
  ): Observable<NumberSample> {
    checkKeys('rate$ (it needs a bin in ms)', options ?? {}, ['bin']);
    if (options?.bin === undefined) {
      throw new OptionError(
        'rate$ needs { bin }: the length of its bins in ms',
      );
    }
    const { name } = this.spiking(population);
    const bin = this.interval('Bin of a rate', options.bin);
    return this.rates.stream(JSON.stringify([name, bin]));
  }

  /** F: half the sum of squared errors of all value-error populations. */
  energy$(options: { every?: number } = {}): Observable<NumberSample> {
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

  /** Weights of a projection in canonical order, every so many ms. */
  weights$(
    projection: string,
    options: { every: number },
  ): Observable<StateSample> {
    checkKeys('weights$', options, ['every']);
    this.wiring(projection);
    const every = this.interval('Interval of a probe', options.every);
    return this.weightsSent.stream(JSON.stringify([projection, every]));
  }

  /** Present values [trials][neurons] of a state variable. */
  state(
    population: Population | string,
    variable: string,
  ): Promise<Float64Array> {
    const { name } = this.stateful(population, variable);
    return this.inTurn(async () => {
      await this.prepare();
      const { at, count, place } = this.placeOf(name, variable);
      const [values] = await this.backend.readAll([place]);
      return Float64Array.from(values.subarray(at, at + count));
    });
  }

  /** Sets a state variable: one number, or [trials][neurons]. */
  setState(
    population: Population | string,
    variable: string,
    values: number | ArrayLike<number>,
  ): Promise<void> {
    const { name, size } = this.stateful(population, variable);
    const many = size * this.trials;
    const list =
      typeof values === 'number' ? new Float64Array(many).fill(values) : values;
    if (list?.length !== many) {
      throw new OptionError(
        `${variable} of "${name}" has ${many} values: give as many, not ` +
          `${list?.length ?? show(list)}`,
      );
    }
    checkFinite(`${variable} of ${name}`, list, this.backend.dtype);
    return this.inTurn(async () => {
      await this.prepare();
      const { at, place } = this.placeOf(name, variable);
      const [all] = await this.backend.readAll([place]);
      all.set(list, at);
      this.backend.write(place, all);
    });
  }

  /** Present weights of a projection, in canonical order (trial after trial). */
  weights(projection: string): Promise<Float64Array> {
    this.wiring(projection);
    return this.inTurn(async () => {
      await this.prepare();
      return this.readWeights(projection);
    });
  }

  /**
   * Sets the weights of a projection, in canonical order: for values that
   * arrive from now on, and for spikes that are sent from now on.
   */
  setWeights(projection: string, weights: ArrayLike<number>): Promise<void> {
    const wiring = this.wiring(projection);
    const { length } = wiring.synapses.pre;
    const own = wiring.projection.plasticity ? length * this.trials : length;
    if (weights?.length !== length && weights?.length !== own) {
      throw new OptionError(
        `"${projection}" has ${length} synapses: give as many weights, not ` +
          `${weights?.length ?? show(weights)}`,
      );
    }
    checkFinite(`weights of ${projection}`, weights, this.backend.dtype);
    return this.change(() => {
      const weight = Float64Array.from(weights);
      // What is on its way over former delays is weighted when it arrives.
      for (const each of this.wirings) {
        if (each.projection.name !== projection) continue;
        const synapses = { ...each.synapses, weight };
        this.replace(each, { ...each, synapses });
      }
    });
  }

  /**
   * Gives a projection other delays. What is in flight arrives when it would have;
   * what is sent from now on takes the new delays.
   */
  setDelay(
    projection: string,
    delay: Delays,
    options: { round?: boolean } = {},
  ): Promise<void> {
    checkKeys('setDelay', options, ['round']);
    const { synapses, projection: of } = this.wiring(projection);
    if (of.plasticity) {
      throw new OptionError(
        `"${projection}" learns: its delays cannot change, what is on its way ` +
          'would teach it at another time',
      );
    }
    const { pre, post } = synapses;
    const draw = (stream: string) =>
      new Random(this.seed, `${projection}/${stream}@${this.next}`);
    const { dt } = this.network;
    const { round = false } = options;
    const ticks = delaysOf(projection, delay, round, dt, pre, post, draw);
    return this.change(() => {
      const now = this.wiring(projection);
      const next = { ...now, synapses: { ...now.synapses, delay: ticks } };
      const before = this.wirings;
      const trial = before.map((wiring) => (wiring === now ? next : wiring));
      // A loop without delay, or a live source without: before anything changes.
      this.assemble(trial);
      if (of.output === 'spikes' || this.next === 0) {
        this.replace(now, next);
        return;
      }
      const since = this.next;
      this.replace(now, { ...next, since });
      // Changed twice in one tick: nothing was sent over what was between.
      if (now.since !== since) this.wirings.push({ ...now, until: since });
    });
  }

  /** All that the run's future depends on, as data that can be kept. */
  snapshot(): Promise<Snapshot> {
    return this.inTurn(async () => {
      await this.prepare();
      return snapshotOf(await this.capture(), this.network, this.origin);
    });
  }

  /** Goes back (or on) to a snapshot of this network with as many trials. */
  restore(snapshot: Snapshot): Promise<void> {
    return this.inTurn(async () => {
      if (this.feeder.live) {
        throw new OptionError(
          'A network with live sources cannot go back: what their streams would ' +
            'have emitted is not known',
        );
      }
      const from = captured(snapshot, this.network, this.origin);
      const before = this.wirings;
      this.wirings = [...from.wirings];
      try {
        await this.install(from);
      } catch (error) {
        this.wirings = before;
        throw error;
      }
      this.next = from.tick;
      this.counts.clear();
      this.weightsAt.clear();
    });
  }

  /** Ends all streams and frees the memory; the backend too if opened for it. */
  destroy(): void {
    this.destroyed = true;
    this.release();
    this.feeder.close();
    for (const streams of [
      this.spikes,
      this.states,
      this.rates,
      this.weightsSent,
    ]) {
      streams.complete();
    }
    this.reports$.complete();
    this.progress$.complete();
    if (this.ownsBackend) this.backend.close();
  }

  /** Lets the backend close with the run. */
  ownBackend(): this {
    this.ownsBackend = true;
    return this;
  }

  private stateful(population: Population | string, variable: string) {
    const found = this.network.find(population);
    const known = Object.keys(found.model.state);
    if (known.includes(variable)) return found;
    throw new OptionError(
      `"${found.name}" has no state ${show(variable)}: there are ` +
        (known.join(', ') || 'none'),
      { population: found.name, variable },
    );
  }

  /** Where a state variable lies. */
  private placeOf(name: string, variable: string) {
    const { assembly, memory } = this.held;
    const { state, neurons } = assembly.specs.get(name)!;
    const count = neurons * this.trials;
    const place = memory.get(`${name}/state`) as Memory;
    return { at: state.indexOf(variable) * count, count, place };
  }

  private get origin() {
    const { trials, seed, firstTrial, backend } = this;
    const { dtype, name } = backend;
    return { trials, seed, firstTrial, dtype, backend: name };
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

  /** The present wiring of a projection. */
  private wiring(name: string): Wiring {
    this.network.projection(name);
    return this.wirings.find(
      ({ projection, until }) => projection.name === name && until === null,
    ) as Wiring;
  }

  private replace(old: Wiring, by: Wiring): void {
    this.wirings = this.wirings.map((wiring) => (wiring === old ? by : wiring));
  }

  private change(work: () => void): Promise<void> {
    return this.inTurn(async () => {
      if (this.ready && !this.rewired) {
        this.wirings = [...(await this.capture()).wirings];
      }
      work();
      this.rewired = true;
      this.stale = true;
    });
  }

  /** Memory and programs. Throws once they are gone. */
  private get held(): Ready {
    if (this.ready) return this.ready;
    throw new OptionError('The run is destroyed: open another');
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.lastTurn.then(() => {
      if (this.destroyed) {
        throw new OptionError('The run is destroyed: open another');
      }
      return work();
    });
    this.lastTurn = result.catch(() => undefined);
    return result;
  }

  private assemble(
    wirings: readonly Wiring[] = this.wirings,
    keep?: ReadonlyMap<string, number>,
  ): Assembly {
    return assemble(this.network, {
      seed: this.seed,
      trials: this.trials,
      firstTrial: this.firstTrial,
      onDevice: this.backend.name === 'webgpu',
      window: this.askedWindow,
      wirings,
      drawn: this.drawn,
      watched: this.states.watched.map((key): Watched => {
        const [population, name, every] = JSON.parse(key);
        return { population, name, every };
      }),
      keep,
    });
  }

  /** Memory and programs as what is watched and wired now asks for. */
  private async prepare(): Promise<Ready> {
    const begun = performance.now();
    if (!this.ready) {
      await this.install(null);
    } else if (this.stale) {
      const snapshot = await this.capture();
      // Weights may have been learned since.
      if (!this.rewired) this.wirings = [...snapshot.wirings];
      await this.install(snapshot);
    }
    const ready = this.held;
    await this.windowOf(ready.assembly.schedule.window);
    this.buildSeconds += (performance.now() - begun) / 1000;
    return ready;
  }

  private async install(snapshot: Captured | null): Promise<void> {
    // What was sent over former delays has arrived at last.
    this.wirings = this.wirings.filter(({ until, synapses }) => {
      if (until === null) return true;
      const most = synapses.delay.reduce((a, b) => Math.max(a, b), 0);
      return (snapshot?.tick ?? this.next) < until + most;
    });
    const assembly = this.assemble(this.wirings, snapshot?.geometry.lengths);
    const names = [...assembly.memory.keys()];
    const made = this.backend.allocateApart([...assembly.memory.values()]);
    const memory = new Map(names.map((name, i) => [name, made[i]]));
    try {
      this.fill(assembly, memory, snapshot);
    } catch (error) {
      for (const each of made) this.backend.free(each);
      throw error;
    }
    // What was there before goes when nothing can fail any more.
    this.release();
    this.ready = { assembly, memory, windows: new Map() };
    this.stale = false;
    this.rewired = false;
  }

  /** First contents of memory, then what goes on from a snapshot. */
  private fill(
    assembly: Assembly,
    memory: ReadonlyMap<string, Memory>,
    snapshot: Captured | null,
  ): void {
    const write = (name: string, data: ArrayLike<number>) => {
      const place = memory.get(name) as Memory;
      // An array may not be longer than its memory, and never is.
      if (data.length > 0) this.backend.write(place, data);
    };
    for (const [name, data] of assembly.contents) {
      if (!assembly.memory.get(name)?.words) {
        checkFinite(name, data, this.backend.dtype);
      }
      write(name, data);
    }
    for (const [name, values] of assembly.shared) {
      checkFinite(`constants of ${name}`, values, this.backend.dtype);
    }
    if (!snapshot) return;
    for (const [name, data] of carryOver(snapshot, assembly, this.network)) {
      write(name, data);
    }
  }

  private release(): void {
    if (!this.ready) return;
    for (const run of this.ready.windows.values()) run.free();
    for (const memory of this.ready.memory.values()) this.backend.free(memory);
    this.ready = null;
  }

  private async capture(): Promise<Captured> {
    const { assembly, memory } = this.held;
    const names = [...memory.keys()].filter((name) =>
      /\/(state|arrivals|out|weight|sent|trace|post)$/.test(name),
    );
    const values = await this.backend.readAll(
      names.map((name) => memory.get(name) as Memory),
    );
    const contents = new Map(names.map((name, i) => [name, values[i]]));
    const wirings = assembly.wired.map((wired): Wiring => {
      const { projection, synapses, since, until } = wired;
      const weight = inOrder(
        wired,
        contents.get(`${wired.id}/weight`) as Contents,
      );
      return { projection, since, until, synapses: { ...synapses, weight } };
    });
    for (const name of names)
      if (name.endsWith('/weight')) contents.delete(name);
    const geometry = geometryOf(assembly, this.trials);
    return { tick: this.next, wirings, geometry, contents };
  }

  /** The program of a window of so many ticks. */
  private async windowOf(ticks: number): Promise<Executable> {
    const { assembly, memory, windows } = this.held;
    let run = windows.get(ticks);
    if (!run) {
      run = await this.backend.compile(assembly.program(ticks), memory);
      windows.set(ticks, run);
    }
    return run;
  }

  private async advance(ticks: number): Promise<void> {
    const { assembly } = this.held;
    const { window } = assembly.schedule;
    const end = this.next + ticks;
    const start = this.next;
    const begun = performance.now();
    let told = begun;
    let pending: Promise<void> = Promise.resolve();
    await this.sampleWeights();
    while (this.next < end) {
      const chunk: Span[] = [];
      const stop = Math.min(end, this.nextWeights());
      let first = this.next;
      const most = this.feeder.live ? 1 : assembly.slots;
      while (first < stop && chunk.length < most) {
        const length = Math.min(window, stop - first);
        chunk.push({ first, ticks: length });
        first += length;
      }
      try {
        await this.compute(chunk);
      } catch (error) {
        await pending;
        throw error;
      }
      // The device works on this chunk while the one before is sent.
      await pending;
      pending = this.send(chunk);
      // Whoever waits for it hears of its failure, though not at once.
      pending.catch(() => {});
      this.next = first;
      await breath();
      const now = performance.now();
      if (now - told > PROGRESS_MS) {
        told = now;
        const done = this.next - start;
        const seconds = (now - begun) / 1000;
        const realTimeFactor = seconds / ((done * this.network.dt) / 1000);
        this.progress$.next({ done, ticks, seconds, realTimeFactor });
      }
      if (this.feeder.live || this.next === this.nextWeights(this.next)) {
        await pending;
        await this.sampleWeights();
      }
    }
    await pending;
    await this.sendLive();
    await this.checkState();
  }

  /**
   * Sends what live sources have emitted, over the delays of now: before the
   * next tick these may be others.
   */
  private async sendLive(): Promise<void> {
    if (!this.feeder.live) return;
    const { assembly, memory } = this.held;
    this.backend.write(memory.get('clock') as Memory, [this.next, 0, 0, 0]);
    for (const [name, data] of this.feeder.feedLive(this.next, assembly)) {
      this.backend.write(memory.get(name) as Memory, data);
    }
    (await this.windowOf(0)).run();
  }

  private async compute(chunk: readonly Span[]): Promise<void> {
    const { assembly, memory } = this.held;
    const [{ first }] = chunk;
    this.backend.write(memory.get('clock') as Memory, [first, 0, 0, 0]);
    const { dtype } = this.backend;
    for (const [name, data] of this.feeder.feed(chunk, assembly)) {
      if (dtype === 'f32' && !assembly.memory.get(name)?.words) {
        checkFinite(name, data, dtype);
      }
      this.backend.write(memory.get(name) as Memory, data);
    }
    for (const { ticks } of chunk) (await this.windowOf(ticks)).run();
  }

  /** Reads what is watched of a chunk and lets its ticks pass on the clock. */
  private async send(chunk: readonly Span[]): Promise<void> {
    const { assembly, memory } = this.held;
    const counted = this.rates.watched.map((key) => {
      const [name, bin] = JSON.parse(key) as [string, number];
      return { key, name, bin };
    });
    for (const key of this.counts.keys()) {
      if (!counted.some((each) => each.key === key)) this.counts.delete(key);
    }
    for (const { key } of counted) {
      if (this.counts.has(key)) continue;
      this.counts.set(key, { since: chunk[0].first, sum: 0 });
    }
    const listed = [
      ...new Set([...this.spikes.watched, ...counted.map(({ name }) => name)]),
    ].filter((name) => memory.has(`${name}/spikes`));
    const states = this.states.watched.map((key) => {
      const [name, variable, every] = JSON.parse(key) as [
        string,
        string,
        number,
      ];
      return { key, name, variable, every };
    });
    const recorded = [...new Set(states.map(({ name }) => name))];
    const names = [
      ...listed.map((name) => `${name}/spikes`),
      ...recorded.map((name) => `${name}/record`),
    ].filter((name) => memory.has(name));
    const values =
      names.length === 0
        ? []
        : await this.backend.readAll(names.map((n) => memory.get(n) as Memory));
    const contents = new Map(names.map((name, i) => [name, values[i]]));
    const { dt } = this.network;
    chunk.forEach((span, slot) => {
      const perTick = listed.map((name) => {
        const elements = this.network.find(name).size * this.trials;
        const words = contents.get(`${name}/spikes`) as Uint32Array;
        return spikesOf(words, slot, elements, span.ticks);
      });
      for (let k = 0; k < span.ticks; k++) {
        const tick = span.first + k;
        const time = shortest(tick * dt);
        listed.forEach((name, i) => {
          const found = perTick[i][k];
          for (const { key, name: own } of counted) {
            if (own !== name) continue;
            this.counts.get(key)!.sum += found.length;
          }
          if (found.length === 0) return;
          const { size } = this.network.find(name);
          this.spikes.send(name, {
            tick,
            time,
            neurons: Uint32Array.from(found, (e) => e % size),
            trials: Uint32Array.from(found, (e) => Math.floor(e / size)),
          });
        });
        for (const { key, name, bin } of counted) {
          if ((tick + 1) % bin !== 0) continue;
          const { size } = this.network.find(name);
          const seconds = (bin * dt) / 1000;
          const { since, sum } = this.counts.get(key)!;
          this.counts.set(key, { since: tick + 1, sum: 0 });
          const from = tick + 1 - bin;
          // The part of a bin that was watched is no rate.
          if (since > from) continue;
          this.rates.send(key, {
            tick: from,
            time: shortest(from * dt),
            value: sum / (size * this.trials * seconds),
          });
        }
        for (const { key, name, variable, every } of states) {
          if (tick % every !== 0) continue;
          const spec = assembly.specs.get(name);
          const place = spec?.recorded.find(
            (each) => each.name === variable && each.every === every,
          );
          const all = contents.get(`${name}/record`) as FloatArray | undefined;
          if (!place || !all) continue;
          const elements = this.network.find(name).size * this.trials;
          const at =
            place.base + (Math.floor(tick / every) % place.slots) * elements;
          const data = all.slice(at, at + elements) as FloatArray;
          this.states.send(key, { tick, time, data });
        }
        this.clock.advance();
        this.feeder.check();
      }
    });
  }

  private nextWeights(from = this.next + 1): number {
    let next = Number.POSITIVE_INFINITY;
    for (const key of this.weightsSent.watched) {
      const [, every] = JSON.parse(key) as [string, number];
      next = Math.min(next, Math.ceil(from / every) * every);
    }
    return next;
  }

  private async sampleWeights(): Promise<void> {
    for (const key of this.weightsSent.watched) {
      const [name, every] = JSON.parse(key) as [string, number];
      if (this.next % every !== 0 || this.weightsAt.get(key) === this.next) {
        continue;
      }
      this.weightsAt.set(key, this.next);
      const data = await this.readWeights(name);
      this.weightsSent.send(key, { tick: this.next, time: this.time, data });
    }
  }

  private async readWeights(name: string): Promise<Float64Array> {
    const { assembly, memory } = this.held;
    const wired = assembly.wired.find(
      ({ projection, until }) => projection.name === name && until === null,
    ) as Wired;
    const place = memory.get(`${wired.id}/weight`) as Memory;
    const [values] = await this.backend.readAll([place]);
    return inOrder(wired, values);
  }

  /** Fails where a state is no number any more. */
  private async checkState(): Promise<void> {
    const { assembly, memory } = this.held;
    const names = [...assembly.specs]
      .filter(([, spec]) => spec.state.length > 0)
      .map(([name]) => name);
    // What has no state shows by what it sends.
    const senders = [...assembly.specs]
      .filter(([, spec]) => !spec.state.length && spec.outputs.length)
      .map(([name]) => name);
    const values = await this.backend.readAll(
      [
        'clock',
        ...names.map((name) => `${name}/state`),
        ...senders.map((name) => `${name}/out`),
      ].map((name) => memory.get(name) as Memory),
    );
    senders.forEach((name, p) => {
      for (const value of values[names.length + 1 + p]) {
        if (Number.isFinite(value)) continue;
        throw new NonFiniteError(
          `What "${name}" sends is ${value} after ${this.time} ms: use weights ` +
            'and parameters that do not diverge',
          { population: name, value },
        );
      }
    });
    names.forEach((name, p) => {
      const { state, neurons } = assembly.specs.get(name)!;
      const elements = neurons * this.trials;
      values[p + 1].forEach((value: number, i: number) => {
        if (Number.isFinite(value)) return;
        const variable = state[Math.floor(i / elements)];
        throw new NonFiniteError(
          `State ${variable} of "${name}" is ${value} for neuron ${i % neurons} ` +
            `after ${this.time} ms: use a smaller dt, or weights and parameters ` +
            'that do not diverge',
          { population: name, variable, value },
        );
      });
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

/** A table's weights in the canonical order of synapses. */
function inOrder({ table, synapses }: Wired, values: Contents): Float64Array {
  const count = synapses.pre.length;
  const copies = Math.max(1, Math.floor(values.length / Math.max(1, count)));
  const weight = new Float64Array(count * copies);
  for (let c = 0; c < copies; c++) {
    table.order.forEach((s, i) => {
      weight[c * count + s] = values[c * count + i];
    });
  }
  return weight;
}

/** Lets others have the thread, and what they wait for be submitted. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
