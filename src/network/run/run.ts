/**
 * A run of a network: its memory on a backend, windows of ticks one after
 * another, and streams of what is watched. Running in pieces, watching, batching
 * and the backend's windows change no bit of what is computed.
 */

import { type Observable, Subject } from 'rxjs';
import type { Backend } from '../../backends/backend.ts';
import { DelayError, OptionError, show } from '../../base/errors.ts';
import { checkKeys, wholeNumber } from '../../base/options.ts';
import { Random } from '../../base/random.ts';
import { checkFinite } from '../../base/tensor.ts';
import { TickClock } from '../../circuit/clock.ts';
import type { Network, Population } from '../network.ts';
import {
  type Delays,
  delaysOf,
  makeSynapses,
  type Synapses,
} from '../synapses.ts';
import { MOST_TICKS, shortest, ticksOf } from '../time.ts';
import { type Assembly, assemble } from './assembly.ts';
import { Feeder } from './feeder.ts';
import { Held } from './held.ts';
import { Probes, type Span } from './probes.ts';
import {
  type Captured,
  captured,
  type Snapshot,
  snapshotOf,
} from './snapshot.ts';
import type { NumberSample, SpikeSample, StateSample } from './streams.ts';
import type { Wiring } from './wiring.ts';

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
  private ready: Held | null = null;
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
  private readonly probes: Probes;

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
    this.probes = new Probes(network, trials, () => {
      this.stale = true;
    });
    const begun = performance.now();
    this.wirings = network.projections.map((projection) => ({
      projection,
      synapses: makeSynapses(projection, network.dt, this.seed),
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
  synapses(projection: string): Synapses {
    const { pre, post, weight, delay } = this.wiring(projection).synapses;
    return {
      pre: pre.slice(),
      post: post.slice(),
      weight: weight.slice(),
      delay: delay.slice(),
    };
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
    return this.probes.spikes$(population);
  }

  /** A state variable or graded output, every so many ms (dt). */
  state$(
    population: Population | string,
    variable: string,
    options: { every?: number } = {},
  ): Observable<StateSample> {
    return this.probes.state$(population, variable, options);
  }

  /**
   * Mean rate of a population's neurons in Hz, over bins of so many ms; of
   * those that are watched from their first tick to their last.
   */
  rate$(
    population: Population | string,
    options: { bin: number },
  ): Observable<NumberSample> {
    return this.probes.rate$(population, options);
  }

  /** F: half the sum of squared errors of all value-error populations. */
  energy$(options: { every?: number } = {}): Observable<NumberSample> {
    return this.probes.energy$(options);
  }

  /** Weights of a projection in canonical order, every so many ms. */
  weights$(
    projection: string,
    options: { every: number },
  ): Observable<StateSample> {
    return this.probes.weights$(projection, options);
  }

  /** Present values [trials][neurons] of a state variable. */
  state(
    population: Population | string,
    variable: string,
  ): Promise<Float64Array> {
    const { name } = this.stateful(population, variable);
    return this.inTurn(async () => {
      const held = await this.prepare();
      return held.state(name, variable);
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
      const held = await this.prepare();
      await held.setState(name, variable, list);
    });
  }

  /** Present weights of a projection, in canonical order (trial after trial). */
  weights(projection: string): Promise<Float64Array> {
    this.wiring(projection);
    return this.inTurn(async () => {
      const held = await this.prepare();
      return held.weights(projection);
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
      const held = await this.prepare();
      const now = await held.capture(this.next);
      return snapshotOf(now, this.network, this.origin);
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
        this.install(from);
      } catch (error) {
        this.wirings = before;
        throw error;
      }
      this.next = from.tick;
      this.probes.forget();
    });
  }

  /** Ends all streams and frees the memory; the backend too if opened for it. */
  destroy(): void {
    this.destroyed = true;
    this.release();
    this.feeder.close();
    this.probes.complete();
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

  private get origin() {
    const { trials, seed, firstTrial, backend } = this;
    const { dtype, name } = backend;
    return { trials, seed, firstTrial, dtype, backend: name };
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
        this.wirings = [...(await this.ready.capture(this.next)).wirings];
      }
      work();
      this.rewired = true;
      this.stale = true;
    });
  }

  /** Memory and programs. Throws once they are gone. */
  private get held(): Held {
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
      watched: this.probes.watched,
      keep,
    });
  }

  /** Memory and programs as what is watched and wired now asks for. */
  private async prepare(): Promise<Held> {
    const begun = performance.now();
    if (!this.ready) {
      this.install(null);
    } else if (this.stale) {
      const now = await this.ready.capture(this.next);
      // Weights may have been learned since.
      if (!this.rewired) this.wirings = [...now.wirings];
      this.install(now);
    }
    const { held } = this;
    await held.windowOf(held.assembly.schedule.window);
    this.buildSeconds += (performance.now() - begun) / 1000;
    return held;
  }

  private install(from: Captured | null): void {
    // What was sent over former delays has arrived at last.
    this.wirings = this.wirings.filter(({ until, synapses }) => {
      if (until === null) return true;
      const most = synapses.delay.reduce((a, b) => Math.max(a, b), 0);
      return (from?.tick ?? this.next) < until + most;
    });
    const assembly = this.assemble(this.wirings, from?.geometry.lengths);
    const { backend, network, trials } = this;
    const held = new Held(backend, network, trials, assembly, from);
    // What was there before goes when nothing can fail any more.
    this.release();
    this.ready = held;
    this.stale = false;
    this.rewired = false;
  }

  private release(): void {
    this.ready?.free();
    this.ready = null;
  }

  private async advance(ticks: number): Promise<void> {
    const { held, feeder, probes } = this;
    const { window } = held.assembly.schedule;
    const end = this.next + ticks;
    const tell = this.teller(this.next, ticks);
    let pending: Promise<void> = Promise.resolve();
    await probes.sendWeights(this.next, held);
    while (this.next < end) {
      const chunk: Span[] = [];
      const stop = Math.min(end, probes.nextWeights(this.next + 1));
      let first = this.next;
      const most = feeder.live ? 1 : held.assembly.slots;
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
      pending = probes.send(chunk, this.held, () => {
        this.clock.advance();
        feeder.check();
      });
      // Whoever waits for it hears of its failure, though not at once.
      pending.catch(() => {});
      this.next = first;
      await breath();
      tell();
      if (feeder.live || this.next === probes.nextWeights(this.next)) {
        await pending;
        await probes.sendWeights(this.next, this.held);
      }
    }
    await pending;
    if (feeder.live) await this.sendLive();
    await this.held.checkState(this.time);
  }

  /** Tells how far a call is that began at a tick, now and then. */
  private teller(start: number, ticks: number): () => void {
    const begun = performance.now();
    let told = begun;
    return () => {
      const now = performance.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      const done = this.next - start;
      const seconds = (now - begun) / 1000;
      const realTimeFactor = seconds / ((done * this.network.dt) / 1000);
      this.progress$.next({ done, ticks, seconds, realTimeFactor });
    };
  }

  /**
   * Sends what live sources have emitted, over the delays of now: before the
   * next tick these may be others.
   */
  private async sendLive(): Promise<void> {
    const { held } = this;
    held.write('clock', [this.next, 0, 0, 0]);
    for (const [name, data] of this.feeder.feedLive(this.next, held.assembly)) {
      held.write(name, data);
    }
    (await held.windowOf(0)).run();
  }

  private async compute(chunk: readonly Span[]): Promise<void> {
    const { held } = this;
    held.write('clock', [chunk[0].first, 0, 0, 0]);
    for (const [name, data] of this.feeder.feed(chunk, held.assembly)) {
      held.write(name, data);
    }
    for (const { ticks } of chunk) (await held.windowOf(ticks)).run();
  }
}

/** Lets others have the thread, and what they wait for be submitted. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
