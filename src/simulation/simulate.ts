/**
 * A simulation: a graph under a rule on a backend, with its parameters. The
 * rule is recorded once; each step replays the program on new data.
 */

import type { Observable } from 'rxjs';
import type { Backend, Executable } from '../backends/backend.ts';
import { type BackendChoice, openBackend } from '../backends/open.ts';
import { NonFiniteError, OptionError } from '../base/errors.ts';
import { checkKeys } from '../base/options.ts';
import type { DType, FloatArray, Shape } from '../base/tensor.ts';
import { precisionsOf } from '../circuit/precision.ts';
import type { Quantity } from '../circuit/probe.ts';
import { type Graph, parametersOf } from '../graph/graph.ts';
import { type Levelled, level } from '../graph/level.ts';
import type { Program } from '../program/recorder.ts';
import type { Rule } from '../rules/rule.ts';
import { type Feeds, inputFeeds, presentationFeeds } from './feeds.ts';
import type { Optimiser } from './optim.ts';
import { checkOptions, KEYS, type SimulateOptions } from './options.ts';
import { Parameters } from './parameters.ts';
import {
  activationName,
  checkMode,
  gradientName,
  type Mode,
  type Presentation,
  type RateGroup,
  rateName,
  recordForward,
  recordPresentation,
  withSharedRates,
} from './record.ts';
import { type Sample, Samples } from './streams.ts';

export type { Feeds } from './feeds.ts';
export type { SimulateOptions } from './options.ts';
export type { Mode } from './record.ts';
export type { Sample } from './streams.ts';

/** A presentation that is ready to be run, in one go or tick by tick. */
interface Compiled extends Presentation {
  readonly groups: readonly RateGroup[];
  readonly forms: { whole?: Executable; stepwise?: Executable };
}

export class Simulation {
  readonly graph: Graph;
  readonly levelled: Levelled;
  readonly rule: Rule;
  readonly mode: Mode;
  readonly optimiser: Optimiser | null;
  private readonly options: SimulateOptions;
  private readonly parameters: Parameters;
  private ownsBackend = false;
  /** Watched probes keep their events alive: others mean another program. */
  private readonly samples = new Samples(() => {
    this.stale = true;
  });
  private compiled: Compiled | null = null;
  /** What was last run of it. */
  private ran: Executable | null = null;
  /** Forward sweeps by the vertices that are read after them. */
  private readonly forwards = new Map<string, Executable>();
  /** Other probes are watched than the compiled program knows. */
  private stale = false;
  /** Presentations run one after another, in the order they were asked for. */
  private lastRun: Promise<unknown> = Promise.resolve();
  private byHand = false;
  private destroyed = false;

  private constructor(
    graph: Graph,
    options: SimulateOptions,
    parameters: Parameters,
  ) {
    this.graph = graph;
    this.options = options;
    this.parameters = parameters;
    this.rule = options.rule;
    this.mode = checkMode(options.mode);
    this.optimiser = options.optimiser ?? null;
    this.levelled = levelledFor(graph, options);
  }

  /** Opens a simulation: parameters are set up, nothing is compiled yet. */
  static open(graph: Graph, options: SimulateOptions): Simulation {
    checkOptions(options);
    if (!graph?.vertices || !graph.output) {
      throw new OptionError(
        'simulate needs a graph, as g.output(y) of a GraphBuilder makes it',
      );
    }
    const { backend, seed = 0, optimiser = null, rule } = options;
    const added = rule.learnsPrecisions
      ? precisionsOf(levelledFor(graph, options))
      : [];
    const parameters = new Parameters(graph, backend, seed, optimiser, added);
    return new Simulation(graph, options, parameters);
  }

  get backend(): Backend {
    return this.parameters.backend;
  }

  /** Another graph (a batch of another size) on the same parameters. */
  variant(graph: Graph): Simulation {
    this.checkExists();
    const { options } = this;
    const added = options.rule.learnsPrecisions
      ? precisionsOf(levelledFor(graph, options))
      : [];
    this.parameters.checkShared([...parametersOf(graph), ...added]);
    return new Simulation(graph, this.options, this.parameters);
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
    this.checkProbed();
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
      this.samples.stream({ kind: 'state', id, quantity }, vertex.shape);
    return {
      value$: stream('value'),
      prediction$: stream('prediction'),
      error$: stream('error'),
    };
  }

  /** F at each tick: half the squared errors, plus the loss of the output. */
  get energy$(): Observable<Sample> {
    this.checkProbed();
    return this.samples.stream({ kind: 'energy' }, [1]);
  }

  /** One presentation: runs the rule, changes the parameters, gives the loss. */
  step(feeds: Feeds): Promise<{ loss: number }> {
    return this.inTurn(async () => {
      await this.present(feeds);
      return { loss: await this.loss() };
    });
  }

