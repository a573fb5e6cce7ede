import { Subject } from 'rxjs';
import { lossDivisor } from '../graph/graph.ts';
import type { Levelled } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import { mapKernel } from '../kernels/map.ts';
import type { Op } from '../ops/op.ts';
import { lossByName, opByName } from '../ops/table.ts';
import type { Recorder } from '../program/recorder.ts';
import { connect } from './axon.ts';
import { TickClock } from './clock.ts';
import { type Arrival, canonical, type ErrorEvent } from './event.ts';
import { horizons } from './horizon.ts';
import { difference, Leaf, Population } from './population.ts';
import {
  hasPrecision,
  neuronsOf,
  Precision,
  precisionId,
} from './precision.ts';
import { type Probe, recordProbes } from './probe.ts';

/** How the populations of a circuit move. */
export interface CircuitOptions {
  /** Integration step, gamma, above 0. */
  readonly gamma: number;
  /** Predictions and Jacobians recomputed, or frozen at the forward sweep. */
  readonly prediction: 'recomputed' | 'fixed';
  /** Start away from eps = 0: values get the feeds `noise/ID` added. */
  readonly noise: boolean;
  /** Every population at every tick, or only where an event has arrived. */
  readonly clocked: boolean;
  /** Leave out what can no longer reach a plasticity event or a probe. */
  readonly horizon: boolean;
  /** Precisions Pi: all 1, or learned, one for each neuron. */
  readonly precision?: 'one' | 'learned';
}

/** What learns: a parameter of the graph, or the ln Sigma of a population. */
export interface Plastic {
  readonly id: string;
  readonly size: number;
}

/** Makes a parameter's new value of its gradient; null leaves it as it is. */
export type Plasticity = (parameter: Plastic, gradient: Ref) => Ref | null;

const perturb = mapKernel({
  name: 'noise',
  each: ['x', 'noise'],
  outputs: [['y', 'x + noise']],
});

/**
 * Populations joined by axons on a clock. A rule drives it (present, clamp,
 * learn, tick); the circuit itself records what happens and computes no number.
 */
export class Circuit {
  /** The graph whose vertices the populations are, with its delays. */
  readonly levelled: Levelled;
  /** How its populations move; all fields are given. */
  readonly options: CircuitOptions;
  /** The clock on which its axons deliver. */
  readonly clock = new TickClock();
  /** Where its kernel calls and events are recorded. */
  readonly recorder: Recorder;
  /** Every error event, as it is sent. */
  readonly errors$ = new Subject<ErrorEvent>();
  /** A population for each vertex that is no leaf. */
  readonly populations = new Map<Vertex, Population>();
  /** Data inputs and parameters. */
  readonly leaves = new Map<Vertex, Leaf>();
  /** The population that is clamped to the target. */
  readonly output: Population;
  private readonly plasticity: Plasticity;
  private readonly onForward: (mu: Ref, target: Ref) => void;
  private readonly probes: readonly Probe[];
  /** Sources with a new value, and whether it is another than before. */
  private readonly moved = new Map<Population | Leaf, boolean>();
  private readonly target: Ref;
  /** Populations to which something has come, or which have an error. */
  private awake = new Set<Population>();
  /** Leaves to which an error has come. */
  private readonly reached = new Set<Leaf>();
  private readonly indices = new Map<Population, number>();
  private readonly byLevel: {
    readonly parameters: ReadonlyMap<number, Vertex[]>;
    readonly populations: ReadonlyMap<number, Vertex[]>;
  };
  /** Last tick at which each vertex matters; null: all do, always. */
  private horizons: ReadonlyMap<Vertex, number> | null = null;
  /** The last tick of the run, where the rule has told it. */
  private planned = Number.POSITIVE_INFINITY;

