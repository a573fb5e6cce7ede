/**
 * A simulation: a graph under a rule on a backend, with its parameters. The
 * rule is recorded once; each step replays the program on new data.
 */

import { Observable, Subject } from 'rxjs';
import type { Backend, Executable, Memory } from './backends/backend.ts';
import { type BackendChoice, openBackend } from './backends/open.ts';
import { type Probe, probeOutput, type Quantity } from './circuit/probe.ts';
import {
  GraphError,
  NonFiniteError,
  OptionError,
  ShapeError,
} from './errors.ts';
import {
  type Graph,
  type Init,
  inputsOf,
  lossDivisor,
  parametersOf,
  type Vertex,
} from './graph.ts';
import {
  type DelayForm,
  type Levelled,
  type Levelling,
  level,
} from './level.ts';
import { addTo } from './ops/add.ts';
import type { Ref } from './ops/kernel.ts';
import { lossByName, opByName } from './ops/table.ts';
import type { Optimiser } from './optim.ts';
import { type Program, Recorder } from './program/recorder.ts';
import { Random } from './random.ts';
import type { Rule } from './rules/rule.ts';
import {
  checkFinite,
  type DType,
  type FloatArray,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
} from './tensor.ts';

/**
 * How much of a run is executed; the bits are the same.
 * - 'clocked': every population at every tick;
 * - 'event': quiescent populations skipped;
 * - 'live': also events dropped on which no plasticity or probe depends.
 */
export type Mode = 'clocked' | 'event' | 'live';

export interface SimulateOptions {
  readonly rule: Rule;
  readonly backend: Backend;
  /** Without one, parameters stay and gradients can be read. */
  readonly optimiser?: Optimiser | null;
  readonly mode?: Mode;
  readonly form?: DelayForm;
  /** Overrides the rule's own choice among its delayed forms. */
  readonly levelling?: Levelling;
  /** For initial parameters and noise. */
  readonly seed?: number;
}

/** Values by id of a data input; `target` for the clamped output. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

/** One emission of a probe. */
export interface Sample {
  readonly tick: number;
  readonly shape: Shape;
  readonly data: FloatArray;
}

/** What simulations of one set of parameters share. */
interface Shared {
  readonly backend: Backend;
  /** Whether the backend was opened for them, and closes with them. */
  ownsBackend: boolean;
  readonly memory: Map<string, Memory>;
  readonly seed: number;
  updates: number;
  presentations: number;
}

export class Simulation {
  readonly graph: Graph;
  readonly levelled: Levelled;
  readonly rule: Rule;
  readonly mode: Mode;
  readonly optimiser: Optimiser | null;
  private readonly options: SimulateOptions;
  private readonly shared: Shared;
  private readonly subjects = new Map<string, [Probe, Subject<Sample>]>();
  private compiled: { program: Program; run: Executable } | null = null;
  private forward: Executable | null = null;
  /** Parameter updates of one presentation. */
  private updatesEach = 0;

  private constructor(graph: Graph, options: SimulateOptions, shared: Shared) {
    this.graph = graph;
    this.options = options;
    this.shared = shared;
    this.rule = options.rule;
    this.mode = options.mode ?? 'live';
    this.optimiser = options.optimiser ?? null;
    const levelling =
      this.rule.levelling === 'none'
        ? 'none'
        : (options.levelling ?? this.rule.levelling);
    this.levelled = level(graph, { levelling, form: options.form });
  }

  /** Opens a simulation: parameters are set up, nothing is compiled yet. */
  static open(graph: Graph, options: SimulateOptions): Simulation {
    const seed = options.seed ?? 0;
    const shared: Shared = {
      backend: options.backend,
      ownsBackend: false,
      memory: new Map(),
      seed,
      updates: 0,
      presentations: 0,
    };
    for (const vertex of parametersOf(graph)) {
      const memory = options.backend.allocate(vertex.size);
      shared.memory.set(vertex.id, memory);
      const init = graph.inits.get(vertex.id) as Init;
      options.backend.write(memory, initialValues(vertex, init, seed));
    }
    for (const vertex of parametersOf(graph)) {
      for (const state of options.optimiser?.states ?? []) {
        const memory = options.backend.allocate(vertex.size);
        shared.memory.set(`${state}/${vertex.id}`, memory);
      }
    }
    return new Simulation(graph, options, shared);
  }

  get backend(): Backend {
    return this.shared.backend;
  }

  /** Another graph (a batch of another size) on the same parameters. */
  variant(graph: Graph): Simulation {
    for (const vertex of parametersOf(graph)) {
      const memory = this.shared.memory.get(vertex.id);
      if (memory?.size !== vertex.size) {
        throw new GraphError(
          `Parameter "${vertex.id}" has ${vertex.size} elements but ` +
            `${memory?.size ?? 'none'} in the simulation it is to share`,
          { id: vertex.id },
        );
      }
    }
    return new Simulation(graph, this.options, this.shared);
  }

