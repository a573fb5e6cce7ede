import { OptionError, show } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import {
  checkNames,
  type FieldsOf,
  flag,
  isFunction,
  isObject,
  made,
  maybe,
  number,
  Schema,
  text,
} from '../base/schema.ts';
import {
  checkModel,
  constantsOf,
  isSpiking,
  outputsOf,
  type PopulationModel,
} from './model.ts';
import type { Plasticity } from './plasticity.ts';
import {
  type EventsOptions,
  eventsFields,
  eventsSource,
  type LiveOptions,
  liveFields,
  type SamplesOptions,
  type SourceContext,
  samplesFields,
  samplesSource,
} from './stimuli.ts';
import {
  allToAll,
  checkSynapses,
  type Delays,
  type Pattern,
  type PerSynapse,
} from './synapses.ts';
import { isDrawn, type PerNeuron, perNeuron } from './values.ts';

/** Options of `Network.population`. */
export interface PopulationOptions {
  /** Parameters that are not as the model has them, by name. */
  readonly parameters?: Readonly<Record<string, PerNeuron>>;
  /** Where state variables start, by name; as the model has it if not given. */
  readonly start?: Readonly<Record<string, PerNeuron>>;
  /**
   * What graded outputs were at all ticks before the first, by name. Default 0.
   */
  readonly history?: Readonly<Record<string, PerNeuron>>;
  /** Height in pictures. */
  readonly level?: number;
}

/** What a source gives, and how it was asked for. */
export type Source =
  | { readonly kind: 'samples'; readonly options: SamplesOptions }
  | { readonly kind: 'events'; readonly options: EventsOptions }
  | { readonly kind: 'live'; readonly options: LiveOptions };

/** A population: neurons of one model, or a source. */
export interface Population {
  /** Its name, unique in the network. */
  readonly name: string;
  /** Neurons of one trial. */
  readonly size: number;
  /** What its neurons compute; of a source nothing. */
  readonly model: PopulationModel;
  /** What it gives, if it is a source; null for neurons. */
  readonly source: Source | null;
  /** The options that it was made with. */
  readonly options: PopulationOptions;
  /** Whether it sends spikes. */
  readonly spiking: boolean;
  /** Names of what it sends by value, the usual one first. */
  readonly outputs: readonly string[];
}

/** Options of `Network.project`. */
export interface ProjectionOptions {
  /** Which neurons are joined. Default `allToAll()`. */
  readonly pattern?: Pattern;
  /**
   * Weights, finite numbers in the units of the target's port. Default 1, or
   * what the pattern brings.
   */
  readonly weight?: PerSynapse;
  /**
   * In ms. What is sent at tick n over d ticks arrives at n + d. 0 arrives in
   * the same tick, and may not close a loop.
   */
  readonly delay: Delays;
  /**
   * Delays that are no multiples of dt: the nearest tick, not an error. Default
   * false.
   */
  readonly round?: boolean;
  /** Where it arrives. Default the model's first port. */
  readonly port?: string;
  /**
   * What is sent: 'spikes', or a graded output by name. Default 'spikes' of a
   * population that spikes, else its first output.
   */
  readonly output?: string;
  /** Its name, unique in the network. Default FROM->TO. */
  readonly name?: string;
  /** How its weights change; without it they stay. */
  readonly plasticity?: Plasticity;
}

/** A projection as the recipe has it. */
export interface Projection extends ProjectionOptions {
  /** Its name, unique in the network. */
  readonly name: string;
  /** Which neurons are joined. */
  readonly pattern: Pattern;
  /** The population that sends. */
  readonly from: Population;
  /** The population in which it arrives. */
  readonly to: Population;
  /** Where it arrives. */
  readonly port: string;
  /** What is sent: 'spikes', or a graded output by name. */
  readonly output: string;
}

/** What a network is made with. */
export interface NetworkRecipe {
  /** Length of a tick in ms, a number above 0. */
  readonly dt: number;
}

