/** Projections as a run has them: their synapses, and where those lie. */

import { OptionError, show } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { Network, Projection } from '../network.ts';
import {
  type Delays,
  delaysOf,
  makeSynapses,
  type Synapses,
} from '../synapses.ts';
import type { Ring } from './neurons.ts';
import type { Table } from './tables.ts';

/** Synapses that a projection has, or had for what was sent until a tick. */
export interface Wiring {
  readonly projection: Projection;
  readonly synapses: Synapses;
  /** Sent from this tick on; null: from ever. */
  readonly since: number | null;
  /** Sent before this tick; null: for ever. */
  readonly until: number | null;
}

/** A projection with its tables and its address in the target's arrivals. */
export interface Wired extends Wiring {
  readonly id: string;
  readonly table: Table;
  readonly ring: Ring;
  /** Ticks for which spikes are remembered, where arrivals teach. */
  readonly history: number;
}

/** The projections of a run, former delays too while something is on its way. */
export class Wirings {
  private readonly network: Network;
  private readonly seed: number;
  all: readonly Wiring[];
  /** Whether they are newer than what is built. */
  changed = false;

  /** Synapses are drawn anew. Throws OptionError, DelayError. */
  constructor(network: Network, seed: number) {
    this.network = network;
    this.seed = seed;
    this.all = network.projections.map((projection) => {
      const synapses = makeSynapses(projection, network.dt, seed);
      return { projection, synapses, since: null, until: null };
    });
    for (const { projection, synapses } of this.all) {
      const { plasticity, name } = projection;
      if (plasticity?.kind !== 'stdp') continue;
      const { low, high } = plasticity;
      const weight = synapses.weight.find((w) => !(w >= low && w <= high));
      if (weight === undefined) continue;
      throw new OptionError(
        `Weight ${weight} of "${name}" is outside of what its STDP allows, ${low} ` +
          `to ${high}`,
        { projection: name, weight },
      );
    }
  }

  /** The present wiring of a projection. */
  of(name: string): Wiring {
    this.network.projection(name);
    return this.all.find(
      ({ projection, until }) => projection.name === name && until === null,
    ) as Wiring;
  }

  /** Throws OptionError unless there is a weight a synapse, or a trial's each. */
  checkWeights(name: string, weights: ArrayLike<number>, trials: number): void {
    const { synapses, projection } = this.of(name);
    const { length } = synapses.pre;
    const own = projection.plasticity ? length * trials : length;
    if (weights?.length === length || weights?.length === own) return;
    throw new OptionError(
      `"${name}" has ${length} synapses: give as many weights, not ` +
        `${weights?.length ?? show(weights)}`,
      { projection: name, value: weights?.length, allowed: length },
    );
  }

  /** What is on its way over former delays is weighted when it arrives. */
  setWeights(name: string, weight: Float64Array): void {
    this.all = this.all.map((wiring) =>
      wiring.projection.name === name
        ? { ...wiring, synapses: { ...wiring.synapses, weight } }
        : wiring,
    );
  }

  /** Delays that a projection could have from a tick on, in ticks. */
  delays(name: string, delay: Delays, round: boolean, tick: number) {
    const { synapses, projection } = this.of(name);
    if (projection.plasticity) {
      throw new OptionError(
        `"${name}" learns: its delays cannot change, what is on its way ` +
          'would teach it at another time',
        { projection: name },
      );
    }
    const { pre, post } = synapses;
    const draw = (stream: string) =>
      new Random(this.seed, `${name}/${stream}@${tick}`);
    return delaysOf(name, delay, round, this.network.dt, pre, post, draw);
  }

  /** All, with other delays for what a projection sends from a tick on. */
  withDelays(name: string, delay: Synapses['delay'], tick: number): Wiring[] {
    const now = this.of(name);
    const next = { ...now, synapses: { ...now.synapses, delay } };
    // Spikes on their way lie at the ticks of their arrival already.
    const sent = now.projection.output !== 'spikes' && tick > 0;
    const by = sent ? { ...next, since: tick } : next;
    const all = this.all.map((wiring) => (wiring === now ? by : wiring));
    // Changed twice in one tick: nothing was sent over what was between.
    if (sent && now.since !== tick) all.push({ ...now, until: tick });
    return all;
  }
}

/** Wirings without those over which nothing is on its way any more at a tick. */
export function settle(wirings: readonly Wiring[], tick: number): Wiring[] {
  return wirings.filter(({ until, synapses }) => {
    if (until === null) return true;
    const most = synapses.delay.reduce((a, b) => Math.max(a, b), 0);
    return tick < until + most;
  });
}
