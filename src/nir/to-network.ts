import { DelayError, OptionError, show } from '../base/errors.ts';
import {
  type FieldsOf,
  flag,
  isFunction,
  isObject,
  maybe,
  number,
  Schema,
} from '../base/schema.ts';
import { sizeOf, type Tensor } from '../base/tensor.ts';
import { relay } from '../network/models.ts';
import {
  Network,
  type Population,
  type ProjectionOptions,
} from '../network/network.ts';
import type { EventsOptions, SamplesOptions } from '../network/stimuli.ts';
import { oneToOne } from '../network/synapses.ts';
import { shortest, ticksOf } from '../network/time.ts';
import { added, metadataOf, origins } from './convert.ts';
import { type FlatGraph, type FlatNode, flatten } from './flat.ts';
import { ELEMENTWISE, type NirGraph, nodeText } from './graph.ts';
import { type ClosingEdge, closingEdges } from './loops.ts';
import { biasOf, mapOf, type NodeMap } from './maps.ts';
import { milliseconds, nirAffine, nirModels, seconds } from './models.ts';

/** Options of `networkFromNir`. */
export interface FromNirOptions {
  /** Length of a tick in ms, above 0; times in the graph are in seconds. */
  readonly dt: number;
  /** What the Inputs give, by name; zeros, with a warning, if not given. */
  readonly inputs?: Readonly<Record<string, SamplesOptions | EventsOptions>>;
  /**
   * Delays that are no multiples of dt: the nearest tick, not an error. Default
   * false.
   */
  readonly round?: boolean;
  /** Loops without delay get one dt on the edge that closes them. Default false. */
  readonly closeLoops?: boolean;
  /** Takes what was assumed, rounded or put on, one line each. */
  readonly onWarning?: (text: string) => void;
}

const fromOptions = new Schema('networkFromNir', {
  dt: number({ above: 0, unit: 'ms' }),
  inputs: maybe('what the Inputs give, by name', isObject),
  round: flag(),
  closeLoops: flag(),
  onWarning: maybe('a function', isFunction),
} satisfies FieldsOf<FromNirOptions>);

/**
 * A NIR graph as a network. Every node becomes one population of its name;
 * those of nested graphs are GRAPH.NODE. Neurons are those of models.ts; a node
 * without neurons becomes a relay of what it gives, and its linear map becomes
 * the synapses of the edges that lead into it, with no delay. An edge from
 * neurons that spike carries spikes, any other values. A Delay becomes a relay
 * whose incoming edges are delayed. `networkToNir` gives the graph back.
 *
 * @throws FormatError for a graph that is none; DelayError for a loop without
 * delay (it names the loop) and for delays that are no multiples of dt;
 * OptionError, which names the node, for what a network cannot express
 */
export function networkFromNir(
  graph: NirGraph,
  options: FromNirOptions,
): Network {
  const own = fromOptions.read(options);
  const { dt, inputs = {}, onWarning: warn = () => undefined } = own;
  const network = new Network({ dt });
  const flat = flatten(graph, warn);
  const delays = delaysOf(flat, dt, own.round, warn);
  checkInputs(flat, inputs);
  const maps = new Map<string, NodeMap | null>();
  for (const [name, { node, shapes }] of flat.nodes) {
    maps.set(name, mapOf(node, shapes));
  }
  const closing = loopsOf(flat, maps, delays);
  if (closing.length > 0 && !own.closeLoops) {
    const { loop } = closing[0]!;
    throw new DelayError(
      `The loop ${loop.join(' -> ')} of the NIR graph has no delay: put a ` +
        'Delay in it, or let closeLoops: true (--close-loops) put one dt on ' +
        'the edge that closes it',
      { loop },
    );
  }

  const fed = new Set(flat.edges.map(([, to]) => to));
  for (const flatNode of flat.nodes.values()) {
    const population = populate(network, flatNode, inputs, fed, warn);
    origins.set(population, exact(flatNode, delays, dt));
  }
  const closes = new Map(closing.map((each) => [each.edge, each.loop]));
  flat.edges.forEach(([from, to], i) => {
    const extra = closes.has(i) ? 1 : 0;
    if (extra > 0) {
      warn(
        `Edge ${from} -> ${to} got a delay of one dt, ${dt} ms: it closes the ` +
          `loop ${closes.get(i)?.join(' -> ')}, which had none`,
      );
    }
    const map = maps.get(to) ?? null;
    const late = delays.get(to)?.map((ticks) => ticks + extra) ?? [extra];
    const projection = network.project(from, to, {
      ...(map === null ? { pattern: oneToOne() } : synapses(map)),
      delay: msOf(late, dt)!,
    });
    added.set(projection, extra);
  });
  if (graph.metadata) metadataOf.set(network, graph.metadata);
  return network;
}

/** A map as it stands in a projection; one weight for all where it is. */
function synapses({
  pre,
  post,
  weight,
}: NodeMap): Pick<ProjectionOptions, 'pattern' | 'weight'> {
  const same = weight.length > 0 && weight.every((w) => w === weight[0]);
  return {
    pattern: () => ({ pre, post }),
    weight: same ? weight[0] : weight,
  };
}

function msOf(ticks: readonly number[], dt: number) {
  const ms = ticks.map((n) => shortest(n * dt));
  return ms.every((each) => each === ms[0]) ? ms[0] : { perSource: ms };
}

