/** What travels on axons, and the order in which arrivals are summed. */

import type { Axon } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { Operand } from '../ops/op.ts';

/** An error population's state at a tick, with what its message is made of. */
export interface ErrorEvent {
  /** The vertex of the population. */
  readonly from: Vertex;
  /** The tick at which it is sent. */
  readonly tick: number;
  /** False only in clocked runs, where populations at rest send 0 too. */
  readonly active: boolean;
  /** Its error, of the size of the vertex. */
  readonly eps: Ref;
  /** Inputs of the consumer as they had reached it at that tick. */
  readonly seen: readonly Operand[];
  /** Its prediction at that tick. */
  readonly mu: Operand;
}

/** A value population's new state. */
export interface ValueEvent {
  /** The vertex of the population, or a leaf. */
  readonly from: Vertex;
  /** The tick at which it is sent. */
  readonly tick: number;
  /** False only in clocked runs, where values at rest are sent too. */
  readonly active: boolean;
  /** Its value, of the size of the vertex. */
  readonly value: Ref;
}

/** An error event at the end of its axon. */
export interface Arrival {
  readonly axon: Axon;
  /** Place of the axon in the canonical order of sums. */
  readonly order: number;
  readonly event: ErrorEvent;
}

/** Arrivals of one tick in canonical order: when they came makes no bit. */
export function canonical(arrivals: readonly Arrival[]): Arrival[] {
  return [...arrivals].sort((a, b) => a.order - b.order);
}