  /** A step whose loss is not read. */
  submit(feeds: Feeds): Promise<void> {
    return this.inTurn(() => this.present(feeds));
  }

  /**
   * One presentation by hand: each `next` runs one tick. A parameter changes
   * in the tick in which it learns; a loop that is left early leaves the
   * others as they were.
   */
  async *ticks(feeds: Feeds): AsyncGenerator<number> {
    await this.lastRun;
    this.checkReady();
    this.byHand = true;
    try {
      const { program, run } = await this.prepare('stepwise');
      this.feedAll(run, feeds);
      for (let tick = 0; tick < program.ticks; tick++) {
        run.run(tick, tick);
        this.countUpdates(tick);
        await this.samples.send(program, run, tick);
        yield tick;
      }
    } finally {
      this.byHand = false;
    }
  }

  /** Loss of the last presentation, as of its forward sweep. */
  async loss(): Promise<number> {
    const run = this.lastRead();
    const [[loss]] = await run.read(['loss']);
    if (!Number.isFinite(loss)) {
      throw new NonFiniteError(
        `The loss is ${loss} after ${this.parameters.presentations} presentations: ` +
          'lower the learning rate or check the data',
        { loss },
      );
    }
    return loss;
  }

  /**
   * Gradients of the last step by parameter, those that the rule adds included;
   * only without an optimiser.
   */
  async gradients(): Promise<Map<string, FloatArray>> {
    if (this.optimiser) {
      throw new OptionError(
        'Gradients are used up by the optimiser: simulate with optimiser: null',
      );
    }
    const run = this.lastRead();
    const ids = [...(this.compiled?.gradients ?? [])];
    const values = await run.read(ids.map(gradientName));
    return new Map(ids.map((id, i) => [id, values[i]]));
  }

  /** Output of the graph for data, without learning. */
  async predict(feeds: Feeds): Promise<FloatArray> {
    return (await this.sweep([], feeds)).get('prediction') as FloatArray;
  }

  /** Values of vertices for data, by id, without learning. */
  async activations(
    ids: readonly string[],
    feeds: Feeds,
  ): Promise<Map<string, FloatArray>> {
    for (const id of ids) {
      const vertex = this.levelled.vertices.find((v) => v.id === id);
      if (vertex && vertex.op !== 'param') continue;
      throw new OptionError(`No vertex "${id}" whose value could be read`, {
        id,
      });
    }
    const values = await this.sweep(ids, feeds);
    return new Map(
      ids.map((id) => [id, values.get(activationName(id)) as FloatArray]),
    );
  }

  /** Shape of a parameter, of one that the rule adds too. */
  shapeOf(id: string): Shape {
    return this.parameters.shapeOf(id);
  }

  async parameter(id: string): Promise<FloatArray> {
    this.checkExists();
    return this.parameters.read(id);
  }

  async allParameters(): Promise<Map<string, FloatArray>> {
    this.checkExists();
    return this.parameters.readAll();
  }

  /** Sets a parameter; a given shape must be its own. */
  setParameter(id: string, values: ArrayLike<number>, shape?: Shape): void {
    this.checkExists();
    this.parameters.write(id, values, shape);
  }

  /** Frees what this simulation compiled; parameters stay with the backend. */
  close(): void {
    this.discard();
    for (const forward of this.forwards.values()) forward.free();
    this.forwards.clear();
    this.samples.complete();
  }

  /** Frees the parameters too, and the backend if `simulate` opened it. */
  destroy(): void {
    this.close();
    this.destroyed = true;
    this.parameters.free();
    if (this.ownsBackend) this.backend.close();
  }

  /** Lets the backend close with the simulation. */
  ownBackend(): this {
    this.ownsBackend = true;
    return this;
  }

  /** Records one presentation as the rule drives it; nothing is run. */
  record(): Presentation {
    const { mode, optimiser } = this;
    const options = { mode, optimiser, probes: this.samples.probes };
    return recordPresentation(this.levelled, this.rule, options);
  }

  private checkProbed(): void {
    if (!this.rule.hasCircuit) {
      throw new OptionError(
        `Rule ${this.rule.name} runs on a tape: it has no populations to probe`,
      );
    }
  }

  private checkExists(): void {
    if (this.destroyed || this.parameters.isFree) {
      const whose = this.destroyed ? '' : ' whose parameters it shares';
      throw new OptionError(
        `The simulation${whose} is destroyed: open another`,
      );
    }
  }

