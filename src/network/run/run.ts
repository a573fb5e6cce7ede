import { Subject } from 'rxjs';
import type { Backend } from '../../backends/backend.ts';
import { openedBackend } from '../../backends/open.ts';
import { DelayError, OptionError, show } from '../../base/errors.ts';
import { seed } from '../../base/random.ts';
import {
  type FieldsOf,
  flag,
  maybe,
  Schema,
  type Values,
  whole,
} from '../../base/schema.ts';
import { checkFinite } from '../../base/tensor.ts';
import { yieldThread } from '../../base/turns.ts';
import { TickClock } from '../../circuit/clock.ts';
import type { Network, Population } from '../network.ts';
import type { Delays, Synapses } from '../synapses.ts';
import { MOST_TICKS, ticksOf } from '../time.ts';
import { Assembly } from './assembly.ts';
import { Feeder } from './feeder.ts';
import { Held } from './held.ts';
import { Watchable } from './probes.ts';
import { type Progress, type RunReport, teller } from './report.ts';
import { endOf, windowsOf } from './schedule.ts';
import {
  type Captured,
  captured,
  type Snapshot,
  snapshotOf,
} from './snapshot.ts';
import { settle, type Wiring, Wirings } from './wiring.ts';

/** Options of a run of a network, beside its backend. */
export interface NetworkRunOptions {
  /**
   * Seed of everything drawn: synapses, starts, noise; a whole number below
   * 2^32. Default 1.
   */
  readonly seed?: number;
  /**
   * Copies of the network, run at once on stimuli and noise of their own, a
   * whole number >= 1. Default 1.
   */
  readonly trials?: number;
  /**
   * Number of the first trial; a trial does not depend on those beside it.
   * Default 0.
   */
  readonly firstTrial?: number;
  /**
   * Ticks of a window, at least 1 and at most as many as the delays allow, which
   * it has if not given. Changes no bit.
   */
  readonly window?: number;
}

/** Options of `NetworkRun.open`. */
export interface NetworkOptions extends NetworkRunOptions {
  /** The open backend that computes it. */
  readonly backend: Backend;
}

export const networkFields = {
  backend: openedBackend,
  seed,
  trials: whole({ least: 1, default: 1 }),
  firstTrial: whole({ default: 0 }),
  // How many there may be is known once the network is wired.
  window: maybe('a number of ticks', (value) => typeof value === 'number'),
} satisfies FieldsOf<NetworkOptions>;

const networkOptions = new Schema('openNetwork', networkFields);
const runOptions = new Schema('runTicks', { ticks: whole() });
const delayOptions = new Schema('setDelay', {
  round: flag(),
});

/**
 * A run of a network: its memory on a backend, windows of ticks one after
 * another, and streams of what is watched. Running in pieces, watching,
 * batching and the backend's windows change no bit of what is computed.
 * `openNetwork` makes one; `destroy` frees it.
 */
export class NetworkRun extends Watchable {
  /** Seed of everything drawn. */
  readonly seed: number;
  /** Ticks pass on it as their samples are sent. */
  readonly clock = new TickClock();
  /** What each call of `run` did. */
  readonly reports$ = this.ending(new Subject<RunReport>());
  /** How far a call of `run` is, a few times a second at most. */
  readonly progress$ = this.ending(new Subject<Progress>());
  private readonly firstTrial: number;
  private readonly askedWindow: number | undefined;
  private readonly wirings: Wirings;
  /** Parameters and starts, drawn or computed once. */
  private readonly drawn = new Map<string, number | Float64Array>();
  private readonly feeder: Feeder;
  /** Next tick to be computed. */
  private next = 0;
  private buildSeconds = 0;

  private constructor(network: Network, options: Values<typeof networkFields>) {
    const { backend, seed, trials, firstTrial, window } = options;
    super(network, backend, trials);
    this.seed = seed;
    this.firstTrial = firstTrial;
    if (firstTrial + trials >= 2 ** 32) {
      const remedy = `with ${trials} trials give less than 2^32 - ${trials}`;
      throw networkOptions.error('firstTrial', firstTrial, remedy);
    }
    this.askedWindow = window;
    const begun = performance.now();
    this.wirings = new Wirings(network, this.seed);
    const { clock } = this;
    this.feeder = new Feeder(network, { trials, firstTrial, clock });
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
    const own = networkOptions.read(options);
    if (network.populations.length === 0) {
      throw new OptionError('The network is empty: give it populations', {
        populations: 0,
      });
    }
    return new NetworkRun(network, own);
  }

