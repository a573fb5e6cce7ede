/**
 * Populations. A vertex has a value population (x), a prediction (mu) and an
 * error population (eps = mu - x); a leaf has a value only. Each obeys
 * Salvatori 2022, Eq. 7 and 48, from its own state and what has arrived:
 * nothing here sees the whole circuit.
 */

import { Subject } from 'rxjs';
import type { Vertex } from '../graph/vertex.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { mapKernel } from '../kernels/map.ts';
import type { Op, Operand } from '../ops/op.ts';
import type { Arrival, ErrorEvent, ValueEvent } from './event.ts';
import type { Precision } from './precision.ts';

/** x(t+1) = x + gamma (eps - s) (Salvatori 2022, Eq. 7). */
export const VALUE_STEP = 'x + gamma * (eps - s)';
const integrateValue = mapKernel({
  name: 'value',
  each: ['x', 'eps', 's'],
  constants: ['gamma'],
  outputs: [['next', VALUE_STEP]],
});

/**
 * eps(t+1) = (1 - gamma) eps + gamma s + (mu(t+1) - mu(t)): the increment form
 * (Salvatori Eq. 48, Song 2020 Eq. 25). Taken as mu - x it would round.
 */
export const ERROR_STEP = '(1 - gamma) * eps + gamma * s + (mu1 - mu0)';
const integrateError = mapKernel({
  name: 'error',
  each: ['eps', 's', 'mu1', 'mu0'],
  constants: ['gamma'],
  outputs: [['next', ERROR_STEP]],
});

/** The same with a precision: (1 - gamma Pi) eps. */
const integrateWeighted = mapKernel({
  name: 'error-weighted',
  each: ['eps', 's', 'mu1', 'mu0'],
  along: ['pi'],
  constants: ['gamma'],
  outputs: [['next', '(1 - gamma * pi) * eps + gamma * s + (mu1 - mu0)']],
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
  /** Null: Pi = 1. */
  precision: Precision | null = null;
  x!: Ref;
  mu!: Ref;
  /** Null: exactly 0 everywhere, nothing has happened here. */
  eps: Ref | null = null;
  /** Inputs as they have reached it. */
  readonly seen: Ref[] = [];
  /** Error events that reached it this tick. */
  inbox: Arrival[] = [];
  /**
   * Whether its error may differ from 0: an event has reached it. A clocked
   * run computes populations at rest too, and must know them from others.
   */
  active = false;
  /** Whether an input has come since the prediction was made ... */
  private stale = false;
  /** ... and whether it had moved. */
  private stirred = false;
  /** Sum of the messages that arrived in the last tick, or null. */
  private s: Ref | null = null;
  /** Whether one of them came from an active population. */
  private reached = false;

  constructor(vertex: Vertex, op: Op) {
    this.vertex = vertex;
    this.op = op;
  }

  /** The inputs it sees, with their shapes. */
  get operands(): Operand[] {
    return this.seen.map((ref, slot) => ({
      ref,
      shape: this.vertex.inputs[slot]!.shape,
    }));
  }

  /** A value has reached it. */
  see(slot: number, { value, active }: ValueEvent): void {
    this.seen[slot] = value;
    this.stale = true;
    this.stirred ||= active;
  }

  /** mu = g(x of inputs, as seen). */
  predict(emit: Emit): void {
    const { attrs, shape } = this.vertex;
    this.mu = this.op.forward(emit, this.operands, attrs, shape);
    this.stale = false;
  }

  /** The same, where an input has come. Returns whether one had moved. */
  predictAgain(emit: Emit): boolean {
    const { stirred } = this;
    this.stirred = false;
    if (this.stale) this.predict(emit);
    return stirred;
  }

  /** One step of the value population on what has arrived. */
  moveValue(
    emit: Emit,
    s: Ref | null,
    gamma: number,
    zero: Ref,
    clocked: boolean,
  ): 'moved' | 'at rest' | 'not computed' {
    this.s = s;
    this.reached = this.inbox.some(({ event }) => event.active);
    const moved = this.active || this.reached;
    if (!moved && !clocked) return 'not computed';
    const operands = [this.x, this.weighted(emit) ?? zero, s ?? zero];
    [this.x] = integrateValue.emit(emit, operands, { gamma });
    return moved ? 'moved' : 'at rest';
  }

  /**
   * One step of the error population, mu having been `before` until now.
   * Terms that are exactly 0 are known by the absence of their event; where
   * only messages are left, gamma = 1 and Pi = 1, the error is their sum and
   * nothing is computed.
   */
  moveError(
    emit: Emit,
    { before, stirred }: { before: Ref; stirred: boolean },
    gamma: number,
    zero: Ref,
    clocked: boolean,
  ): void {
    const { precision, s } = this;
    const stays = this.active && (gamma !== 1 || precision !== null);
    this.active = stays || this.reached || stirred;
    if (!clocked && !this.active) {
      this.eps = null;
    } else if (precision) {
      const operands = [this.eps ?? zero, s ?? zero, this.mu, before];
      const more = [...operands, precision.pi(emit)];
      const given = { gamma, pi: precision.along };
      [this.eps!] = integrateWeighted.emit(emit, more, given);
    } else if (!clocked && gamma === 1 && !stirred) {
      this.eps = s;
    } else {
      const eps = (gamma === 1 && !clocked ? null : this.eps) ?? zero;
      const operands = [eps, s ?? zero, this.mu, before];
      [this.eps!] = integrateError.emit(emit, operands, { gamma });
    }
    // What has come is used up: who is not visited again got nothing.
    this.s = null;
    this.reached = false;
  }

  /** Pi eps, or null where there is no error. */
  weighted(emit: Emit): Ref | null {
    if (!this.eps || !this.precision) return this.eps;
    return this.precision.weighted(emit, this.eps);
  }

  /** The event of its present error, Pi eps where it has a precision. */
  errorEvent(tick: number, eps: Ref): ErrorEvent {
    const mu = { ref: this.mu, shape: this.vertex.shape };
    const { vertex: from, active } = this;
    return { from, tick, active, eps, seen: this.operands, mu };
  }
}
