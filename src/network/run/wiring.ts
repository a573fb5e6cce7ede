/** Projections as a run has them: their synapses, and where those lie. */

import type { Projection } from '../network.ts';
import type { Synapses } from '../synapses.ts';
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

/** A projection with its tables and its place in the target's arrivals. */
export interface Wired extends Wiring {
  readonly id: string;
  readonly table: Table;
  readonly ring: Ring;
  /** Ticks for which spikes are remembered, where arrivals teach. */
  readonly history: number;
}