  /** Model time of the next tick in ms. */
  get time(): number {
    return this.timeOf(this.next);
  }

  /** The next tick to be computed. */
  get tick(): number {
    return this.next;
  }

  /** Ticks of a window, and what bounds them. */
  get window(): { ticks: number; because: string } {
    const { window, because } = this.assembled.schedule;
    return { ticks: window, because };
  }

  /** Synapses of a projection in canonical order: source, then target. */
  synapses(projection: string): Synapses {
    const { pre, post, weight, delay } = this.wirings.of(projection).synapses;
    return {
      pre: pre.slice(),
      post: post.slice(),
      weight: weight.slice(),
      delay: delay.slice(),
    };
  }

  /** Bytes of memory on the backend. */
  get bytes(): number {
    const width = this.backend.dtype === 'f64' ? 8 : 4;
    return [...this.assembled.memory.values()].reduce(
      (sum, { size, words }) => sum + size * (words ? 4 : width),
      0,
    );
  }

  /**
   * Runs for a time in ms, a multiple of dt. Throws DelayError, NonFiniteError.
   */
  run(ms: number): Promise<RunReport> {
    const ticks = ticksOf('Time of a run', ms, this.network.dt);
    return this.runTicks(ticks);
  }

  /** Runs so many ticks. */
  runTicks(ticks: number): Promise<RunReport> {
    runOptions.read({ ticks });
    return this.inTurn(async () => {
      if (this.next + ticks > MOST_TICKS) {
        throw new DelayError(
          `Tick ${this.next + ticks} cannot be counted: a run has at most ${MOST_TICKS}`,
          { value: this.next + ticks, allowed: MOST_TICKS },
        );
      }
      await this.prepare();
      const begun = performance.now();
      await this.advance(ticks);
      const seconds = (performance.now() - begun) / 1000;
      const time = this.timeOf(ticks);
      const { buildSeconds } = this;
      this.buildSeconds = 0;
      const realTimeFactor = time > 0 ? seconds / (time / 1000) : 0;
      const report = { ticks, time, seconds, realTimeFactor, buildSeconds };
      this.reports$.next(report);
      return report;
    });
  }

