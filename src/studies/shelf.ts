import type { Backend } from '../backends/backend.ts';
import { type OnBackend, takeBackend } from '../backends/open.ts';
import { OptionError } from '../base/errors.ts';
import { SEED } from '../base/random.ts';
import {
  type Fields,
  type Given,
  Schema,
  type Values,
} from '../base/schema.ts';
import type { HeadResponses } from '../data/heads.ts';
import type { Network } from '../network/network.ts';
import type { Progress, RunReport } from '../network/run/report.ts';
import { NetworkRun, type NetworkRunOptions } from '../network/run/run.ts';
import type { Picture } from './picture.ts';
import type { Context, Study } from './study.ts';
import type { Verdict } from './verdict.ts';

/** What was measured of a circuit. */
export interface Outcome {
  /** Known numbers, and what came out. */
  readonly verdicts: readonly Verdict[];
  /** The first is the one that --plot draws. */
  readonly pictures: readonly Picture[];
  /** Numbers worth telling beside: rates, counts. */
  readonly figures?: Readonly<Record<string, number | string>>;
}

/** An outcome, with the seed and what its runs cost together. */
export interface CircuitRow extends Outcome {
  readonly seed: number;
  readonly cost: Workbench['cost'];
}

/** How a circuit gets its runs; it counts what they cost. */
export interface Bench {
  readonly backend: Backend;
  readonly seed: number;
  /** float64: long chaotic runs can be held to exact counts. */
  readonly precise: boolean;
  open(network: Network, options?: NetworkRunOptions): NetworkRun;
  /** Measured head responses, or a model of a head where there are none. */
  heads(): Promise<HeadResponses>;
}

/** A circuit as it is written. */
interface Written<F extends Fields> {
  readonly name: string;
  readonly title: string;
  /** Paper, and where the number comes from. */
  readonly source: string;
  readonly parameters: F;
  /** The network whose circuit is drawn. */
  network(values: Values<F>): Network;
  measure(values: Values<F>, bench: Bench): Promise<Outcome>;
}

/**
 * A circuit of the shelf: a study of one network, made of parameters, run on a
 * backend, measured, and held to a number that is known from elsewhere.
 */
export interface Shelved<F extends Fields = Fields>
  extends Study<CircuitRow, F, Picture>,
    Pick<Written<F>, 'network' | 'measure'> {}

/** A circuit as a study of one piece, whose row is its outcome. */
export function shelve<const F extends Fields>(
  written: Written<F>,
): Shelved<F> {
  const { parameters, ...circuit } = written;
  return {
    ...circuit,
    dtype: 'f64',
    schema: new Schema(`Circuit ${circuit.name}`, parameters, 'Parameter '),
    pieces: (values, seeds) =>
      seeds.map((seed) => ({
        key: `${seed}`,
        async run(context) {
          const bench = new Workbench(context.backend, seed, context.heads);
          bench.onProgress = telling(context);
          try {
            const outcome = await circuit.measure(values, bench);
            return [{ ...outcome, seed, cost: bench.cost }];
          } finally {
            bench.close();
          }
        },
      })),
    tables: () => [],
    figures: (rows) => rows.flatMap(({ pictures }) => pictures),
    conclude: (rows) => ({
      verdicts: rows.flatMap(({ verdicts }) => verdicts),
    }),
  };
}

/** Ticks of a long run, as the progress of a piece. */
const telling =
  ({ progress }: Context) =>
  ({ done, ticks, seconds, realTimeFactor }: Progress) =>
    progress(
      {
        ...{ done, all: ticks, what: 'ticks' },
        since: performance.now() - 1000 * seconds,
      },
      `real-time factor ${realTimeFactor.toPrecision(2)}`,
    );

/** The parameters of a circuit with some given. Throws OptionError. */
export const parametersOf = <F extends Fields>(
  { schema }: Shelved<F>,
  given: Given<F>,
): Values<F> => schema.read(given);
const noHeads = () =>
  Promise.reject(
    new OptionError(
      'This circuit needs head responses: give the Workbench a function that ' +
        'loads them',
      { name: 'heads' },
    ),
  );

/** Runs of circuits on a backend, with what they cost together. */
export class Workbench implements Bench {
  /** The open backend of all its runs. */
  readonly backend: Backend;
  /** Seed of what its runs draw. */
  readonly seed: number;
  /** Hears how far long runs are. */
  onProgress: (progress: Progress) => void = () => {};
  private owned = false;
  private readonly opened: NetworkRun[] = [];
  private readonly reports: RunReport[] = [];

  /** Loads head responses, which only some circuits need. */
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

  /**
   * Whether it computes in float64: chaotic runs can be held to exact counts.
   */
  get precise(): boolean {
    return this.backend.dtype === 'f64';
  }

  /** A run of a network on this backend, freed by `close`. Throws OptionError. */
  open(network: Network, options: NetworkRunOptions = {}): NetworkRun {
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
