import type { Contents } from '../../backends/backend.ts';
import { OptionError } from '../../base/errors.ts';
import type { DType } from '../../base/tensor.ts';
import type { Network } from '../network.ts';
import type { Geometry } from './carry-over.ts';
import type { Wiring } from './wiring.ts';

/**
 * All that the future of a run depends on, as plain data that can be cloned,
 * sent or kept in a file (v8.serialize), and taken up by another run of the
 * same network.
 */
export interface Snapshot {
  /** What the network is made of, to know it again. */
  readonly structure: string;
  /** Seed of the run. */
  readonly seed: number;
  /** Number of its first trial. */
  readonly firstTrial: number;
  /** Number format of its contents. */
  readonly dtype: DType;
  /** Name of the backend it was taken on. */
  readonly backend: string;
  /** The next tick to be computed. */
  readonly tick: number;
  /** Synapses of each projection, with the weights and delays of now. */
  readonly wirings: readonly (Omit<Wiring, 'projection'> & {
    readonly projection: string;
  })[];
  /** Where things lie in the contents. */
  readonly geometry: Geometry;
  /** State and what is in flight, by the names of the memories. */
  readonly contents: ReadonlyMap<string, Contents>;
}

/** State, what is in flight and the wiring of a run, as it holds them. */
export interface Captured
  extends Pick<Snapshot, 'tick' | 'geometry' | 'contents'> {
  readonly wirings: readonly Wiring[];
}

/** What of a run makes its snapshot its own. */
export interface Origin
  extends Pick<Snapshot, 'seed' | 'firstTrial' | 'dtype' | 'backend'> {
  readonly trials: number;
}

/** What must be the same for a snapshot to mean the same. */
export function structureOf(network: Network): string {
  return JSON.stringify([
    network.dt,
    network.populations.map(({ name, size, model }) => [
      name,
      size,
      { ...model, check: undefined, derived: undefined },
    ]),
    network.projections.map(({ name, from, to, port, output, plasticity }) => [
      ...[name, from.name, to.name, port, output],
      plasticity ?? null,
    ]),
  ]);
}

export function snapshotOf(
  captured: Captured,
  network: Network,
  run: Origin,
): Snapshot {
  const { seed, firstTrial, dtype, backend } = run;
  return {
    structure: structureOf(network),
    ...{ seed, firstTrial, dtype, backend },
    ...captured,
    wirings: captured.wirings.map(({ projection, ...rest }) => ({
      projection: projection.name,
      ...rest,
    })),
  };
}

/**
 * What a run takes up from a snapshot.
 *
 * @throws OptionError for what is no snapshot, or one of another network, of
 * other trials or of another seed
 */
export function captured(
  snapshot: Snapshot,
  network: Network,
  run: Origin,
): Captured {
  if (!(snapshot?.contents instanceof Map) || !snapshot.geometry) {
    throw new OptionError(
      'That is no snapshot: give what `await run.snapshot()` gave, or its clone ' +
        '(structuredClone, v8.serialize; JSON has no arrays of numbers)',
      { value: snapshot },
    );
  }
  if (snapshot.structure !== structureOf(network)) {
    throw new OptionError(
      'The snapshot is of another network: restore it in a run of its own',
      { structure: snapshot.structure },
    );
  }
  const { seed, firstTrial, geometry, dtype, backend } = snapshot;
  for (const [what, of, here] of [
    ['trials', geometry.trials, run.trials],
    ['seed', seed, run.seed],
    ['firstTrial', firstTrial, run.firstTrial],
    ['dtype', dtype, run.dtype],
  ] as const) {
    if (of === here) continue;
    throw new OptionError(
      `The snapshot is of ${what} ${of}, not ${here}: open a run with ${what}: ${of}`,
      { [what]: of },
    );
  }
  const learns = network.projections.some((p) => p.plasticity?.kind === 'stdp');
  if (learns && backend !== run.backend) {
    throw new OptionError(
      `The snapshot is of ${backend}, where STDP keeps spikes in another form: ` +
        `restore it on ${backend}`,
      { snapshot: backend, run: run.backend },
    );
  }
  return {
    ...snapshot,
    wirings: snapshot.wirings.map(({ projection, ...rest }) => ({
      projection: network.projection(projection),
      ...rest,
    })),
  };
}