/** Ticks of the Delay nodes, by name. */
function delaysOf(
  { nodes }: FlatGraph,
  dt: number,
  round: boolean,
  warn: (text: string) => void,
): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [name, { path, node }] of nodes) {
    if (node.type !== 'Delay') continue;
    const ticks: number[] = [];
    let off = 0;
    for (const delay of Array.from(node.delay.data)) {
      const ms = milliseconds(delay);
      const what = `Delay of ${nodeText(path, node.type)}`;
      const n = ticksOf(what, ms, dt, { round });
      ticks.push(n);
      off = Math.max(off, Math.abs(shortest(n * dt) - ms));
    }
    // What float32 cannot hold is no rounding of ours.
    if (off > 1e-6 * dt * Math.max(1, ...ticks)) {
      warn(
        `${nodeText(path, node.type)} has delays rounded to multiples of ` +
          `${dt} ms, by ${shortest(off)} ms at most`,
      );
    }
    found.set(name, ticks);
  }
  return found;
}

/** The node as the network has it: delays that were rounded are so in it. */
function exact(
  flat: FlatNode,
  delays: ReadonlyMap<string, readonly number[]>,
  dt: number,
): FlatNode {
  const { node, name } = flat;
  const ticks = delays.get(name);
  if (node.type !== 'Delay' || !ticks) return flat;
  const rounded = Array.from(node.delay.data).some((delay, i) => {
    const late = milliseconds(delay) / dt - ticks[i]!;
    return Math.abs(late) > 1e-6 * Math.max(1, ticks[i]!);
  });
  if (!rounded) return flat;
  const data = Float64Array.from(ticks, (n) => seconds(shortest(n * dt)));
  const delay: Tensor = { shape: node.delay.shape, data };
  return { ...flat, node: { ...node, delay } };
}

/** Edges that close loops in which nothing is late. */
function loopsOf(
  { nodes, edges }: FlatGraph,
  maps: ReadonlyMap<string, NodeMap | null>,
  delays: ReadonlyMap<string, readonly number[]>,
): ClosingEdge[] {
  const prompt = edges.flatMap(([, to], i) => {
    const least = Math.min(...(delays.get(to) ?? [0]));
    // A map of zeros has no synapse that could be late.
    return least > 0 || maps.get(to)?.pre.length === 0 ? [] : [i];
  });
  const inputs = [...nodes.values()].filter(isSource).map(({ name }) => name);
  const closing = closingEdges(
    [...inputs, ...nodes.keys()],
    prompt.map((i) => edges[i]!),
  );
  return closing.map(({ edge, loop }) => ({ edge: prompt[edge]!, loop }));
}

const isSource = ({ node, nested }: FlatNode) =>
  node.type === 'Input' && !nested;

function checkInputs(
  { nodes, edges }: FlatGraph,
  inputs: Readonly<Record<string, unknown>>,
): void {
  const sources = [...nodes.values()].filter(isSource);
  const names = sources.map(({ name }) => name);
  for (const name of Object.keys(inputs)) {
    if (names.includes(name)) continue;
    throw new OptionError(
      `No Input ${show(name)} in the NIR graph: there are ` +
        (names.join(', ') || 'none'),
      { name },
    );
  }
  for (const [from, to] of edges) {
    const { path, node } = nodes.get(to) as FlatNode;
    if (!names.includes(to)) continue;
    throw new OptionError(
      `${nodeText(path, node.type)} has an edge from "${from}", but an Input ` +
        'is a source here: nothing can arrive at it, put a node behind it',
      { node: path, type: node.type },
    );
  }
}

function populate(
  network: Network,
  flat: FlatNode,
  inputs: Readonly<Record<string, SamplesOptions | EventsOptions>>,
  fed: ReadonlySet<string>,
  warn: (text: string) => void,
): Population {
  const { name, path, node, shapes } = flat;
  const size = sizeOf(shapes.output);
  if (isSource(flat)) {
    const given = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (given === undefined) {
      warn(`${nodeText(path, node.type)} is given nothing: it gives zeros`);
    }
    return source(network, name, size, given);
  }
  if (!fed.has(name)) {
    warn(`${nodeText(path, node.type)} has no edge that leads into it`);
  }
  const model = nirModels[node.type];
  if (model) {
    const fields = node as unknown as Readonly<Record<string, Tensor>>;
    const names = ELEMENTWISE[node.type]!;
    const parameters = Object.fromEntries(
      names.map((parameter) => [parameter, fields[parameter]!.data]),
    );
    try {
      return network.population(name, size, model, { parameters });
    } catch (error) {
      throw new OptionError(
        `${nodeText(path, node.type)}: ${(error as Error).message}`,
        { node: path, type: node.type },
      );
    }
  }
  const bias = biasOf(node, shapes);
  return bias === null
    ? network.population(name, size, relay)
    : network.population(name, size, nirAffine, { parameters: { bias } });
}

function source(
  network: Network,
  name: string,
  size: number,
  given: SamplesOptions | EventsOptions | undefined,
): Population {
  if (given === undefined) {
    return network.samples(name, size, { values: () => 0 });
  }
  const first = given.trials?.[0];
  // Trials of samples are numbers, trials of events are lists of times.
  const spikes =
    'times' in given ||
    'round' in given ||
    (first !== undefined && typeof first[0] !== 'number');
  return spikes
    ? network.events(name, size, given as EventsOptions)
    : network.samples(name, size, given as SamplesOptions);
}