  constructor(
    levelled: Levelled,
    recorder: Recorder,
    options: CircuitOptions,
    more: {
      plasticity?: Plasticity;
      probes?: readonly Probe[];
      onForward?: (mu: Ref, target: Ref) => void;
    } = {},
  ) {
    this.levelled = levelled;
    this.recorder = recorder;
    this.options = options;
    this.plasticity = more.plasticity ?? (() => null);
    this.onForward = more.onForward ?? (() => {});
    this.probes = more.probes ?? [];
    for (const vertex of levelled.vertices) {
      if (vertex.isLeaf) {
        const x =
          vertex.op === 'param'
            ? recorder.resident(vertex.id, vertex.size)
            : recorder.feed(vertex.id, vertex.size);
        this.leaves.set(vertex, new Leaf(vertex, x));
      } else {
        const op = opByName.get(vertex.op);
        if (op) this.populations.set(vertex, this.population(vertex, op));
      }
    }
    this.output = this.populations.get(levelled.graph.output) as Population;
    this.target = recorder.feed('target', levelled.graph.output.size);
    levelled.axons.forEach((axon, order) => {
      connect(
        axon,
        order,
        this.source(axon.from),
        this.populations.get(axon.to) as Population,
        this.clock,
        options.prediction === 'recomputed',
        (source) => this.wake(source),
      );
    });
    for (const population of this.populations.values()) {
      this.indices.set(population, this.indices.size);
    }
    this.byLevel = {
      parameters: atLevels(this.parameters, levelled),
      populations: atLevels(this.populations.keys(), levelled),
    };
  }

  private population(vertex: Vertex, op: Op): Population {
    const population = new Population(vertex, op);
    const { graph } = this.levelled;
    if (this.options.precision === 'learned' && hasPrecision(graph, vertex)) {
      const id = precisionId(vertex.id);
      const lnSigma = this.recorder.resident(id, neuronsOf(vertex));
      population.precision = new Precision(vertex, lnSigma);
    }
    return population;
  }

  /** Plastic leaves at a level. */
  parametersAt(level: number): readonly Vertex[] {
    return this.byLevel.parameters.get(level) ?? [];
  }

  /** All plastic leaves, in topological order. */
  get parameters(): Vertex[] {
    return this.levelled.vertices.filter((vertex) => vertex.op === 'param');
  }

  /**
   * A rule may tell beforehand how long it runs and when each parameter, and
   * each population that has a precision, learns for the last time. It changes no result: what cannot matter is left out.
   */
  plan(ticks: number, lastLearning: (learner: Vertex) => number): void {
    if (!this.options.horizon) return;
    if (this.probes.some((probe) => probe.kind === 'energy')) return;
    const learners = [...this.parameters];
    for (const { vertex, precision } of this.populations.values()) {
      if (precision) learners.push(vertex);
    }
    const ends = new Map(
      learners.map((vertex) => [vertex, lastLearning(vertex)]),
    );
    const watched = new Set(
      this.probes.map((probe) => probe.kind === 'state' && probe.id),
    );
    for (const vertex of this.populations.keys()) {
      if (watched.has(vertex.id)) ends.set(vertex, ticks);
    }
    this.horizons = horizons(this.levelled.axons, ends);
    this.planned = ticks;
  }

  /** Forward sweep: every value population at its prediction, so eps = 0. */
  present(): void {
    const { emit } = this.recorder;
    this.sweep((population) => {
      population.x = population.mu;
    });
    if (this.options.noise) {
      for (const population of this.hidden()) {
        const { id, size } = population.vertex;
        const noise = this.recorder.feed(`noise/${id}`, size);
        [population.x] = perturb.emit(emit, [population.x, noise]);
      }
      this.sweep((population) => {
        const { x, mu } = population;
        if (population === this.output) return;
        [population.eps!] = difference.emit(emit, [mu, x]);
        population.active = true;
      });
    }
  }

  /** Clamps the output to the target: its error is dL/dmu. */
  clamp(): void {
    this.onForward(this.output.mu, this.target);
    this.output.eps = this.outputError();
    this.output.active = true;
    this.awake = new Set(this.populations.values());
    this.sendErrors(this.populations.values());
    this.probe();
  }

