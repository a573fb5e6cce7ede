import { OptionError } from '../base/errors.ts';
import { seed } from '../base/random.ts';
import { type FieldsOf, isFunction, maybe, Schema } from '../base/schema.ts';
import { type Shape, sameShape, shapeText, sizeOf } from '../base/tensor.ts';
import type { Network, Population, Projection } from '../network/network.ts';
import { makeSynapses, type Synapses } from '../network/synapses.ts';
import { shortest } from '../network/time.ts';
import { added, metadataOf, origins } from './convert.ts';
import { type Core, coreOf, MOST_WEIGHTS } from './cores.ts';
import type { NirGraph, NirNode } from './graph.ts';
import { seconds } from './models.ts';

/** Options of `networkToNir`. */
export interface ToNirOptions {
  /** Synapses as a run has them (run.synapses); else they are drawn. */
  readonly synapses?: (projection: string) => Synapses;
  /** Seed of what is drawn, as of the run. Default 1. */
  readonly seed?: number;
}

const toOptions = new Schema('networkToNir', {
  synapses: maybe('a function', isFunction),
  seed,
} satisfies FieldsOf<ToNirOptions>);

/**
 * A network as a NIR graph. A population becomes the node of its model, a
 * projection Linear (its weights) and Delay between two nodes, or an edge
 * alone where it neither weighs nor delays. Not kept, since a graph has no
 * place for them: what sources give, dt, and heights in pictures.
 *
 * Populations that can be told: LIF and the other models of models.ts,
 * `lif` where all arrives on its port `current` and nothing is refractory,
 * `leaky()` (as LI), `relay` (as Scale), and sources (as Input). Delays of a
 * projection: one Delay behind the Linear; where they depend on the source
 * alone, one before it; else a Linear and a Delay for each. Populations that
 * nobody reads get an Output. A network made by `networkFromNir` gives its
 * graph back, without nesting: same nodes, edges and parameters.
 *
 * @throws OptionError, which names the population or projection, for other
 * models, plasticity, trials, starts and histories that are not NIR's
 */
export function networkToNir(
  network: Network,
  options: ToNirOptions = {},
): NirGraph {
  const { seed, synapses } = toOptions.read(options);
  const writer = new Writer(network, seed, synapses);
  return writer.write();
}

/** Where an edge may start or end. */
interface End {
  readonly name: string;
  readonly shape: Shape;
}

class Writer {
  readonly #network: Network;
  readonly #seed: number;
  readonly #given: ToNirOptions['synapses'];
  readonly #nodes = new Map<string, NirNode>();
  readonly #edges: [string, string][] = [];
  readonly #joined = new Set<string>();
  #weights = 0;

  constructor(network: Network, seed: number, given: ToNirOptions['synapses']) {
    this.#network = network;
    this.#seed = seed;
    this.#given = given;
  }

  write(): NirGraph {
    const { populations, projections } = this.#network;
    const cores = new Map<Population, Core>();
    for (const population of populations) {
      const arriving = projections.filter(({ to }) => to === population);
      for (const projection of arriving) check(projection);
      const whole = arriving.every((each) => this.#asMade(each));
      const core = coreOf(population, arriving, whole, this.#seed);
      cores.set(population, core);
      this.#nodes.set(population.name, core.node);
    }
    for (const projection of projections) {
      const from = cores.get(projection.from) as Core;
      const to = cores.get(projection.to) as Core;
      const source = { name: projection.from.name, shape: from.output };
      const target = { name: projection.to.name, shape: to.input };
      if (to.mapped) {
        const extra = added.get(projection) as number;
        const late = this.#delay(projection.name, source, extra);
        this.#join(late, target, projection);
      } else this.#project(projection, source, target);
    }
    for (const population of populations) {
      const { name } = population;
      const { output, node } = cores.get(population) as Core;
      const read = projections.some(({ from }) => from === population);
      if (read || node.type === 'Output' || origins.has(population)) continue;
      const out = this.#add(`${name}.out`, { type: 'Output', shape: output });
      this.#edges.push([name, out]);
    }
    const metadata = metadataOf.get(this.#network);
    return {
      nodes: this.#nodes,
      edges: this.#edges,
      ...(metadata ? { metadata } : {}),
    };
  }

  /** Whether it has the synapses of the edge that it was made of. */
  #asMade(projection: Projection): boolean {
    if (!added.has(projection)) return false;
    if (!this.#given) return true;
    const now = this.#given(projection.name);
    const made = this.#drawn(projection);
    return (['pre', 'post', 'weight', 'delay'] as const).every(
      (part) =>
        now[part].length === made[part].length &&
        now[part].every((value, i) => value === made[part][i]),
    );
  }

  #drawn(projection: Projection): Synapses {
    return makeSynapses(projection, this.#network.dt, this.#seed);
  }

  /** Nodes and edges of synapses between two populations. */
  #project(projection: Projection, source: End, target: End): void {
    const synapses = this.#given?.(projection.name) ?? this.#drawn(projection);
    const { name, from, to } = projection;
    const { pre, delay } = synapses;
    const distinct = [...new Set(delay)].sort((a, b) => a - b);
    const identity =
      from.size === to.size &&
      pre.length === from.size &&
      pre.every((i, s) => i === s && synapses.post[s] === s) &&
      synapses.weight.every((weight) => weight === 1);
    const bySource = delaysBySource(synapses, from.size);
    if (bySource && (distinct.length > 1 || identity)) {
      const late = this.#delay(name, source, bySource);
      const end = identity
        ? late
        : this.#linear(name, synapses, null, late, projection);
      this.#join(end, target, projection);
      return;
    }
    for (const ticks of distinct.length > 0 ? distinct : [0]) {
      const branch = distinct.length > 1 ? `${name}.${ticks}` : name;
      const each = distinct.length > 1 ? ticks : null;
      const end = this.#linear(branch, synapses, each, source, projection);
      this.#join(this.#delay(branch, end, ticks), target, projection);
    }
  }

  /** A node of the weights, of one delay or (null) of all. */
  #linear(
    name: string,
    { pre, post, weight, delay }: Synapses,
    ticks: number | null,
    source: End,
    { name: projection, from, to }: Projection,
  ): End {
    this.#weights += from.size * to.size;
    if (this.#weights > MOST_WEIGHTS) {
      throw new OptionError(
        `Projection "${projection}" from ${from.size} to ${to.size} neurons ` +
          `brings the network over ${MOST_WEIGHTS} numbers: NIR has dense ` +
          'weights only, one matrix for each delay; write a smaller network ' +
          'or fewer delays',
        { projection },
      );
    }
    const data = new Float64Array(from.size * to.size);
    for (let s = 0; s < pre.length; s++) {
      if (ticks !== null && delay[s] !== ticks) continue;
      data[post[s]! * from.size + pre[s]!]! += weight[s]!;
    }
    const flat = this.#flat(source);
    const shape = [to.size, from.size];
    const node: NirNode = { type: 'Linear', weight: { shape, data } };
    const end = this.#add(name, node);
    this.#edges.push([flat.name, end]);
    return { name: end, shape: [to.size] };
  }

  /** A Delay behind an end, of the same ticks for all or one for each. */
  #delay(name: string, source: End, ticks: number | readonly number[]): End {
    const { shape } = source;
    const { dt } = this.#network;
    const size = sizeOf(shape);
    const list = typeof ticks === 'number' ? Array(size).fill(ticks) : ticks;
    if (list.every((n) => n === 0)) return source;
    const data = Float64Array.from(list, (n) => seconds(shortest(n * dt)));
    const node: NirNode = { type: 'Delay', delay: { shape, data } };
    const end = this.#add(`${name}.delay`, node);
    this.#edges.push([source.name, end]);
    return { name: end, shape };
  }