const networkOptions = new Schema('A network', {
  dt: number({ above: 0, unit: 'ms' }),
} satisfies FieldsOf<NetworkRecipe>);

/** Values by names, checked one by one when the names are known. */
const byName = maybe<Readonly<Record<string, PerNeuron>>>(
  'values by name',
  isObject,
);

const populationFields = {
  parameters: byName,
  start: byName,
  history: byName,
  level: number({ optional: true }),
} satisfies FieldsOf<PopulationOptions>;

const projectionFields = {
  pattern: maybe(
    'one such as oneToOne() or random({ probability: 0.1 })',
    isFunction,
  ),
  weight: maybe('weights', () => true),
  delay: made('delays', () => true, { unit: 'ms' }),
  round: flag(),
  port: text({ optional: true }),
  output: text({ optional: true }),
  name: text({ optional: true }),
  plasticity: maybe('a rule such as stdp({ ... })', isObject),
} satisfies FieldsOf<ProjectionOptions>;

/** Names that stand before / and @ in memory. */
const NAME = /^[^\s/@][^/@]*$/;

const SILENT: PopulationModel = {
  name: 'source',
  ports: [],
  parameters: {},
  state: {},
  update: {},
};

/**
 * The recipe of a delayed network: populations and sources, joined by
 * projections with delays. It says what there is and computes nothing;
 * `openNetwork` makes a run of it. What is wrong is told where it is added.
 *
 *     const network = new Network({ dt: 0.1 });
 *     const input = network.events('input', 1, { times: [[1, 5]] });
 *     const cells = network.population('cells', 10, lif);
 *     network.project(input, cells, { weight: 2, delay: 1.5 });
 */
export class Network {
  /** Length of a tick in ms. */
  readonly dt: number;
  private readonly byName = new Map<string, Population>();
  private readonly joined = new Map<string, Projection>();
  private sealed = false;

  /** @throws OptionError */
  constructor(options: NetworkRecipe) {
    this.dt = networkOptions.read(options).dt;
  }

  /** Populations and sources, in the order in which they were added. */
  get populations(): readonly Population[] {
    return [...this.byName.values()];
  }

  /** Projections, in the order in which they were added. */
  get projections(): readonly Projection[] {
    return [...this.joined.values()];
  }

  /**
   * Neurons of a model: `size` of them in each trial. Throws OptionError,
   * GraphError, NonFiniteError.
   */
  population(
    name: string,
    size: number,
    model: PopulationModel,
    options: PopulationOptions = {},
  ): Population {
    checkModel(model);
    new Schema(`Population "${name}"`, populationFields).read(options);
    const population: Population = {
      ...{ name, size, model, options, source: null },
      spiking: isSpiking(model),
      outputs: outputsOf(model),
    };
    return this.add(population, () => this.checkNumbers(population));
  }

  /** A source of graded values. Throws OptionError, DelayError, NonFiniteError. */
  samples(name: string, size: number, options: SamplesOptions): Population {
    const what = `Samples "${name}"`;
    new Schema(what, samplesFields).read(options);
    checkEither(what, options.values, options.trials, 'values');
    const source: Source = { kind: 'samples', options };
    return this.addSource(name, size, source, (context) =>
      samplesSource({ name, size }, options, context),
    );
  }

  /** A source of spikes at given times. Throws OptionError, DelayError. */
  events(name: string, size: number, options: EventsOptions): Population {
    const what = `Events "${name}"`;
    new Schema(what, eventsFields).read(options);
    checkEither(what, options.times, options.trials, 'times');
    const source: Source = { kind: 'events', options };
    return this.addSource(name, size, source, (context) =>
      eventsSource({ name, size }, options, context),
    );
  }

