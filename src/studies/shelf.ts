/**
 * What a circuit of the shelf is: a network made of parameters, run on a
 * backend, measured, and held to a number that is known from elsewhere.
 */

import type { Backend } from '../backends/backend.ts';
import { type OnBackend, takeBackend } from '../backends/open.ts';
import { OptionError } from '../base/errors.ts';
import { SEED } from '../base/random.ts';
import type { HeadResponses } from '../data/heads.ts';
import type { Network } from '../network/network.ts';
import type { Progress, RunReport } from '../network/run/report.ts';
import { type NetworkOptions, NetworkRun } from '../network/run/run.ts';

export interface Parameter {
  readonly value: number;
  readonly help: string;
  readonly unit?: string;
  /** Whole numbers only. */
  readonly whole?: boolean;
  readonly least?: number;
  readonly most?: number;
}

/** A number that is known, and what came out. */
export interface Verdict {
  readonly what: string;
  readonly expected: number | string;
  readonly measured: number | string;
  readonly unit?: string;
  /** How far measured may be from expected, for people: 'exact', '1 %' ... */
  readonly tolerance: string;
  readonly holds: boolean;
}

/** Rows of a picture; src/figures draws each kind. Times in ms. */
export type Picture =
  | {
      readonly kind: 'raster';
      readonly title: string;
      readonly groups: readonly {
        readonly name: string;
        readonly size: number;
      }[];
      /** `neuron` counts within its group. */
      readonly spikes: readonly {
        readonly time: number;
        readonly neuron: number;
        readonly group?: number;
      }[];
      readonly duration: number;
    }
  | {
      readonly kind: 'traces';
      readonly title: string;
      readonly xLabel: string;
      readonly yLabel: string;
      readonly series: readonly {
        readonly name: string;
        readonly times: readonly number[];
        readonly values: readonly number[];
        /** Points in place of a line: what was measured, beside theory. */
        readonly points?: boolean;
        /** Strokes from 0 in place of a line: values of single ticks. */
        readonly stems?: boolean;
      }[];
    }
  | {
      readonly kind: 'space-time';
      readonly title: string;
      /** From level 0 up. */
      readonly rows: readonly string[];
      readonly columns: readonly number[];
      /** [row][column]; null where there is nothing. */
      readonly values: readonly (readonly (number | null)[])[];
      readonly quantity: string;
      readonly unit?: string;
      /** Ends of the colour scale, to compare pictures; default its own. */
      readonly domain?: readonly [number, number];
    };

export interface Outcome {
  readonly verdicts: readonly Verdict[];
  /** The first is the one that --plot draws. */
  readonly pictures: readonly Picture[];
  /** Numbers worth telling beside: rates, counts. */
  readonly figures?: Readonly<Record<string, number | string>>;
}

/** How a circuit gets its runs; it counts what they cost. */
export interface Bench {
  readonly backend: Backend;
  readonly seed: number;
  /** float64: long chaotic runs can be held to exact counts. */
  readonly precise: boolean;
  open(network: Network, options?: Omit<NetworkOptions, 'backend'>): NetworkRun;
  /** Measured head responses, or a model of a head where there are none. */
  heads(): Promise<HeadResponses>;
}

export interface Shelved<P extends string = string> {
  readonly name: string;
  readonly title: string;
  /** Paper, and where the number comes from. */
  readonly source: string;
  readonly parameters: Readonly<Record<P, Parameter>>;
  /** The network whose circuit is drawn. */
  network(parameters: Readonly<Record<P, number>>): Network;
  measure(
    parameters: Readonly<Record<P, number>>,
    bench: Bench,
  ): Promise<Outcome>;
}

/** A circuit with the types of its parameters kept. */
export const shelve = <P extends string>(circuit: Shelved<P>): Shelved =>
  circuit as unknown as Shelved;

/** The parameters of a circuit with some given. Throws OptionError. */
export function parametersOf(
  { name, parameters }: Shelved,
  given: Readonly<Record<string, unknown>>,
): Record<string, number> {
  const values = Object.fromEntries(
    Object.entries(parameters).map(([key, { value }]) => [key, value]),
  );
  for (const [key, value] of Object.entries(given)) {
    const known = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
    if (!known) {
      throw new OptionError(
        `Circuit ${name} has no parameter "${key}": it has ` +
          (Object.keys(parameters).join(', ') || 'none'),
        { key },
      );
    }
    const { whole, least = -Infinity, most = Infinity } = known;
    const number = typeof value === 'number' ? value : Number.NaN;
    const fits =
      Number.isFinite(number) &&
      number >= least &&
      number <= most &&
      (!whole || Number.isInteger(number));
    if (!fits) {
      throw new OptionError(
        `Parameter ${key} = ${String(value)} of ${name}: give a ` +
          `${whole ? 'whole ' : ''}number` +
          (least > -Infinity && most < Infinity
            ? ` from ${least} to ${most}`
            : least > -Infinity
              ? ` >= ${least}`
              : most < Infinity
                ? ` <= ${most}`
                : ''),
        { key, value },
      );
    }
    values[key] = number;
  }
  return values;
}

