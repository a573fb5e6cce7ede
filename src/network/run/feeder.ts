/** What sources give, as the memory of the next chunk of windows wants it. */

import type { TickClock } from '../../circuit/clock.ts';
import type { Network, Population } from '../network.ts';
import {
  eventsSource,
  type GradedSource,
  LiveSource,
  type SpikeSource,
  samplesSource,
} from '../stimuli.ts';
import type { Assembly } from './assembly.ts';
import { MOST_WINDOW } from './delivery.ts';
import { endOf, type Span } from './schedule.ts';

export class Feeder {
  private readonly trials: number;
  private readonly graded = new Map<Population, GradedSource>();
  private readonly spiking = new Map<Population, SpikeSource>();
  private readonly streams = new Map<Population, LiveSource>();
  /** The last rows of live graded sources, the latest last. */
  private readonly recent = new Map<Population, Float64Array>();
  private filled = 0;

  constructor(
    network: Network,
    options: { trials: number; firstTrial: number; clock: TickClock },
  ) {
    const { trials, firstTrial, clock } = options;
    this.trials = trials;
    const context = { dt: network.dt, trials, firstTrial };
    for (const population of network.populations) {
      const { source } = population;
      if (source?.kind === 'samples') {
        const made = samplesSource(population, source.options, context);
        this.graded.set(population, made);
      } else if (source?.kind === 'events') {
        const made = eventsSource(population, source.options, context);
        this.spiking.set(population, made);
      } else if (source?.kind === 'live') {
        const live = new LiveSource(population, source.options, context, clock);
        this.streams.set(population, live);
      }
    }
  }

  /** Whether a source listens to the clock: then windows go one by one. */
  get live(): boolean {
    return this.streams.size > 0;
  }

  /** Throws what a live stream failed with. */
  check(): void {
    for (const stream of this.streams.values()) stream.check();
  }

  /** Contents of memory, by name, for a chunk of windows. */
  feed(
    chunk: readonly Span[],
    assembly: Assembly,
  ): Map<string, ArrayLike<number>> {
    const fed = new Map<string, ArrayLike<number>>();
    const { first } = chunk[0]!;
    const end = endOf(chunk);
    for (const [population, source] of this.graded) {
      const elements = population.size * this.trials;
      const rows = new Float64Array((end - first) * elements);
      for (let tick = first; tick < end; tick++) {
        source.fill(tick, rows, (tick - first) * elements);
      }
      fed.set(`${population.name}/samples`, rows);
    }
    for (const [population, source] of this.spiking) {
      const elements = population.size * this.trials;
      const words = new Uint32Array(assembly.slots * elements);
      let slot = 0;
      source.spikes(first, end, (tick, element) => {
        while (tick >= chunk[slot]!.first + chunk[slot]!.ticks) slot++;
        words[slot * elements + element]! |= 1 << (tick - chunk[slot]!.first);
      });
      fed.set(`${population.name}/spikes`, words);
    }
    return new Map([...fed, ...this.feedLive(first, assembly)]);
  }

  /** Contents of memory, by name: what was emitted before a tick. */
  feedLive(first: number, assembly: Assembly): Map<string, ArrayLike<number>> {
    const fed = new Map<string, ArrayLike<number>>();
    const { window } = assembly.schedule;
    for (const [population, source] of this.streams) {
      const elements = population.size * this.trials;
      if (population.spiking) {
        const words = new Uint32Array(elements);
        source.spikes(first - window, first, (tick, element) => {
          words[element]! |= 1 << (tick - (first - window));
        });
        fed.set(`${population.name}/spikes`, words);
      } else {
        fed.set(
          `${population.name}/samples`,
          this.recall(population, source, first, window),
        );
      }
      source.forget(first);
    }
    this.filled = first;
    return fed;
  }

  /** Rows of the ticks before `first`, each made once. */
  private recall(
    population: Population,
    source: LiveSource,
    first: number,
    window: number,
  ): Float64Array {
    const elements = population.size * this.trials;
    // Windows may become longer, and then want rows that were sent before.
    const rows =
      this.recent.get(population) ?? new Float64Array(MOST_WINDOW * elements);
    this.recent.set(population, rows);
    for (let tick = this.filled; tick < first; tick++) {
      rows.copyWithin(0, elements);
      source.fill(tick, rows, (MOST_WINDOW - 1) * elements);
    }
    return rows.subarray((MOST_WINDOW - window) * elements);
  }

  close(): void {
    for (const stream of this.streams.values()) stream.close();
  }
}
