/** What the tests of networks share: runs recorded in full, bits compared. */

import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { NonFiniteError } from '../../src/base/errors.ts';
import type { Network } from '../../src/network/network.ts';
import { type NetworkOptions, NetworkRun } from '../../src/network/run/run.ts';
import type { Trace } from './interpreter.ts';

export const f64 = new CpuBackend('f64');
export const f32 = new CpuBackend('f32');

/** All that is watched of a run, trial by trial and tick by tick. */
export class Recording {
  private readonly values = new Map<string, Map<number, ArrayLike<number>>>();
  private readonly spikes = new Map<
    string,
    Map<number, { neurons: Uint32Array; trials: Uint32Array }>
  >();
  private readonly run: NetworkRun;

  constructor(run: NetworkRun) {
    this.run = run;
    for (const population of run.network.populations) {
      const { name, model, source, spiking, outputs } = population;
      if (spiking && source?.kind !== 'live') {
        const seen = new Map();
        this.spikes.set(name, seen);
        run.spikes$(name).subscribe((sample) => {
          if (seen.has(sample.tick)) throw new Error(`${name}: twice`);
          seen.set(sample.tick, sample);
        });
      }
      if (source) continue;
      for (const each of new Set([...Object.keys(model.state), ...outputs])) {
        const seen = new Map<number, ArrayLike<number>>();
        this.values.set(`${name}.${each}`, seen);
        run.state$(name, each).subscribe(({ tick, data }) => {
          if (seen.has(tick)) throw new Error(`${name}.${each}: twice`);
          seen.set(tick, data);
        });
      }
    }
  }

  /** Forgets all, as a run that goes back sends its ticks again. */
  forget(): void {
    for (const seen of [...this.values.values(), ...this.spikes.values()]) {
      seen.clear();
    }
  }

  /** The ticks from `first` on, of one trial of the batch. */
  trace(trial = 0, first = 0, end = this.run.tick): Trace {
    const ticks = Array.from({ length: end - first }, (_, k) => first + k);
    const { trials } = this.run;
    const values = new Map(
      [...this.values].map(([key, seen]) => [
        key,
        ticks.map((tick) => {
          const row = Array.from(seen.get(tick) ?? []);
          const size = row.length / trials;
          return row.slice(trial * size, (trial + 1) * size);
        }),
      ]),
    );
    const spikes = new Map(
      [...this.spikes].map(([name, seen]) => [
        name,
        ticks.map((tick) => {
          const sample = seen.get(tick);
          return sample
            ? [...sample.neurons].filter((_, i) => sample.trials[i] === trial)
            : [];
        }),
      ]),
    );
    return { values, spikes };
  }
}

/** Opens a run and records it; `go` runs it, for so many ticks if not given. */
export async function recorded(
  network: Network,
  options: Partial<NetworkOptions> & { backend: Backend },
  go: number | ((run: NetworkRun) => Promise<unknown>),
): Promise<{ run: NetworkRun; recording: Recording }> {
  const run = NetworkRun.open(network, options);
  const recording = new Recording(run);
  try {
    await (typeof go === 'number' ? run.runTicks(go) : go(run));
  } catch (error) {
    // What overflows must do so in the same bits; who cares compares them.
    if (!(error instanceof NonFiniteError)) throw error;
  }
  return { run, recording };
}

/** Traces of all trials of a run of so many ticks. */
export async function traces(
  network: Network,
  options: Partial<NetworkOptions> & { backend: Backend },
  ticks: number,
): Promise<Trace[]> {
  const { run, recording } = await recorded(network, options, ticks);
  const all = Array.from({ length: run.trials }, (_, t) => recording.trace(t));
  run.destroy();
  return all;
}

/**
 * Throws where two traces differ in a bit, at the first tick. Of `wanted`,
 * values of sources are left out, as nobody can watch them.
 */
export function expectSame(got: Trace, wanted: Trace): void {
  let first: { tick: number; text: string } | null = null;
  const differ = (tick: number, text: string) => {
    if (!first || tick < first.tick) first = { tick, text };
  };
  for (const [key, rows] of got.values) {
    const expected = wanted.values.get(key);
    if (expected?.length !== rows.length) {
      throw new Error(`${key}: ${rows.length} ticks, not ${expected?.length}`);
    }
    rows.forEach((row, tick) => {
      const same =
        row.length === expected[tick].length &&
        row.every((value, i) => Object.is(value, expected[tick][i]));
      if (!same) differ(tick, `${key} is [${row}], not [${expected[tick]}]`);
    });
  }
  for (const [key, rows] of got.spikes) {
    const expected = wanted.spikes.get(key);
    if (expected?.length !== rows.length) {
      throw new Error(`${key}: ${rows.length} ticks, not ${expected?.length}`);
    }
    rows.forEach((row, tick) => {
      const same = String(row) === String(expected[tick]);
      if (!same) differ(tick, `${key} sends [${row}], not [${expected[tick]}]`);
    });
  }
  if (first) {
    const { tick, text } = first as { tick: number; text: string };
    throw new Error(`At tick ${tick}: ${text}`);
  }
}

/** Whether all values are finite: what grows without bound proves little. */
export const staysFinite = ({ values }: Trace) =>
  [...values.values()].every((rows) =>
    rows.every((row) => row.every(Number.isFinite)),
  );

/** How often anything spikes, and values change: a net at rest proves nothing. */
export function liveliness({ values, spikes }: Trace): number {
  let count = 0;
  for (const rows of spikes.values())
    for (const row of rows) count += row.length;
  for (const rows of values.values()) {
    rows.forEach((row, t) => {
      row.forEach((value, i) => {
        if (t > 0 && value !== rows[t - 1][i]) count += 1;
      });
    });
  }
  return count;
}