const noHeads = () =>
  Promise.reject(
    new OptionError(
      'This circuit needs head responses: give the Workbench a function that ' +
        'loads them',
    ),
  );

/** Runs of circuits on a backend, with what they cost together. */
export class Workbench implements Bench {
  readonly backend: Backend;
  readonly seed: number;
  /** Hears how far long runs are. */
  onProgress: (progress: Progress) => void = () => {};
  private owned = false;
  private readonly opened: NetworkRun[] = [];
  private readonly reports: RunReport[] = [];

  readonly heads: () => Promise<HeadResponses>;

  constructor(
    backend: Backend,
    seed: number = SEED,
    heads: () => Promise<HeadResponses> = noHeads,
  ) {
    this.backend = backend;
    this.seed = seed;
    this.heads = heads;
  }

  /** A workbench on a backend that closes with it, unless it is given open. */
  static async open({
    seed,
    heads,
    ...on
  }: OnBackend & {
    readonly seed?: number;
    readonly heads?: () => Promise<HeadResponses>;
  } = {}): Promise<Workbench> {
    const { backend, owned } = await takeBackend(on);
    const bench = new Workbench(backend, seed, heads);
    bench.owned = owned;
    return bench;
  }

  get precise(): boolean {
    return this.backend.dtype === 'f64';
  }

  open(
    network: Network,
    options: Omit<NetworkOptions, 'backend'> = {},
  ): NetworkRun {
    const run = NetworkRun.open(network, {
      seed: this.seed,
      ...options,
      backend: this.backend,
    });
    run.reports$.subscribe((report) => this.reports.push(report));
    run.progress$.subscribe((progress) => this.onProgress(progress));
    this.opened.push(run);
    return run;
  }

  /** Model time in ms, wall time in s, build time in s, of all runs so far. */
  get cost(): { time: number; seconds: number; buildSeconds: number } {
    const sum = (of: (report: RunReport) => number) =>
      this.reports.reduce((total, report) => total + of(report), 0);
    return {
      time: sum(({ time }) => time),
      seconds: sum(({ seconds }) => seconds),
      buildSeconds: sum(({ buildSeconds }) => buildSeconds),
    };
  }

  /** Frees all runs; closes the backend if it was opened for them. */
  close(): void {
    for (const run of this.opened) run.destroy();
    this.opened.length = 0;
    if (this.owned) this.backend.close();
  }
}

const short = (value: number) => Number(value.toPrecision(2));

/** A verdict, with its unit if it has one. */
const judged = (
  verdict: Omit<Verdict, 'unit'>,
  unit: string | undefined,
): Verdict => (unit ? { ...verdict, unit } : verdict);

/** A number that must be met within a relative tolerance. */
export function within(
  what: string,
  expected: number,
  measured: number,
  relative: number,
  unit?: string,
): Verdict {
  const tolerance = `${short(relative * 100)} %`;
  const holds = Math.abs(measured - expected) <= relative * Math.abs(expected);
  return judged({ what, expected, measured, tolerance, holds }, unit);
}

/** A number that must be met within an absolute tolerance. */
export function near(
  what: string,
  expected: number,
  measured: number,
  absolute: number,
  unit?: string,
): Verdict {
  const tolerance = `+- ${short(absolute)}`;
  const holds = Math.abs(measured - expected) <= absolute;
  return judged({ what, expected, measured, tolerance, holds }, unit);
}

/** Something that must be met exactly. */
export function exactly(
  what: string,
  expected: number | string,
  measured: number | string,
  unit?: string,
): Verdict {
  const holds = expected === measured;
  return judged({ what, expected, measured, tolerance: 'exact', holds }, unit);
}

/** A number that must lie in a range. */
export function between(
  what: string,
  low: number,
  high: number,
  measured: number,
  unit?: string,
): Verdict {
  const expected = `${low} to ${high}`;
  const holds = measured >= low && measured <= high;
  return judged({ what, expected, measured, tolerance: 'range', holds }, unit);
}
