/**
 * The recipe of a delayed network: populations and sources, joined by
 * projections with delays. It says what there is and computes nothing; `openNetwork`
 * makes a run of it.
 */

import type { Observable } from 'rxjs';
import { OptionError, show } from '../base/errors.ts';
import { checkKeys } from '../base/options.ts';
import type { TickClock } from '../circuit/clock.ts';
import {
  checkModel,
  isSpiking,
  outputsOf,
  type PopulationModel,
} from './model.ts';
import type { Plasticity } from './plasticity.ts';
import {
  allToAll,
  type Delays,
  type Pattern,
  type PerSynapse,
} from './synapses.ts';
import { checkDt } from './time.ts';

/** A number, one for each neuron, a function of its index, or drawn. */
export type PerNeuron =
  | number
  | ArrayLike<number>
  | ((neuron: number) => number)
  | { readonly uniform: readonly [low: number, high: number] }
  | { readonly normal: readonly [mean: number, std: number] };

export interface PopulationOptions {
  /** Parameters that are not as the model has them. */
  readonly parameters?: Readonly<Record<string, PerNeuron>>;
  /** Where state variables start. */
  readonly start?: Readonly<Record<string, PerNeuron>>;
  /** What graded outputs were at all ticks before the first; 0 if not given. */
  readonly history?: Readonly<Record<string, PerNeuron>>;
  /** Height in pictures. */
  readonly level?: number;
}

/** Graded values given from outside, one for each neuron and sample. */
export interface SamplesOptions {
  /**
   * Sample after sample, all neurons of one together; or a function of the
   * time in ms (and the trial).
   */
  readonly values?:
    | ArrayLike<number>
    | ((time: number, trial: number) => number | ArrayLike<number>);
  /** The same for each of several trials. */
  readonly trials?: readonly ArrayLike<number>[];
  /** ms from sample to sample; dt if not given. */
  readonly interval?: number;
  /** After the last sample: 0, the last one for ever, or from the first on. */
  readonly after?: 'zero' | 'hold' | 'loop';
  readonly level?: number;
}

/** Spikes given from outside. */
export interface EventsOptions {
  /** Times in ms for each neuron. */
  readonly times?: readonly ArrayLike<number>[];
  /** The same for each of several trials. */
  readonly trials?: readonly (readonly ArrayLike<number>[])[];
  /** Times that are no multiples of dt: the nearest tick, not an error. */
  readonly round?: boolean;
  readonly level?: number;
}

/** What an observable on the run's clock emits, tick by tick. */
export interface LiveOptions {
  /**
   * Makes the stream. A graded source takes numbers (or arrays of one for
   * each neuron); a spiking one takes indices of neurons (or arrays of them).
   */
  readonly stream: (clock: TickClock) => Observable<number | ArrayLike<number>>;
  readonly kind: 'graded' | 'spiking';
  /** Graded values stay until the next; else they last one tick. */
  readonly hold?: boolean;
  readonly level?: number;
}

export type Source =
  | { readonly kind: 'samples'; readonly options: SamplesOptions }
  | { readonly kind: 'events'; readonly options: EventsOptions }
  | { readonly kind: 'live'; readonly options: LiveOptions };

/** A population: neurons of one model, or a source. */
export interface Population {
  readonly name: string;
  readonly size: number;
  readonly model: PopulationModel;
  readonly source: Source | null;
  readonly options: PopulationOptions;
  /** Whether it sends spikes. */
  readonly spiking: boolean;
  /** Names of what it sends by value, the usual one first. */
  readonly outputs: readonly string[];
}

