/**
 * In which order populations are computed within a window, and how long a
 * window may be. Nothing can reach a population within its least delay, so that many
 * ticks are computed at once.
 */

import { DelayError, OptionError } from '../../base/errors.ts';
import type { Network, Population, Projection } from '../network.ts';
import { MOST_WINDOW } from './delivery.ts';

export interface Schedule {
  /** Populations, each after those that reach it without delay. */
  readonly order: readonly Population[];
  /** Ticks of a window. */
  readonly window: number;
  /** What bounds the window, for people. */
  readonly because: string;
}

/** A window of ticks that has been or will be run. */
export interface Span {
  readonly first: number;
  readonly ticks: number;
}

/** The next windows, of at most so many ticks, up to a tick; `most` at once. */
export function windowsOf(
  first: number,
  stop: number,
  window: number,
  most: number,
): Span[] {
  const spans: Span[] = [];
  for (let at = first; at < stop && spans.length < most; at += window) {
    spans.push({ first: at, ticks: Math.min(window, stop - at) });
  }
  return spans;
}

/** The tick after those of windows. */
export function endOf(windows: readonly Span[]): number {
  const { first, ticks } = windows[windows.length - 1]!;
  return first + ticks;
}

/** Least and greatest delay of a projection, in ticks; null: no synapse. */
export interface DelayRange {
  readonly least: number;
  readonly most: number;
}

/**
 * @throws DelayError for a loop without delay, OptionError for a window that is
 * longer than the delays allow
 */
export function schedule(
  network: Network,
  ranges: ReadonlyMap<string, DelayRange>,
  asked?: number,
): Schedule {
  const order = ordered(network, ranges);
  const rank = new Map(order.map((population, i) => [population, i]));
  let window = MOST_WINDOW;
  let because = `a window has at most ${MOST_WINDOW} ticks`;
  const bound = (ticks: number, text: string) => {
    if (ticks >= window) return;
    window = ticks;
    because = text;
  };
  for (const projection of network.projections) {
    const { name, from, to, plasticity } = projection;
    if (plasticity) bound(1, `"${name}" learns at every tick`);
    const range = ranges.get(name);
    if (!range) continue;
    const ahead = (rank.get(from) as number) < (rank.get(to) as number);
    const live = from.source?.kind === 'live';
    if (live && range.least === 0) {
      throw new DelayError(
        `Projection "${name}" from the live source "${from.name}" has no delay: ` +
          'what is emitted at a tick can arrive at the next at the earliest, ' +
          'give at least one dt',
        { projection: name, population: from.name },
      );
    }
    if (plasticity?.kind === 'stdp' && range.least === 0) {
      throw new DelayError(
        `Projection "${name}" learns by STDP and has no delay: give at least one dt`,
        { projection: name },
      );
    }
    if (ahead && !live) continue;
    bound(range.least, `the least delay of "${name}" is ${range.least} ticks`);
  }
  if (asked === undefined) return { order, window, because };
  if (!Number.isInteger(asked) || asked < 1 || asked > window) {
    throw new OptionError(
      `Window of ${asked} ticks: give a whole number from 1 to ${window} (${because})`,
      { asked, window },
    );
  }
  return { order, window: asked, because: 'asked for' };
}

/** Declared order, but sources of edges without delay come before targets. */
function ordered(
  network: Network,
  ranges: ReadonlyMap<string, DelayRange>,
): Population[] {
  const waits = new Map<Population, Projection[]>();
  for (const projection of network.projections) {
    if (ranges.get(projection.name)?.least !== 0) continue;
    const known = waits.get(projection.to) ?? [];
    waits.set(projection.to, [...known, projection]);
  }
  const done = new Set<Population>();
  const path: Population[] = [];
  const visit = (population: Population) => {
    if (done.has(population)) return;
    const at = path.indexOf(population);
    if (at >= 0) {
      const loop = [...path.slice(at), population].map(({ name }) => name);
      throw new DelayError(
        `The loop ${loop.reverse().join(' -> ')} has no delay: give one of its ` +
          'projections at least one dt',
        { loop },
      );
    }
    path.push(population);
    for (const { from } of waits.get(population) ?? []) visit(from);
    path.pop();
    done.add(population);
  };
  for (const population of network.populations) {
    if (population.source) visit(population);
  }
  for (const population of network.populations) visit(population);
  return [...done];
}