  /** From t to t + 1. */
  tick(): number {
    const { gamma, clocked } = this.options;
    const { emit } = this.recorder;
    const next = this.clock.now() + 1;
    if (next > this.planned) {
      throw new Error(`the run goes on at tick ${next}, later than planned`);
    }
    // Value populations integrate what has arrived.
    for (const population of this.inOrder()) {
      if (population === this.output) continue;
      if (!this.matters(population.vertex, next)) continue;
      const zero = this.zero(population);
      const s = this.sum(population.inbox);
      const move = population.moveValue(emit, s, gamma, zero, clocked);
      if (move !== 'not computed') this.moved.set(population, move === 'moved');
    }
    this.nextInstant();
    // Values go forward; predictions follow; errors take what is left.
    const before = new Map<Population, Ref>();
    const stirred = new Map<Population, boolean>();
    const awake = this.inOrder();
    for (const population of awake) {
      before.set(population, population.mu);
      if (!this.matters(population.vertex, next)) continue;
      stirred.set(population, population.predictAgain(emit));
    }
    for (const population of awake) {
      if (population === this.output) continue;
      if (!this.matters(population.vertex, next)) continue;
      const change = {
        before: before.get(population) as Ref,
        stirred: stirred.get(population) as boolean,
      };
      const zero = this.zero(population);
      population.moveError(emit, change, gamma, zero, clocked);
    }
    // The step was made with the precisions before it, as with the weights.
    for (const { precision } of awake) precision?.advance();
    if (this.output.mu !== (before.get(this.output) ?? this.output.mu)) {
      this.output.eps = this.outputError();
    }
    // What an axon has brought this instant is for the next step.
    const goOn = ({ vertex, eps, active, inbox }: Population) =>
      (eps || active || inbox.length > 0) && this.matters(vertex, next + 1);
    this.awake = new Set(awake.filter(goOn));
    this.sendErrors(awake);
    this.probe();
    return this.clock.now();
  }

  /**
   * Sum over consumers of (d mu / d zeta)^T eps, of what has arrived at a
   * parameter this tick, added to `base`; null where nothing has. `select`
   * gives the error to learn from, or null to leave an event out.
   */
  gradient(
    parameter: Vertex,
    more: {
      base?: Ref | null;
      select?: (event: ErrorEvent) => Ref | null;
    } = {},
  ): Ref | null {
    const leaf = this.leaves.get(parameter) as Leaf;
    if (!this.matters(parameter, this.clock.now())) {
      throw new Error(`parameter ${parameter.id} learns later than planned`);
    }
    const arrived = leaf.inbox.filter(({ event }) => event.active);
    return this.sum(arrived, more.base, more.select);
  }

  /** Plasticity of parameters from what has arrived this tick (Eq. 8). */
  learn(parameters: readonly Vertex[]): void {
    for (const parameter of parameters) {
      const gradient = this.gradient(parameter);
      if (gradient) this.commit(parameter, gradient);
    }
  }

  /**
   * The precisions of populations learn from their present errors; those
   * without an error, or without a precision, do not.
   */
  learnPrecisions(vertices: Iterable<Vertex>): void {
    for (const vertex of vertices) {
      const { precision, eps, active } = this.populations.get(vertex) ?? {};
      if (!precision || !eps || !active) continue;
      const gradient = precision.gradient(this.recorder.emit, eps);
      const plastic = { id: precisionId(vertex.id), size: neuronsOf(vertex) };
      const next = this.plasticity(plastic, gradient);
      if (next) precision.next = next;
    }
  }

  /** Populations at a level. */
  populationsAt(level: number): readonly Vertex[] {
    return this.byLevel.populations.get(level) ?? [];
  }

  /** Changes a parameter by its gradient when this tick ends. */
  commit(parameter: Vertex, gradient: Ref): void {
    const leaf = this.leaves.get(parameter) as Leaf;
    const next = this.plasticity(parameter, gradient);
    if (!next) return;
    leaf.x = next;
    this.moved.set(leaf, true);
  }

  /** Whether a vertex's state at a tick can reach a result. */
  private matters(vertex: Vertex, tick: number): boolean {
    return !this.horizons || tick <= (this.horizons.get(vertex) ?? -1);
  }

  private source(vertex: Vertex): Population | Leaf {
    return (this.populations.get(vertex) ??
      this.leaves.get(vertex)) as Population;
  }

