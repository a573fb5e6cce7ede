/**
 * Populations. A vertex has a value population (x), a prediction (mu) and an
 * error population (eps = mu - x); a leaf has a value only. Each obeys THEORY
 * section 2 from its own state and what has arrived: nothing here sees the
 * whole circuit.
 */

import { Subject } from 'rxjs';
import type { Vertex } from '../graph.ts';
import type { Emit, Ref } from '../ops/kernel.ts';
import { mapKernel } from '../ops/map.ts';
import type { Op, Operand } from '../ops/op.ts';
import type { Arrival, ErrorEvent, ValueEvent } from './event.ts';

/** x(t+1) = x + gamma (eps - s) (Salvatori 2022, Eq. 7). */
const integrateValue = mapKernel({
  name: 'value',
  each: ['x', 'eps', 's'],
  constants: ['gamma'],
  outputs: [['next', 'x + gamma * (eps - s)']],
});

/**
 * eps(t+1) = (1 - gamma) eps + gamma s + (mu(t+1) - mu(t)): the increment form
 * (Salvatori Eq. 48, Song 2020 Eq. 25). Taken as mu - x it would round.
 */
const integrateError = mapKernel({
  name: 'error',
  each: ['eps', 's', 'mu1', 'mu0'],
  constants: ['keep', 'gamma'],
  outputs: [['next', 'keep * eps + gamma * s + (mu1 - mu0)']],
});

/** eps(0) = mu - x, where a run starts away from x = mu. */
export const difference = mapKernel({
  name: 'difference',
  each: ['mu', 'x'],
  outputs: [['eps', 'mu - x']],
});

/** A vertex without inputs: data, or a plastic parameter. */
export class Leaf {
  readonly values$ = new Subject<ValueEvent>();
  readonly vertex: Vertex;
  x: Ref;
  /** Error events that reached it this tick. */
  inbox: Arrival[] = [];

  constructor(vertex: Vertex, x: Ref) {
    this.vertex = vertex;
    this.x = x;
  }
}

export class Population {
  readonly values$ = new Subject<ValueEvent>();
  readonly errors$ = new Subject<ErrorEvent>();
  readonly vertex: Vertex;
  private readonly op: Op;
  x!: Ref;
  mu!: Ref;
  /** Null: exactly 0 everywhere, nothing has happened here. */
  eps: Ref | null = null;
  /** Sum of the messages that arrived in the last tick, or null. */
  private s: Ref | null = null;
  /** Inputs as they have reached it. */
  readonly seen: Ref[] = [];
  /** Whether an input has moved since the prediction was made. */
  stale = false;
  inbox: Arrival[] = [];

  constructor(vertex: Vertex, op: Op) {
    this.vertex = vertex;
    this.op = op;
  }

  /** The inputs it sees, with their shapes. */
  get operands(): Operand[] {
    return this.seen.map((ref, slot) => ({
      ref,
      shape: this.vertex.inputs[slot].shape,
    }));
  }

  /** mu = g(x of inputs, as seen). Returns whether it was computed anew. */
  predict(emit: Emit): boolean {
    if (!this.stale) return false;
    this.stale = false;
    const { attrs, shape } = this.vertex;
    this.mu = this.op.forward(emit, this.operands, attrs, shape);
    return true;
  }

  /** One step of the value population. Returns whether it moved. */
  moveValue(emit: Emit, s: Ref | null, gamma: number, zero: Ref): boolean {
    this.s = s;
    if (!this.eps && !s) return false;
    const operands = [this.x, this.eps ?? zero, s ?? zero];
    [this.x] = integrateValue.emit(emit, operands, [gamma]);
    return true;
  }

  /**
   * One step of the error population, `before` being mu(t). Terms that are
   * exactly 0 are known by the absence of their event; where only messages
   * are left and gamma = 1, the error is their sum and nothing is computed.
   */
  moveError(emit: Emit, before: Ref, gamma: number, zero: Ref): void {
    const { s, mu } = this;
    const eps = gamma === 1 ? null : this.eps;
    if (!eps && !s && mu === before) {
      this.eps = null;
    } else if (!eps && mu === before && gamma === 1) {
      this.eps = s;
    } else {
      this.computeError(emit, before, gamma, zero);
    }
  }

  /** The same step with every term computed, as in a clocked run. */
  computeError(emit: Emit, before: Ref, gamma: number, zero: Ref): void {
    const operands = [this.eps ?? zero, this.s ?? zero, this.mu, before];
    const constants = [1 - gamma, gamma];
    [this.eps] = integrateError.emit(emit, operands, constants);
  }

  /** The event of its present error. */
  errorEvent(tick: number, eps: Ref): ErrorEvent {
    const mu = { ref: this.mu, shape: this.vertex.shape };
    return { from: this.vertex, tick, eps, seen: this.operands, mu };
  }
}
