/** A network as plain rows, for the drawing of its circuit. */

import type { Network, Projection } from '../network.ts';
import {
  type Delays,
  makeSynapses,
  type PerSynapse,
  type Synapses,
} from '../synapses.ts';
import { shortest, ticksOf } from '../time.ts';
import { delayRange } from './tables.ts';

/**
 * Rows of a network for the drawing of a circuit: who is joined, how late.
 * Levels are counted from 0 on without gaps.
 */
export function circuitRows(network: Network) {
  const levels = [
    ...new Set(
      network.populations.flatMap(({ options: { level } }) => level ?? []),
    ),
  ].sort((a, b) => a - b);
  return {
    /** Populations and sources, with the kind that draws them. */
    populations: network.populations.map((population) => {
      const { name, size, source, spiking, model, options } = population;
      const pair = Object.hasOwn(model.state, 'eps');
      const kind = source
        ? ('source' as const)
        : pair
          ? ('value-error' as const)
          : spiking
            ? ('spiking' as const)
            : ('graded' as const);
      const { level } = options;
      return {
        id: name,
        size,
        kind,
        ...(level === undefined ? {} : { level: levels.indexOf(level) }),
      };
    }),
    /** Projections, with delays and signs as texts. */
    axons: network.projections.map((projection) => {
      const { from, to, port } = projection;
      const made = synapsesOf(projection, network.dt);
      return {
        from: from.name,
        to: to.name,
        delay: delayText(projection.delay, network.dt, made),
        sign: signOf(projection.weight, made),
        ...(to.model.ports.length > 1 ? { label: port } : {}),
      };
    }),
  };
}

/** The synapses of a projection, made when they are first asked for. */
function synapsesOf(projection: Projection, dt: number): () => Synapses {
  let made: Synapses | undefined;
  return () => {
    made ??= makeSynapses(projection, dt, 0);
    return made;
  };
}

/** A delay, or the range of several, in ms; null for none. */
function delayText(
  delay: Delays,
  dt: number,
  made: () => Synapses,
): string | null {
  if (typeof delay === 'number') {
    const ms = shortest(ticksOf('Delay', delay, dt, { round: true }) * dt);
    return ms === 0 ? null : `${ms} ms`;
  }
  if (typeof delay === 'object' && 'uniform' in delay) {
    const [low, high] = delay.uniform;
    return `${low} to ${high} ms`;
  }
  if (typeof delay === 'object' && 'normal' in delay) {
    const [mean, std] = delay.normal;
    return `${mean} +- ${std} ms`;
  }
  const range = delayRange(made());
  if (!range) return null;
  const [a, b] = [shortest(range.least * dt), shortest(range.most * dt)];
  return a === b ? (a === 0 ? null : `${a} ms`) : `${a} to ${b} ms`;
}

/** Standard deviations beyond which no draw is looked for. */
const SURE = 6;

/** 1 where all weights excite, -1 where all inhibit, 0 for some of both. */
function signOf(
  weight: PerSynapse | undefined,
  made: () => Synapses,
): 1 | -1 | 0 {
  // What is drawn has other values for every seed, but one range.
  if (typeof weight === 'number') return weight < 0 ? -1 : 1;
  if (typeof weight === 'object' && 'uniform' in weight) {
    return signBetween(...weight.uniform);
  }
  if (typeof weight === 'object' && 'normal' in weight) {
    const [mean, std] = weight.normal;
    const reach = SURE * Math.abs(std);
    return signBetween(mean - reach, mean + reach);
  }
  let [low, high] = [0, 0];
  for (const one of made().weight) {
    low = Math.min(low, one);
    high = Math.max(high, one);
  }
  return signBetween(low, high);
}

/** A weight of 0 is said to excite, as it is where it is the only one. */
const signBetween = (a: number, b: number) => {
  if (Math.min(a, b) >= 0) return 1;
  return Math.max(a, b) <= 0 ? -1 : 0;
};