  /** The recorded program, compiled for the backend. */
  async program(): Promise<Program> {
    return (await this.prepare()).program;
  }

  /** Kernel launches of one step, and memory in bytes beside parameters. */
  async cost(): Promise<{ launches: number; bytes: number }> {
    const { launches, bytes } = (await this.prepare()).run;
    return { launches, bytes };
  }

  /**
   * Streams of a population's state, one emission a tick. Subscribe before
   * the steps that should be seen: a probe keeps its events alive.
   */
  probe(id: string): Record<`${Quantity}$`, Observable<Sample>> {
    const vertex = this.levelled.vertices.find((v) => v.id === id);
    if (!vertex || vertex.isLeaf) {
      const known = this.levelled.vertices.filter((v) => !v.isLeaf);
      throw new OptionError(
        `No population "${id}" to probe: there are ` +
          known.map((v) => v.id).join(', '),
        { id },
      );
    }
    const stream = (quantity: Quantity) =>
      this.stream({ kind: 'state', id, quantity });
    return {
      value$: stream('value'),
      prediction$: stream('prediction'),
      error$: stream('error'),
    };
  }

  /** F at each tick: half the squared errors, plus the loss of the output. */
  get energy$(): Observable<Sample> {
    return this.stream({ kind: 'energy' });
  }

  /** One presentation: runs the rule, changes the parameters, gives the loss. */
  async step(feeds: Feeds): Promise<{ loss: number }> {
    await this.submit(feeds);
    return { loss: await this.loss() };
  }

  /** A step whose result is not waited for. */
  async submit(feeds: Feeds): Promise<void> {
    const { run } = await this.prepare();
    this.feedAll(run, feeds);
    run.run();
    await this.emitSamples();
  }

  /**
   * One presentation by hand: each `next` runs one tick. The parameters have
   * changed when the last one has run.
   */
  async *ticks(feeds: Feeds): AsyncGenerator<number> {
    const { program, run } = await this.prepare();
    this.feedAll(run, feeds);
    for (let tick = 0; tick < program.ticks; tick++) {
      run.run(tick, tick);
      await this.emitSamples(tick);
      yield tick;
    }
  }

  /** Loss of the last presentation, as of its forward sweep. */
  async loss(): Promise<number> {
    const { run } = await this.prepare();
    const [[loss]] = await run.read(['loss']);
    if (!Number.isFinite(loss)) {
      throw new NonFiniteError(
        `The loss is ${loss} after ${this.shared.presentations} presentations: ` +
          'lower the learning rate or check the data',
        { loss },
      );
    }
    return loss;
  }

  /** Gradients of the last step by parameter; only without an optimiser. */
  async gradients(): Promise<Map<string, FloatArray>> {
    if (this.optimiser) {
      throw new OptionError(
        'Gradients are used up by the optimiser: simulate with optimiser: null',
      );
    }
    const { run } = await this.prepare();
    const ids = this.parameters.map((vertex) => vertex.id);
    const values = await run.read(ids.map((id) => `gradient/${id}`));
    return new Map(ids.map((id, i) => [id, values[i]]));
  }

  /** Output of the graph for data, without learning. */
  async predict(feeds: Feeds): Promise<FloatArray> {
    this.forward ??= await this.compileForward();
    for (const input of inputsOf(this.graph)) {
      this.forward.feed(input.id, checkedFeed(input.id, input.size, feeds));
    }
    this.forward.run();
    const [output] = await this.forward.read(['prediction']);
    return output;
  }

  async parameter(id: string): Promise<FloatArray> {
    return this.backend.read(this.memoryOf(id));
  }

  async allParameters(): Promise<Map<string, FloatArray>> {
    const all = new Map<string, FloatArray>();
    for (const { id } of parametersOf(this.graph)) {
      all.set(id, await this.parameter(id));
    }
    return all;
  }

  /** Sets a parameter; a given shape must be its own. */
  setParameter(id: string, values: ArrayLike<number>, shape?: Shape): void {
    const memory = this.memoryOf(id);
    const own = this.graph.vertices.find((v) => v.id === id)?.shape ?? [];
    if (values.length !== memory.size || (shape && !sameShape(shape, own))) {
      throw new ShapeError(
        `Parameter "${id}" has shape ${shapeText(own)} but got ` +
          `${shape ? shapeText(shape) : `${values.length} numbers`}`,
        { id },
      );
    }
    checkFinite(id, values);
    this.backend.write(memory, values);
  }

