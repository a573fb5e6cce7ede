import type { Observable } from 'rxjs';
import type { Executable } from '../backends/backend.ts';
import { type OnBackend, onBackendFields } from '../backends/open.ts';
import { NonFiniteError, OptionError } from '../base/errors.ts';
import { Schema, type Values } from '../base/schema.ts';
import type { FloatArray, Shape } from '../base/tensor.ts';
import { precisionsOf } from '../circuit/precision.ts';
import { type Probe, probeOutput, type Quantity } from '../circuit/probe.ts';
import { type Graph, parametersOf } from '../graph/graph.ts';
import { type Levelled, level } from '../graph/level.ts';
import type { Program } from '../program/recorder.ts';
import type { Rule } from '../rules/rule.ts';
import { type Feeds, inputFeeds, presentationFeeds } from './feeds.ts';
import type { Optimiser } from './optim.ts';
import {
  readOptions,
  type SimulateOptions,
  type SimulationOptions,
  simulationFields,
} from './options.ts';
import { Parameters } from './parameters.ts';
import {
  Compiled,
  checkCircuit,
  type Form,
  type Probed,
  populationOf,
  type Sample,
} from './presentation.ts';
import {
  gradientName,
  type Mode,
  type Presentation,
  recordPresentation,
} from './record.ts';
import { openSession, Session } from './session.ts';
import { Sweeps } from './sweep.ts';

export type { Feeds } from './feeds.ts';
export type { SimulateOptions, SimulationOptions } from './options.ts';
export type { Sample } from './presentation.ts';
export type { Mode } from './record.ts';

type Options = Values<typeof simulationFields>;

const simulateOptions = new Schema('simulate', {
  ...simulationFields,
  ...onBackendFields,
});

/**
 * A simulation: a graph under a rule on a backend, with its parameters. The
 * rule is recorded once; each step replays the program on new data. `simulate`
 * opens one; `destroy` frees it.
 */
export class Simulation extends Session<Compiled> {
  /** The graph, as it was given. */
  readonly graph: Graph;
  /** The graph with the levels and delays that the rule needs. */
  readonly levelled: Levelled;
  /** The rule under which parameters learn. */
  readonly rule: Rule;
  /** How much of a run is executed. */
  readonly mode: Mode;
  /** What makes steps of gradients; null: parameters stay. */
  readonly optimiser: Optimiser | null;
  private readonly options: Options;
  private readonly parameters: Parameters;
  /** Watched probes keep their events alive: others mean another program. */
  private readonly samples = this.watching<Probed, Sample>(true);
  private readonly sweeps: Sweeps;
  private byHand = false;

  private constructor(graph: Graph, options: Options, shared?: Parameters) {
    super('simulation', options.backend);
    const { rule, optimiser = null, form, backend, seed } = options;
    this.graph = graph;
    this.options = options;
    this.rule = rule;
    this.mode = options.mode;
    this.optimiser = optimiser;
    const levelling = options.levelling ?? rule.levelling;
    this.levelled = level(graph, { levelling, form });
    this.sweeps = new Sweeps(this.levelled);
    const added = rule.learnsPrecisions ? precisionsOf(this.levelled) : [];
    shared?.checkShared([...parametersOf(graph), ...added]);
    this.parameters =
      shared ?? new Parameters(graph, backend, seed, optimiser, added);
  }

  /** Opens a simulation: parameters are set up, nothing is compiled yet. */
  static open(graph: Graph, options: SimulateOptions): Simulation {
    const own = readOptions(options);
    if (!graph?.vertices || !graph.output) {
      throw new OptionError(
        'simulate needs a graph, as g.output(y) of a GraphBuilder makes it',
        { value: graph },
      );
    }
    return new Simulation(graph, own);
  }

  /** Another graph (a batch of another size) on the same parameters. */
  variant(graph: Graph): Simulation {
    this.checkExists();
    return new Simulation(graph, this.options, this.parameters);
  }

  /** The recorded program, compiled for the backend. */
  async program(): Promise<Program> {
    return (await this.prepare()).compiled.program;
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
    const { shape } = populationOf(this.levelled, this.rule, id);
    const stream = (quantity: Quantity) =>
      this.watch({ kind: 'state', id, quantity }, shape);
    return {
      value$: stream('value'),
      prediction$: stream('prediction'),
      error$: stream('error'),
    };
  }

  /** F at each tick: half the squared errors, plus the loss of the output. */
  get energy$(): Observable<Sample> {
    checkCircuit(this.rule);
    return this.watch({ kind: 'energy' }, [1]);
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
    await this.inTurn(async () => {
      this.byHand = true;
    });
    try {
      const { compiled, run } = await this.prepare('stepwise');
      this.feedAll(compiled, run, feeds);
      for (let tick = 0; tick < compiled.program.ticks; tick++) {
        run.run(tick, tick);
        compiled.countUpdates(tick);
        await compiled.send(this.samples, run, tick);
        yield tick;
      }
    } finally {
      this.byHand = false;
    }
  }