  private *hidden(): Iterable<Population> {
    for (const population of this.populations.values()) {
      if (population !== this.output) yield population;
    }
  }

  /** Something has come to a population or a leaf. */
  private wake(source: Population | Leaf): void {
    if (source instanceof Population) this.awake.add(source);
    else this.reached.add(source);
  }

  /**
   * Populations that have something to do, all in a clocked run, in topological
   * order: a circuit costs what happens in it.
   */
  private inOrder(): Population[] {
    if (this.options.clocked) return [...this.populations.values()];
    const index = (population: Population) =>
      this.indices.get(population) as number;
    return [...this.awake].sort((a, b) => index(a) - index(b));
  }

  /** Predictions from the inputs' present values, in topological order. */
  private sweep(settle: (population: Population) => void): void {
    for (const population of this.populations.values()) {
      population.vertex.inputs.forEach((input, slot) => {
        population.seen[slot] = this.source(input).x;
      });
      population.predict(this.recorder.emit);
      settle(population);
    }
  }

  private outputError(): Ref {
    const { graph } = this.levelled;
    const loss = lossByName.get(graph.loss.kind)!;
    const { shape } = graph.output;
    const divisor = lossDivisor(graph);
    const { emit } = this.recorder;
    return loss.error(emit, this.output.mu, this.target, shape, divisor);
  }

  /** Every message is made at the instant of its event. */
  private sum(
    arrivals: readonly Arrival[],
    base: Ref | null = null,
    select: (event: ErrorEvent) => Ref | null = (event) => event.eps,
  ): Ref | null {
    let sum = base;
    for (const { axon, event } of canonical(arrivals)) {
      const eps = select(event);
      const op = opByName.get(axon.to.op);
      if (!eps || !op) continue;
      sum = this.recorder.at(event.tick, () =>
        op.vjp(this.recorder.emit, {
          inputs: event.seen,
          output: event.mu,
          attrs: axon.to.attrs,
          slot: axon.slot,
          eps,
          base: sum,
        }),
      );
    }
    return sum;
  }

  /** Time goes on: delayed events arrive, values that moved are sent. */
  private nextInstant(): void {
    for (const { inbox } of this.awake) inbox.length = 0;
    for (const { inbox } of this.reached) inbox.length = 0;
    this.reached.clear();
    this.clock.advance();
    const tick = this.clock.now();
    this.recorder.tick = tick;
    for (const [{ vertex, x, values$ }, active] of this.moved) {
      values$.next({ from: vertex, tick, active, value: x });
      const population = vertex.id;
      this.recorder.event({ kind: 'value', population, tick, ref: x });
    }
    this.moved.clear();
    this.clock.flush();
  }

  private sendErrors(populations: Iterable<Population>): void {
    const tick = this.clock.now();
    for (const population of populations) {
      if (!this.matters(population.vertex, tick)) continue;
      const eps =
        population.weighted(this.recorder.emit) ??
        (this.options.clocked ? this.zero(population) : null);
      if (!eps) continue;
      const event = population.errorEvent(tick, eps);
      this.recorder.event({
        kind: 'error',
        population: population.vertex.id,
        tick,
        ref: eps,
      });
      this.errors$.next(event);
      population.errors$.next(event);
    }
    this.clock.flush();
  }

  private zero(population: Population): Ref {
    return this.recorder.constant(population.vertex.size, 0);
  }

  private probe(): void {
    recordProbes(this.probes, this.clock.now(), {
      recorder: this.recorder,
      graph: this.levelled.graph,
      populations: [...this.populations.values()],
      output: this.output,
      target: this.target,
      zero: (population) => this.zero(population),
    });
  }
}

function atLevels(
  vertices: Iterable<Vertex>,
  { levels }: Levelled,
): Map<number, Vertex[]> {
  const at = new Map<number, Vertex[]>();
  for (const vertex of vertices) {
    const level = levels.get(vertex) as number;
    const own = at.get(level);
    if (own) own.push(vertex);
    else at.set(level, [vertex]);
  }
  return at;
}