  /** Frees what this simulation compiled; parameters stay with the backend. */
  close(): void {
    this.compiled?.run.free();
    this.forward?.free();
    this.compiled = null;
    this.forward = null;
    for (const [, subject] of this.subjects.values()) subject.complete();
  }

  /** Frees the parameters too, and the backend if `simulate` opened it. */
  destroy(): void {
    this.close();
    for (const memory of this.shared.memory.values()) this.backend.free(memory);
    this.shared.memory.clear();
    if (this.shared.ownsBackend) this.backend.close();
  }

  /** Lets the backend close with the simulation. */
  ownBackend(): this {
    this.shared.ownsBackend = true;
    return this;
  }

  private get parameters(): Vertex[] {
    return this.levelled.vertices.filter((vertex) => vertex.op === 'param');
  }

  private memoryOf(id: string): Memory {
    const memory = this.shared.memory.get(id);
    if (memory) return memory;
    throw new OptionError(
      `No parameter "${id}": there are ` +
        parametersOf(this.graph)
          .map((vertex) => vertex.id)
          .join(', '),
      { id },
    );
  }

  private stream(probe: Probe): Observable<Sample> {
    const name = probeOutput(probe, 0);
    return new Observable((subscriber) => {
      let entry = this.subjects.get(name);
      if (!entry) {
        entry = [probe, new Subject()];
        this.subjects.set(name, entry);
        // A new probe keeps other events alive: record again.
        this.compiled?.run.free();
        this.compiled = null;
      }
      return entry[1].subscribe(subscriber);
    });
  }

  private async prepare(): Promise<{ program: Program; run: Executable }> {
    if (!this.compiled) {
      const program = this.record();
      const run = await this.backend.compile(program, this.shared.memory);
      this.compiled = { program, run };
    }
    return this.compiled;
  }

  /** Records one presentation as the rule drives it; nothing is run. */
  record(): Program {
    const recorder = new Recorder();
    const { loss, output } = this.graph;
    const updates = new Map<Vertex, number>();
    const sums = new Map<Vertex, Ref>();
    this.rule.record({
      levelled: this.levelled,
      recorder,
      clocked: this.mode === 'clocked',
      probes: [...this.subjects.values()].map(([probe]) => probe),
      onForward: (mu, target) => {
        const value = lossByName
          .get(loss.kind)!
          .value(
            recorder.emit,
            mu,
            target,
            output.shape,
            lossDivisor(this.graph),
          );
        recorder.output('loss', value);
      },
      plasticity: (parameter, gradient) => {
        if (this.optimiser) {
          const n = updates.get(parameter) ?? 0;
          updates.set(parameter, n + 1);
          return update(recorder, this.optimiser, parameter, gradient, n);
        }
        const before = sums.get(parameter) ?? null;
        sums.set(parameter, addTo(recorder.emit, before, gradient));
        return null;
      },
    });
    this.updatesEach = Math.max(0, ...updates.values());
    if (!this.optimiser) {
      for (const vertex of this.parameters) {
        const sum = sums.get(vertex) ?? recorder.constant(vertex.size, 0);
        recorder.output(`gradient/${vertex.id}`, sum);
      }
    }
    return recorder.finish({ live: this.mode === 'live' });
  }

  private async compileForward(): Promise<Executable> {
    const recorder = new Recorder();
    const refs = new Map<Vertex, Ref>();
    for (const vertex of this.levelled.vertices) {
      const { id, op, size, shape, attrs, inputs } = vertex;
      const operands = inputs.map((input) => ({
        ref: refs.get(input) as Ref,
        shape: input.shape,
      }));
      const ref =
        op === 'input'
          ? recorder.feed(id, size)
          : op === 'param'
            ? recorder.resident(id, size)
            : opByName.get(op)!.forward(recorder.emit, operands, attrs, shape);
      refs.set(vertex, ref);
    }
    const output = this.levelled.vertices.at(-1) as Vertex;
    recorder.output('prediction', refs.get(output) as Ref);
    const program = recorder.finish({ live: true });
    return this.backend.compile(program, this.shared.memory);
  }