  private checkReady(): void {
    this.checkExists();
    if (this.byHand) {
      throw new OptionError(
        'A presentation is being run by hand: finish its ticks() first',
      );
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.lastRun.then(() => {
      this.checkReady();
      return work();
    });
    this.lastRun = result.catch(() => undefined);
    return result;
  }

  /** One forward sweep; its outputs by name. */
  private sweep(
    ids: readonly string[],
    feeds: Feeds,
  ): Promise<Map<string, FloatArray>> {
    return this.inTurn(async () => {
      const { graph, levelled, backend, forwards } = this;
      const values = inputFeeds(graph, levelled, feeds, backend.dtype);
      const key = JSON.stringify(ids);
      const forward =
        forwards.get(key) ??
        (await backend.compile(
          recordForward(levelled, ids),
          this.parameters.memory,
        ));
      forwards.set(key, forward);
      for (const [name, data] of values) forward.feed(name, data);
      forward.run();
      const names = ['prediction', ...ids.map(activationName)];
      const read = await forward.read(names);
      return new Map(names.map((name, i) => [name, read[i]]));
    });
  }

  private async present(feeds: Feeds): Promise<void> {
    const { program, run } = await this.prepare();
    this.feedAll(run, feeds);
    run.run();
    this.countUpdates();
    await this.samples.send(program, run);
    await run.backlog?.();
  }

  /** What was last presented, to read from. */
  private lastRead(): Executable {
    this.checkExists();
    if (!this.ran) {
      throw new OptionError('Nothing was presented yet: run a step first');
    }
    return this.ran;
  }

  private async prepare(form: 'whole' | 'stepwise' = 'whole') {
    if (this.stale || !this.sharesRates()) this.discard();
    this.stale = false;
    this.compiled ??= this.recordShared();
    const { program, forms } = this.compiled;
    forms[form] ??= await this.backend.compile(
      program,
      this.parameters.memory,
      { stepwise: form === 'stepwise' },
    );
    if (this.destroyed) {
      forms[form].free();
      this.checkExists();
    }
    return { program, run: forms[form] };
  }

  private recordShared(): Compiled {
    const recorded = this.record();
    const shared = withSharedRates(recorded, this.optimiser, (id) =>
      this.parameters.updatesOf(id),
    );
    return { ...recorded, ...shared, forms: {} };
  }

  /** Whether parameters that share rates have been updated as often. */
  private sharesRates(): boolean {
    const { parameters, compiled } = this;
    return (compiled?.groups ?? []).every(([first, ...others]) => {
      const count = parameters.updatesOf(first);
      return others.every((id) => parameters.updatesOf(id) === count);
    });
  }

  private discard(): void {
    this.compiled?.forms.whole?.free();
    this.compiled?.forms.stepwise?.free();
    this.compiled = null;
    this.ran = null;
  }

  private feedAll(run: Executable, feeds: Feeds): void {
    const { parameters, optimiser, backend } = this;
    const noise = {
      sigma: this.rule.sigma,
      seed: parameters.seed,
      presentation: parameters.presentations,
    };
    const values = presentationFeeds(
      this.graph,
      this.levelled,
      feeds,
      noise,
      backend.dtype,
    );
    for (const [name, data] of values) run.feed(name, data);
    const { groups = [], updates } = this.compiled ?? {};
    for (const ids of groups) {
      const count = updates?.get(ids[0]) ?? 0;
      const before = parameters.updatesOf(ids[0]);
      for (let n = 0; n < count; n++) {
        const rates = optimiser?.ratesAt(before + n + 1) ?? [];
        optimiser?.rates.forEach((rate, i) => {
          run.feed(rateName(rate, ids[0], n), [rates[i]]);
        });
      }
    }
    this.ran = run;
    parameters.presentations += 1;
  }

  /** Updates have been made: those of a tick, or all. */
  private countUpdates(tick?: number): void {
    for (const [id, ticks] of this.compiled?.updateTicks ?? []) {
      const made = ticks.filter((at) => tick === undefined || at === tick);
      this.parameters.countUpdates(id, made.length);
    }
  }
}

function levelledFor(graph: Graph, options: SimulateOptions): Levelled {
  const levelling = options.levelling ?? options.rule.levelling;
  return level(graph, { levelling, form: options.form });
}

/** Opens a backend by name, and a simulation that closes it in the end. */
export async function simulate(
  graph: Graph,
  options: Omit<SimulateOptions, 'backend'> & {
    readonly backend?: BackendChoice;
    readonly dtype?: DType;
  },
): Promise<Simulation> {
  checkKeys('simulate', options, [...KEYS, 'dtype']);
  const { backend: name, dtype, ...rest } = options;
  const { backend } = await openBackend(name, dtype);
  try {
    return Simulation.open(graph, { ...rest, backend }).ownBackend();
  } catch (error) {
    backend.close();
    throw error;
  }
}
