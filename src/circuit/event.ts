/** What travels on axons, and the order in which arrivals are summed. */

import type { Axon } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { Operand } from '../ops/op.ts';

/** An error population's state at a tick, with what its message is made of. */
export interface ErrorEvent {
  readonly from: Vertex;
  readonly tick: number;
  /** False only in clocked runs, where populations at rest send 0 too. */
  readonly active: boolean;
  readonly eps: Ref;
  /** Inputs of the consumer as they had reached it at that tick. */
  readonly seen: readonly Operand[];
  readonly mu: Operand;
}

/** A value population's new state. */
export interface ValueEvent {
  readonly from: Vertex;
  readonly tick: number;
  /** False only in clocked runs, where values at rest are sent too. */
  readonly active: boolean;
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