  private feedAll(run: Executable, feeds: Feeds): void {
    const { shared } = this;
    const sizes = this.feedSizes();
    // A data input that was dropped may be fed: nothing reads it.
    const known = new Set([
      ...sizes.keys(),
      ...inputsOf(this.graph).map((v) => v.id),
    ]);
    for (const name of Object.keys(feeds)) {
      if (!known.has(name)) {
        throw new OptionError(
          `No data input "${name}": there are ${[...known].join(', ')}`,
          { name },
        );
      }
    }
    const drawn = new Map<string, ArrayLike<number>>();
    for (const [name, size] of sizes) {
      const data =
        name.startsWith('noise/') && !Object.hasOwn(feeds, name)
          ? this.noise(name, size)
          : checkedFeed(name, size, feeds);
      drawn.set(name, data);
    }
    // Nothing is fed before everything is known to be right.
    for (const [name, data] of drawn) run.feed(name, data);
    for (let k = 0; k < this.updatesEach; k++) {
      const rates = this.optimiser?.ratesAt(shared.updates + k + 1) ?? [];
      this.optimiser?.rates.forEach((name, i) => {
        run.feed(`${name}/${k}`, [rates[i]]);
      });
    }
    shared.updates += this.updatesEach;
    shared.presentations += 1;
  }

  /** What a presentation is fed: data inputs, target, and noise if any. */
  private feedSizes(): Map<string, number> {
    const { output } = this.graph;
    const inputs = this.levelled.vertices.filter((v) => v.op === 'input');
    const hidden =
      this.rule.sigma > 0
        ? this.levelled.vertices.filter((v) => !v.isLeaf && v.id !== output.id)
        : [];
    return new Map([
      ...inputs.map((v) => [v.id, v.size] as const),
      ['target', output.size],
      ...hidden.map((v) => [`noise/${v.id}`, v.size] as const),
    ]);
  }

  /** Drawn anew for each presentation. */
  private noise(name: string, size: number): Float64Array {
    const stream = `${name}/${this.shared.presentations}`;
    const random = new Random(this.shared.seed, stream);
    return Float64Array.from(
      { length: size },
      () => this.rule.sigma * random.normal(),
    );
  }

  /** Sends the samples of all ticks, or of one. */
  private async emitSamples(only?: number): Promise<void> {
    if (this.subjects.size === 0 || !this.compiled) return;
    const { program, run } = this.compiled;
    for (let tick = only ?? 0; ; tick++) {
      const wanted = [...this.subjects.values()].filter(([probe]) =>
        program.outputs.has(probeOutput(probe, tick)),
      );
      if (wanted.length === 0) return;
      const names = wanted.map(([probe]) => probeOutput(probe, tick));
      const values = await run.read(names);
      wanted.forEach(([probe, subject], i) => {
        const shape = probe.kind === 'energy' ? [1] : this.shapeOf(probe.id);
        subject.next({ tick, shape, data: values[i] });
      });
      if (only !== undefined) return;
    }
  }

  private shapeOf(id: string): Shape {
    return this.levelled.vertices.find((v) => v.id === id)?.shape ?? [1];
  }
}

/** Opens a backend by name, and a simulation that closes it in the end. */
export async function simulate(
  graph: Graph,
  options: Omit<SimulateOptions, 'backend'> & {
    readonly backend?: BackendChoice;
    readonly dtype?: DType;
  },
): Promise<Simulation> {
  const { backend } = await openBackend(options.backend, options.dtype);
  return Simulation.open(graph, { ...options, backend }).ownBackend();
}

/** One update of a parameter, the n-th of its presentation. */
function update(
  recorder: Recorder,
  optimiser: Optimiser,
  { id, size }: Vertex,
  gradient: Ref,
  n: number,
): Ref {
  const { kernel, states, rates, constants } = optimiser;
  const names = [...states.map((state) => `${state}/${id}`), id];
  recorder.commit(() => {
    for (const name of names) recorder.resident(name, size);
    const made = kernel.emit(
      recorder.emit,
      [
        recorder.current(id),
        gradient,
        ...names.slice(0, -1).map((name) => recorder.current(name)),
        ...rates.map((rate) => recorder.feed(`${rate}/${n}`, 1)),
      ],
      constants,
    );
    return names.map((name, i) => [name, made[i]] as const);
  });
  return recorder.current(id);
}

function checkedFeed(name: string, size: number, feeds: Feeds) {
  const data = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
  if (!data) {
    throw new OptionError(`No values for "${name}": feed ${size} numbers`, {
      name,
    });
  }
  if (data.length !== size) {
    throw new ShapeError(
      `"${name}" needs ${size} numbers but got ${data.length}`,
      { name, size, length: data.length },
    );
  }
  checkFinite(name, data);
  return data;
}

function initialValues(
  vertex: Vertex,
  init: Init,
  seed: number,
): ArrayLike<number> {
  if (init.kind === 'values') return init.data;
  if (init.kind === 'zeros') return new Float32Array(vertex.size);
  const random = new Random(seed, `init/${vertex.id}`);
  // Rounded to float32, so that every backend starts from the same numbers.
  return Float32Array.from(
    { length: sizeOf(vertex.shape) },
    () => init.bound * (2 * random.uniform() - 1),
  );
}