export interface ProjectionOptions {
  /** Which neurons are joined; all if not given. */
  readonly pattern?: Pattern;
  /** 1, or what the pattern brings, if not given. */
  readonly weight?: PerSynapse;
  /**
   * In ms. What is sent at tick n over d ticks arrives at n + d. 0 arrives in
   * the same tick, and may not close a loop.
   */
  readonly delay: Delays;
  /** Delays that are no multiples of dt: the nearest tick, not an error. */
  readonly round?: boolean;
  /** Where it arrives; the model's first port if not given. */
  readonly port?: string;
  /**
   * What is sent: 'spikes', or a graded output by name. A population that
   * spikes sends spikes if not given.
   */
  readonly output?: string;
  /** Its name; FROM->TO if not given. */
  readonly name?: string;
  readonly plasticity?: Plasticity;
}

/** A projection as the recipe has it. */
export interface Projection extends ProjectionOptions {
  readonly name: string;
  readonly from: Population;
  readonly to: Population;
  readonly port: string;
  readonly output: string;
}

/** Names that stand before / and @ in memory. */
const NAME = /^[^\s/@][^/@]*$/;

const SILENT: PopulationModel = {
  name: 'source',
  ports: [],
  parameters: {},
  state: {},
  update: {},
};

export class Network {
  /** Length of a tick in ms. */
  readonly dt: number;
  private readonly byName = new Map<string, Population>();
  private readonly joined = new Map<string, Projection>();
  private sealed = false;

  constructor(options: { dt: number }) {
    checkKeys('A network', options, ['dt']);
    this.dt = checkDt(options.dt);
  }

  get populations(): readonly Population[] {
    return [...this.byName.values()];
  }

  get projections(): readonly Projection[] {
    return [...this.joined.values()];
  }

  /** Neurons of a model. */
  population(
    name: string,
    size: number,
    model: PopulationModel,
    options: PopulationOptions = {},
  ): Population {
    checkModel(model);
    checkKeys(`Population "${name}"`, options, [
      'parameters',
      'start',
      'history',
      'level',
    ]);
    const known = {
      parameters: Object.keys(model.parameters),
      start: Object.keys(model.state),
      history: outputsOf(model),
    };
    for (const [what, names] of Object.entries(known)) {
      const given = options[what as keyof typeof known];
      checkKeys(`${what} of population "${name}"`, given ?? {}, names);
    }
    return this.add({
      name,
      size,
      model,
      source: null,
      options,
      spiking: isSpiking(model),
      outputs: outputsOf(model),
    });
  }

  /** A source of graded values. */
  samples(name: string, size: number, options: SamplesOptions): Population {
    checkKeys(`Samples "${name}"`, options, [
      'values',
      'trials',
      'interval',
      'after',
      'level',
    ]);
    checkOne(`Samples "${name}"`, options.values, options.trials, 'values');
    const source: Source = { kind: 'samples', options };
    return this.addSource(name, size, source, false);
  }

  /** A source of spikes at given times. */
  events(name: string, size: number, options: EventsOptions): Population {
    checkKeys(`Events "${name}"`, options, [
      'times',
      'trials',
      'round',
      'level',
    ]);
    checkOne(`Events "${name}"`, options.times, options.trials, 'times');
    const source: Source = { kind: 'events', options };
    return this.addSource(name, size, source, true);
  }

  /** A source that listens to an observable on the run's clock. */
  live(name: string, size: number, options: LiveOptions): Population {
    checkKeys(`Live source "${name}"`, options, [
      'stream',
      'kind',
      'hold',
      'level',
    ]);
    const { kind, stream } = options;
    if (typeof stream !== 'function' || !['graded', 'spiking'].includes(kind)) {
      throw new OptionError(
        `Live source "${name}" needs stream: (clock) => observable and kind: ` +
          "'graded' or 'spiking'",
      );
    }
    const source: Source = { kind: 'live', options };
    return this.addSource(name, size, source, kind === 'spiking');
  }

