/** Recordings of a run as CSV and JSON, for other programs. */

import { csvRecord } from './csv.ts';

/** Spikes, an entry each. */
export interface SpikeColumns {
  /** ms */
  readonly times: ArrayLike<number>;
  readonly neurons: ArrayLike<number>;
  readonly trials: ArrayLike<number>;
}

/** Values: [times][elements], row after row. */
export interface ValueColumns {
  /** ms */
  readonly times: ArrayLike<number>;
  readonly data: ArrayLike<number>;
  readonly shape: readonly [samples: number, elements: number];
}

const END = '\r\n';

/** RFC 4180: a line for each spike. */
export function spikesCsv({ times, neurons, trials }: SpikeColumns): string {
  const lines = [csvRecord(['time_ms', 'neuron', 'trial'])];
  for (let i = 0; i < times.length; i++) {
    lines.push(csvRecord([times[i], neurons[i], trials[i]]));
  }
  return lines.join(END) + END;
}

/** RFC 4180: a line for each time, a column for each element. */
export function valuesCsv({ times, data, shape }: ValueColumns): string {
  const [samples, elements] = shape;
  const names = Array.from({ length: elements }, (_, e) => `element_${e}`);
  const lines = [csvRecord(['time_ms', ...names])];
  for (let i = 0; i < samples; i++) {
    const row = Array.from(
      { length: elements },
      (_, e) => data[i * elements + e],
    );
    lines.push(csvRecord([times[i], ...row]));
  }
  return lines.join(END) + END;
}

/** JSON of a recording: its columns as lists. */
export function recordingJson(recording: SpikeColumns | ValueColumns): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(recording).map(([name, list]) => [
        name,
        Array.from(list as ArrayLike<number>),
      ]),
    ),
  );
}