  /** Loss of the last presentation, as of its forward sweep. */
  async loss(): Promise<number> {
    const [values] = await this.presented.ran.read(['loss']);
    const loss = values![0]!;
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
        { optimiser: this.optimiser.name },
      );
    }
    const { gradients, ran } = this.presented;
    const values = await ran.read(gradients.map(gradientName));
    return new Map(gradients.map((id, i) => [id, values[i]!]));
  }

  /** Output of the graph for data, without learning. */
  async predict(feeds: Feeds): Promise<FloatArray> {
    return (await this.sweep([], feeds)).prediction;
  }

  /** Values of vertices for data, by id, without learning. */
  async activations(
    ids: readonly string[],
    feeds: Feeds,
  ): Promise<Map<string, FloatArray>> {
    this.sweeps.check(ids);
    return (await this.sweep(ids, feeds)).activations;
  }

  /** Shape of a parameter, of one that the rule adds too. */
  shapeOf(id: string): Shape {
    return this.parameters.shapeOf(id);
  }

  /** Present values of a parameter, row-major. Throws OptionError. */
  async parameter(id: string): Promise<FloatArray> {
    this.checkExists();
    return this.parameters.read(id);
  }

  /**
   * Present values of all parameters by id, of those that the rule adds too.
   */
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
    this.sweeps.free();
    this.samples.complete();
  }

  /** Frees the parameters, which others may share. */
  protected override release(): void {
    this.sweeps.free();
    this.parameters.free();
  }

  /** Records one presentation as the rule drives it; nothing is run. */
  record(): Presentation {
    const { mode, optimiser } = this;
    const probes = this.samples.watched.map(({ what }) => what.probe);
    const options = { mode, optimiser, probes };
    return recordPresentation(this.levelled, this.rule, options);
  }

  private watch(probe: Probe, shape: Shape): Observable<Sample> {
    return this.samples.stream(probeOutput(probe, 0), { probe, shape });
  }

  /** What is destroyed: itself, or the owner of its parameters. */
  protected override get gone(): string | null {
    const shared = this.parameters.isFree;
    return (
      super.gone ?? (shared ? 'simulation whose parameters it shares' : null)
    );
  }

  /** No other work while a presentation is run by hand. Throws OptionError. */
  protected override checkReady(): void {
    super.checkReady();
    if (this.byHand) {
      throw new OptionError(
        'A presentation is being run by hand: finish its ticks() first',
        { presentations: this.parameters.presentations },
      );
    }
  }

  private sweep(ids: readonly string[], feeds: Feeds) {
    return this.inTurn(() =>
      this.sweeps.run(
        ids,
        inputFeeds(this.graph, this.levelled, feeds, this.backend.dtype),
        (program) => this.compile(program, this.parameters.memory),
      ),
    );
  }

  private async present(feeds: Feeds): Promise<void> {
    const { compiled, run } = await this.prepare();
    this.feedAll(compiled, run, feeds);
    run.run();
    compiled.countUpdates();
    await compiled.send(this.samples, run);
    await run.backlog?.();
  }

  /** What was last presented, to read from. */
  private get presented() {
    this.checkExists();
    const { gradients = [], ran } = this.ready ?? {};
    if (ran) return { gradients, ran };
    throw new OptionError('Nothing was presented yet: run a step first', {
      presentations: this.parameters.presentations,
    });
  }

  /** A presentation, recorded for what is watched now. */
  protected override async build(): Promise<Compiled> {
    return new Compiled(this.record(), this.parameters, this.optimiser);
  }

  private async prepare(form: Form = 'whole') {
    this.stale ||= this.ready?.sharesRates === false;
    const compiled = await this.built();
    const options = { stepwise: form === 'stepwise' };
    const run = await compiled.as(form, () =>
      this.compile(compiled.program, this.parameters.memory, options),
    );
    this.checkExists();
    return { compiled, run };
  }

  private feedAll(compiled: Compiled, run: Executable, feeds: Feeds): void {
    const { graph, levelled, parameters, rule, backend } = this;
    const { seed, presentations: presentation } = parameters;
    const noise = { sigma: rule.sigma, seed, presentation };
    const values = presentationFeeds(
      graph,
      levelled,
      feeds,
      noise,
      backend.dtype,
    );
    for (const [name, data] of values) run.feed(name, data);
    compiled.feedRates(run);
    compiled.ran = run;
    parameters.presentations += 1;
  }
}

/**
 * Opens a simulation on a backend, which closes with it unless it was given
 * open.
 *
 *     const options = { rule: zil(), optimiser: adam() };
 *     const simulation = await simulate(graph, options);
 *     const { loss } = await simulation.step({ x, target });
 *     simulation.destroy();
 *
 * @throws OptionError, DeviceMissingError
 */
export async function simulate(
  graph: Graph,
  options: SimulationOptions & OnBackend,
): Promise<Simulation> {
  const { dtype: _, ...rest } = simulateOptions.read(options);
  return openSession(options, (backend) =>
    Simulation.open(graph, { ...rest, backend }),
  );
}