  /** Joins two populations. */
  project(
    from: Population | string,
    to: Population | string,
    options: ProjectionOptions,
  ): Projection {
    this.checkOpen();
    const source = this.find(from);
    const target = this.find(to);
    const what = `Projection from "${source.name}" to "${target.name}"`;
    checkKeys(what, options, [
      'pattern',
      'weight',
      'delay',
      'round',
      'port',
      'output',
      'name',
      'plasticity',
    ]);
    if (options.delay === undefined || options.delay === null) {
      throw new OptionError(`${what} has no delay: give one in ms, 0 for none`);
    }
    if (target.source) {
      throw new OptionError(
        `${what}: "${target.name}" is a source, nothing arrives there: give a ` +
          'population of neurons',
      );
    }
    const port = options.port ?? target.model.ports[0];
    if (port === undefined || !target.model.ports.includes(port)) {
      throw new OptionError(
        `${what}: model "${target.model.name}" has no port ${show(port)}, it ` +
          `has ${target.model.ports.join(', ') || 'none'}`,
      );
    }
    const sent = [...(source.spiking ? ['spikes'] : []), ...source.outputs];
    const output = options.output ?? sent[0];
    if (output === undefined || !sent.includes(output)) {
      throw new OptionError(
        sent.length === 0
          ? `${what}: "${source.name}" sends nothing, its model has neither a ` +
              'spike nor outputs'
          : `${what}: "${source.name}" sends no ${show(output)}, it sends ` +
              sent.join(', '),
      );
    }
    checkPlasticity(what, options, source, target, output);
    const name =
      options.name ?? this.freeName(`${source.name}->${target.name}`);
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new OptionError(
        `Projection ${show(name)}: a name is a text without / and @`,
      );
    }
    if (this.joined.has(name)) {
      throw new OptionError(`There is a projection "${name}" already`, {
        name,
      });
    }
    const pattern = options.pattern ?? allToAll();
    if (typeof pattern !== 'function') {
      throw new OptionError(
        `${what}: pattern ${show(pattern)} is none, give one such as oneToOne() ` +
          'or random({ probability: 0.1 })',
      );
    }
    const projection: Projection = {
      ...options,
      pattern,
      name,
      from: source,
      to: target,
      port,
      output,
    };
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
    );
  }

  private addSource(
    name: string,
    size: number,
    source: Source,
    spiking: boolean,
  ): Population {
    const { level } = source.options;
    return this.add({
      name,
      size,
      model: SILENT,
      source,
      options: level === undefined ? {} : { level },
      spiking,
      outputs: spiking ? [] : ['y'],
    });
  }

  private add(population: Population): Population {
    this.checkOpen();
    const { name, size } = population;
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new OptionError(
        `Population ${show(name)}: a name is a text without / and @`,
      );
    }
    if (this.byName.has(name)) {
      throw new OptionError(`There is a population "${name}" already`, {
        name,
      });
    }
    if (!Number.isInteger(size) || size < 1) {
      throw new OptionError(
        `Population "${name}" of ${show(size)}: give a number of neurons >= 1`,
        { name, size },
      );
    }
    this.byName.set(name, population);
    return population;
  }

  private freeName(name: string): string {
    if (!this.joined.has(name)) return name;
    for (let n = 2; ; n++) {
      if (!this.joined.has(`${name}#${n}`)) return `${name}#${n}`;
    }
  }
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
    if (why) throw new OptionError(`${what}: STDP ${why}`);
    return;
  }
  const post = plasticity.post ?? to.outputs[0];
  if (output === 'spikes' || from.source?.kind === 'live') {
    throw new OptionError(
      `${what}: this rule learns from values, of a population or of samples`,
    );
  }
  if (post === undefined || !to.outputs.includes(post)) {
    throw new OptionError(
      `${what}: "${to.name}" has no output ${show(post)} to learn from, it has ` +
        (to.outputs.join(', ') || 'none'),
    );
  }
}

function checkOne(
  what: string,
  one: unknown,
  many: unknown,
  name: string,
): void {
  if ((one === undefined) !== (many === undefined)) return;
  throw new OptionError(`${what}: give either ${name} or trials`);
}