  /** A source that listens to an observable on the run's clock. Throws OptionError. */
  live(name: string, size: number, options: LiveOptions): Population {
    new Schema(`Live source "${name}"`, liveFields).read(options);
    return this.addSource(name, size, { kind: 'live', options });
  }

  /**
   * Joins two populations. What depends on draws or on a function of the pair
   * is checked when a run is opened.
   *
   * @throws OptionError, DelayError, NonFiniteError
   */
  project(
    from: Population | string,
    to: Population | string,
    options: ProjectionOptions,
  ): Projection {
    this.checkOpen();
    const source = this.find(from);
    const target = this.find(to);
    const what = `Projection from "${source.name}" to "${target.name}"`;
    if (options?.delay === undefined || options.delay === null) {
      throw new OptionError(
        `${what} has no delay: give one in ms, 0 for none`,
        { of: what, name: 'delay' },
      );
    }
    const own = new Schema(what, projectionFields).read(options);
    if (target.source) {
      throw new OptionError(
        `${what}: "${target.name}" is a source, nothing arrives there: give a ` +
          'population of neurons',
        { of: what, name: 'to', value: target.name },
      );
    }
    const { ports, name: model } = target.model;
    const port = own.port ?? ports[0];
    if (port === undefined || !ports.includes(port)) {
      throw new OptionError(
        `${what}: model "${model}" has no port ${show(port)}, it has ` +
          (ports.join(', ') || 'none'),
        { of: what, name: 'port', value: port, allowed: ports },
      );
    }
    const sent = [...(source.spiking ? ['spikes'] : []), ...source.outputs];
    const output = own.output ?? sent[0];
    if (output === undefined || !sent.includes(output)) {
      throw new OptionError(
        sent.length === 0
          ? `${what}: "${source.name}" sends nothing, its model has neither a ` +
              'spike nor outputs'
          : `${what}: "${source.name}" sends no ${show(output)}, it sends ` +
              sent.join(', '),
        { of: what, name: 'output', value: output, allowed: sent },
      );
    }
    checkPlasticity(what, options, source, target, output);
    const name = own.name ?? this.freeName(`${source.name}->${target.name}`);
    checkName('projection', name, this.joined);
    const projection: Projection = {
      ...options,
      ...{ pattern: own.pattern ?? allToAll(), name, port, output },
      ...{ from: source, to: target },
    };
    checkSynapses(projection, this.dt);
    this.joined.set(name, projection);
    return projection;
  }

  /** A population by name. Throws OptionError. */
  find(population: Population | string): Population {
    const name = typeof population === 'string' ? population : population?.name;
    const found = this.byName.get(name);
    if (found && (typeof population === 'string' || population === found)) {
      return found;
    }
    throw new OptionError(
      `No population ${show(name)} in this network: there are ` +
        ([...this.byName.keys()].join(', ') || 'none'),
      { name },
    );
  }

  /** A projection by name. Throws OptionError. */
  projection(name: string): Projection {
    const found = this.joined.get(name);
    if (found) return found;
    throw new OptionError(
      `No projection ${show(name)} in this network: there are ` +
        ([...this.joined.keys()].join(', ') || 'none'),
      { name },
    );
  }

  /** @internal A run has been opened: what it is made of stays. */
  seal(): void {
    this.sealed = true;
  }

  private checkOpen(): void {
    if (!this.sealed) return;
    throw new OptionError(
      'This network has been opened, so it takes nothing more: build another',
      { populations: [...this.byName.keys()] },
    );
  }

  /** `make` makes it for all its trials, which checks them. */
  private addSource(
    name: string,
    size: number,
    source: Source,
    make: (context: SourceContext) => unknown = () => null,
  ): Population {
    const { kind, options } = source;
    const spiking =
      kind === 'events' ||
      (kind === 'live' && source.options.kind === 'spiking');
    const { level } = options;
    const trials = ('trials' in options && options.trials?.length) || 1;
    return this.add(
      {
        ...{ name, size, model: SILENT, source, spiking },
        options: level === undefined ? {} : { level },
        outputs: spiking ? [] : ['y'],
      },
      () => make({ dt: this.dt, trials, firstTrial: 0 }),
    );
  }