  /** Present values [trials][neurons] of a state variable. */
  state(
    population: Population | string,
    variable: string,
  ): Promise<Float64Array> {
    const { name } = this.stateful(population, variable);
    return this.onHeld((held) => held.state(name, variable));
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
        { population: name, variable, value: list?.length, allowed: many },
      );
    }
    checkFinite(`${variable} of ${name}`, list, this.backend.dtype);
    return this.onHeld((held) => held.setState(name, variable, list));
  }

  /** Present weights of a projection, in canonical order (trial after trial). */
  weights(projection: string): Promise<Float64Array> {
    this.wirings.of(projection);
    return this.onHeld((held) => held.weights(projection));
  }

  /**
   * Sets the weights of a projection, in canonical order: for values that
   * arrive from now on, and for spikes that are sent from now on.
   */
  setWeights(projection: string, weights: ArrayLike<number>): Promise<void> {
    this.wirings.checkWeights(projection, weights, this.trials);
    checkFinite(`weights of ${projection}`, weights, this.backend.dtype);
    return this.change(() =>
      this.wirings.setWeights(projection, Float64Array.from(weights)),
    );
  }

  /**
   * Gives a projection other delays. What is in flight arrives when it would have;
   * what is sent from now on takes the new delays.
   */
  setDelay(
    projection: string,
    delay: Delays,
    options: {
      /** Delays that are no multiples of dt: the nearest tick. Default false. */
      round?: boolean;
    } = {},
  ): Promise<void> {
    const { round } = delayOptions.read(options);
    const ticks = this.wirings.delays(projection, delay, round, this.next);
    return this.change(() => {
      const all = this.wirings.withDelays(projection, ticks, this.next);
      // A loop without delay, or a live source without: before anything changes.
      this.assemble(all);
      this.wirings.all = all;
    });
  }

  /** All that the run's future depends on, as data that can be kept. */
  snapshot(): Promise<Snapshot> {
    return this.onHeld(async (held) => {
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
          { tick: this.next },
        );
      }
      const from = captured(snapshot, this.network, this.origin);
      this.install(this.hold(from.wirings, from));
      this.stale = false;
      this.next = from.tick;
      this.forget();
    });
  }

  /** Ends what the live sources listen to. */
  protected override release(): void {
    this.feeder.close();
  }

  /** Work on memory as it is when all that was asked for before is done. */
  private onHeld<T>(work: (held: Held) => Promise<T>): Promise<T> {
    return this.inTurn(async () => work(await this.prepare()));
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

  private change(work: () => void): Promise<void> {
    return this.inTurn(async () => {
      if (this.ready && !this.wirings.changed) {
        this.wirings.all = (await this.ready.capture(this.next)).wirings;
      }
      work();
      this.wirings.changed = true;
      this.stale = true;
    });
  }

  /** Memory and programs. Throws once they are gone. */
  private get held(): Held {
    this.checkExists();
    return this.ready as Held;
  }

  private get assembled(): Assembly {
    return this.ready?.assembly ?? this.assemble();
  }

  private assemble(
    wirings: readonly Wiring[] = this.wirings.all,
    keep?: ReadonlyMap<string, number>,
  ): Assembly {
    return new Assembly(this.network, {
      seed: this.seed,
      trials: this.trials,
      firstTrial: this.firstTrial,
      onDevice: this.backend.name === 'webgpu',
      window: this.askedWindow,
      wirings,
      drawn: this.drawn,
      watched: this.watchedStates,
      keep,
    });
  }

  /** Memory and programs as what is watched and wired now asks for. */
  private async prepare(): Promise<Held> {
    const begun = performance.now();
    const held = await this.built();
    await held.windowOf(held.assembly.schedule.window);
    this.buildSeconds += (performance.now() - begun) / 1000;
    return held;
  }

  /** Memory and programs that go on from what there was. */
  protected override async build(before: Held | null): Promise<Held> {
    const { wirings } = this;
    if (!before) return this.hold(wirings.all, null);
    const now = await before.capture(this.next);
    this.checkExists();
    // Weights may have been learned since.
    return this.hold(wirings.changed ? wirings.all : now.wirings, now);
  }

  /** Memory for these wirings; where that fails, all stays as it is. */
  private hold(wirings: readonly Wiring[], from: Captured | null): Held {
    const settled = settle(wirings, from?.tick ?? this.next);
    const assembly = this.assemble(settled, from?.geometry.lengths);
    const { backend, network, trials } = this;
    const compile = this.compile.bind(this);
    const held = new Held(
      { backend, compile, network, trials, assembly },
      from,
    );
    this.wirings.all = settled;
    this.wirings.changed = false;
    return held;
  }

  private async advance(ticks: number): Promise<void> {
    const { held, feeder } = this;
    const { window } = held.assembly.schedule;
    const end = this.next + ticks;
    const { progress$, network } = this;
    const tell = teller(progress$, this.next, ticks, network.dt);
    let pending: Promise<void> = Promise.resolve();
    await this.sendWeights(this.next, held);
    while (this.next < end) {
      const stop = Math.min(end, this.nextWeights(this.next + 1));
      const most = feeder.live ? 1 : held.assembly.slots;
      const chunk = windowsOf(this.next, stop, window, most);
      try {
        const fed = feeder.feed(chunk, this.held.assembly);
        const lengths = chunk.map(({ ticks }) => ticks);
        await this.held.run(chunk[0].first, fed, lengths);
      } catch (error) {
        await pending;
        throw error;
      }
      // The device works on this chunk while the one before is sent.
      await pending;
      pending = this.send(chunk, this.held, () => {
        this.clock.advance();
        feeder.check();
      });
      // Whoever waits for it hears of its failure, though not at once.
      pending.catch(() => {});
      this.next = endOf(chunk);
      await yieldThread();
      tell(this.next);
      if (feeder.live || this.next === this.nextWeights(this.next)) {
        await pending;
        await this.sendWeights(this.next, this.held);
      }
    }
    await pending;
    if (feeder.live) {
      // Over the delays of now: before the next tick these may be others.
      const sent = feeder.feedLive(this.next, this.held.assembly);
      await this.held.run(this.next, sent, [0]);
    }
    await this.held.checkState(this.time);
  }
}