  /** An end as one axis. */
  #flat(end: End): End {
    const { shape, name } = end;
    if (shape.length === 1) return end;
    const size = sizeOf(shape);
    const flatName = `${name}.flat`;
    if (!this.#joined.has(flatName)) {
      this.#joined.add(flatName);
      this.#add(flatName, {
        type: 'Flatten',
        start_dim: 0,
        end_dim: shape.length - 1,
        input_type: shape,
      });
      this.#edges.push([name, flatName]);
    }
    return { name: flatName, shape: [size] };
  }

  /** An edge; NIR has one between two nodes at most. */
  #join(from: End, to: End, { name }: Projection): void {
    const end = sameShape(from.shape, to.shape) ? from : this.#flat(from);
    if (!sameShape(end.shape, to.shape)) {
      throw new OptionError(
        `Projection "${name}" gives ${shapeText(end.shape)} but node ` +
          `"${to.name}" takes ${shapeText(to.shape)}, and NIR has no node that ` +
          'gives a shape back: use populations that were not made of nodes ' +
          'with several axes',
        { projection: name },
      );
    }
    const key = JSON.stringify([end.name, to.name]);
    if (!this.#joined.has(key)) {
      this.#joined.add(key);
      this.#edges.push([end.name, to.name]);
      return;
    }
    const size = sizeOf(end.shape);
    const data = new Float64Array(size).fill(1);
    const scale: NirNode = { type: 'Scale', scale: { shape: end.shape, data } };
    const between = this.#add(name, scale);
    this.#edges.push([end.name, between], [between, to.name]);
  }

  /** Adds a node under a name that no other has; returns the name. */
  #add(wanted: string, node: NirNode): string {
    const base = wanted.replace(/[/@]/g, '_').replace(/^\s/, '_');
    const { populations } = this.#network;
    const taken = (name: string) =>
      this.#nodes.has(name) || populations.some((each) => each.name === name);
    let name = base;
    for (let n = 2; taken(name); n++) name = `${base}#${n}`;
    this.#nodes.set(name, node);
    return name;
  }
}

/** Ticks by source if they depend on it alone, else null. */
function delaysBySource(
  { pre, delay }: Synapses,
  sources: number,
): number[] | null {
  if (pre.length === 0) return null;
  // A source without synapses must not open a way without delay.
  const least = delay.reduce((a, b) => Math.min(a, b));
  const ticks = new Array<number>(sources).fill(-1);
  for (let s = 0; s < pre.length; s++) {
    if (ticks[pre[s]!]! >= 0 && ticks[pre[s]!] !== delay[s]) return null;
    ticks[pre[s]!] = delay[s]!;
  }
  return ticks.map((n) => (n < 0 ? least : n));
}

function check(projection: Projection): void {
  const { name, from, output, plasticity } = projection;
  const fail = (why: string): never => {
    throw new OptionError(`Projection "${name}" ${why}`, { projection: name });
  };
  if (plasticity) {
    const rule = plasticity.kind === 'stdp' ? 'STDP' : 'a rule';
    fail(
      `learns by ${rule}, which NIR cannot say: write it without plasticity`,
    );
  }
  const usual = from.spiking ? 'spikes' : from.outputs[0];
  if (output !== usual) {
    fail(
      `sends ${output} of "${from.name}", but a node of NIR sends one thing, ` +
        `${usual}: send that`,
    );
  }
}