  private add(population: Population, check: () => unknown): Population {
    this.checkOpen();
    const { name, size } = population;
    checkName('population', name, this.byName);
    if (!Number.isInteger(size) || size < 1) {
      throw new OptionError(
        `Population "${name}" of ${show(size)}: give a number of neurons >= 1`,
        { of: name, name: 'size', value: size },
      );
    }
    check();
    this.byName.set(name, population);
    return population;
  }

  /** Checks the numbers that neither draws nor functions give. */
  private checkNumbers(population: Population): void {
    const { name, size, model, options } = population;
    const known = [
      ['parameters', Object.keys(model.parameters), 'Parameter'],
      ['start', Object.keys(model.state), 'Start of'],
      ['history', population.outputs, 'History of'],
    ] as const;
    const numbers = (what: string, given: PerNeuron) =>
      perNeuron(what, given, size, new Random(0));
    const isOpen = (given: unknown) => isFunction(given) || isDrawn(given);
    for (const [part, names, what] of known) {
      const given = options[part] ?? {};
      checkNames(`${part} of population "${name}"`, given, names);
      for (const [each, value] of Object.entries(given)) {
        if (value === undefined || isFunction(value)) continue;
        numbers(`${what} ${each} of "${name}"`, value);
      }
    }
    if (Object.values(options.parameters ?? {}).some(isOpen)) return;
    constantsOf(population, this.dt, numbers);
  }

  private freeName(name: string): string {
    if (!this.joined.has(name)) return name;
    for (let n = 2; ; n++) {
      if (!this.joined.has(`${name}#${n}`)) return `${name}#${n}`;
    }
  }
}

/** Checks a name of one's own among those that there are. */
function checkName(
  what: 'population' | 'projection',
  name: string,
  there: ReadonlyMap<string, unknown>,
): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new OptionError(
      `${what === 'population' ? 'Population' : 'Projection'} ${show(name)}: a ` +
        'name is a text without / and @',
      { of: what, name: 'name', value: name },
    );
  }
  if (!there.has(name)) return;
  throw new OptionError(`There is a ${what} "${name}" already`, {
    ...{ of: what, name: 'name', value: name },
  });
}

function checkPlasticity(
  what: string,
  { plasticity }: ProjectionOptions,
  from: Population,
  to: Population,
  output: string,
): void {
  if (!plasticity) return;
  if (plasticity.kind === 'stdp') {
    const why =
      output !== 'spikes' || !to.spiking
        ? 'needs spikes on both sides'
        : from.source?.kind === 'live'
          ? 'cannot learn from a live source: let it drive a population'
          : null;
    if (!why) return;
    throw new OptionError(`${what}: STDP ${why}`, {
      ...{ of: what, name: 'plasticity', value: 'stdp' },
    });
  }
  const post = plasticity.post ?? to.outputs[0];
  if (output === 'spikes' || from.source?.kind === 'live') {
    throw new OptionError(
      `${what}: this rule learns from values, of a population or of samples`,
      { of: what, name: 'plasticity', value: output },
    );
  }
  if (post === undefined || !to.outputs.includes(post)) {
    throw new OptionError(
      `${what}: "${to.name}" has no output ${show(post)} to learn from, it has ` +
        (to.outputs.join(', ') || 'none'),
      { of: what, name: 'plasticity', value: post, allowed: to.outputs },
    );
  }
}

function checkEither(
  what: string,
  one: unknown,
  many: unknown,
  name: string,
): void {
  if ((one === undefined) !== (many === undefined)) return;
  throw new OptionError(`${what}: give either ${name} or trials`, {
    ...{ of: what, name, value: one, allowed: [name, 'trials'] },
  });
}
