import { FormatError, show } from '../base/errors.ts';
import type { Shape, Tensor } from '../base/tensor.ts';

/** A value of the metadata: tools may keep anything there. */
export type NirValue =
  | string
  | number
  | readonly string[]
  | Tensor
  | NirMetadata;
export type NirMetadata = ReadonlyMap<string, NirValue>;

/**
 * A NIR graph in memory: nodes as in the Neuromorphic Intermediate
 * Representation (Pedersen et al. 2024, "Neuromorphic intermediate
 * representation", Nature Communications 15), names as there. Times are in
 * SECONDS. Tensors are row-major; a scalar has shape [1].
 */
export interface NirGraph {
  /** Nodes by name. */
  readonly nodes: ReadonlyMap<string, NirNode>;
  /** [source, target]; the order means nothing. See `endpointOf`. */
  readonly edges: readonly (readonly [string, string])[];
  /** What tools keep beside it, by name. */
  readonly metadata?: NirMetadata;
}

interface Node<T extends string> {
  readonly type: T;
  readonly metadata?: NirMetadata;
}

/** A graph as a node of another: its Inputs and Outputs are its ports. */
export interface NirSubgraph extends NirGraph, Node<'NIRGraph'> {}

export interface NirPort extends Node<'Input' | 'Output'> {
  readonly shape: Shape;
}

/** y = W x (+ b): weight [..., out, in], bias [..., out]. */
export interface NirLinear extends Node<'Linear'> {
  readonly weight: Tensor;
}
export interface NirAffine extends Node<'Affine'> {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Elementwise: all parameters have the shape of the signal. */
export interface NirScale extends Node<'Scale'> {
  readonly scale: Tensor;
}
/** y(t) = x(t - delay), in seconds. */
export interface NirDelay extends Node<'Delay'> {
  readonly delay: Tensor;
}
export interface NirThreshold extends Node<'Threshold'> {
  readonly threshold: Tensor;
}

/** dv/dt = r i. */
export interface NirI extends Node<'I'> {
  readonly r: Tensor;
}
export interface NirIF extends Node<'IF'> {
  readonly r: Tensor;
  readonly v_threshold: Tensor;
  readonly v_reset: Tensor;
}
/** tau dv/dt = (v_leak - v) + r i. */
export interface NirLI extends Node<'LI'> {
  readonly tau: Tensor;
  readonly r: Tensor;
  readonly v_leak: Tensor;
}
export interface NirLIF extends Node<'LIF'> {
  readonly tau: Tensor;
  readonly r: Tensor;
  readonly v_leak: Tensor;
  readonly v_threshold: Tensor;
  readonly v_reset: Tensor;
}
/** As LI, of a current with tau_syn di/dt = -i + w_in s. */
export interface NirCubaLI extends Node<'CubaLI'> {
  readonly tau_syn: Tensor;
  readonly tau_mem: Tensor;
  readonly r: Tensor;
  readonly v_leak: Tensor;
  readonly w_in: Tensor;
}
export interface NirCubaLIF extends Node<'CubaLIF'> {
  readonly tau_syn: Tensor;
  readonly tau_mem: Tensor;
  readonly r: Tensor;
  readonly v_leak: Tensor;
  readonly v_threshold: Tensor;
  readonly v_reset: Tensor;
  readonly w_in: Tensor;
}

export type Pair = readonly [number, number];

/** Weight [out, in / groups, n], bias [out]; null: the input tells. */
export interface NirConv1d extends Node<'Conv1d'> {
  readonly input_shape: number | null;
  readonly weight: Tensor;
  readonly stride: number;
  readonly padding: number | 'same' | 'valid';
  readonly dilation: number;
  readonly groups: number;
  readonly bias: Tensor;
}
/** Weight [out, in / groups, height, width], bias [out]. */
export interface NirConv2d extends Node<'Conv2d'> {
  readonly input_shape: Pair | null;
  readonly weight: Tensor;
  readonly stride: Pair;
  readonly padding: Pair | 'same' | 'valid';
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: Tensor;
}
export interface NirPool extends Node<'SumPool2d' | 'AvgPool2d'> {
  readonly kernel_size: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}
/** Axes start_dim to end_dim (both included; < 0: from the end) become one. */
export interface NirFlatten extends Node<'Flatten'> {
  readonly start_dim: number;
  readonly end_dim: number;
  readonly input_type: Shape | null;
}

/** A node of a NIR graph; `type` tells which. */
export type NirNode =
  | NirSubgraph
  | NirPort
  | NirLinear
  | NirAffine
  | NirScale
  | NirDelay
  | NirThreshold
  | NirI
  | NirIF
  | NirLI
  | NirLIF
  | NirCubaLI
  | NirCubaLIF
  | NirConv1d
  | NirConv2d
  | NirPool
  | NirFlatten;

export type NirType = NirNode['type'];

/** Elementwise nodes and their parameters, all of one shape. */
export const ELEMENTWISE: Readonly<Record<string, readonly string[]>> = {
  Scale: ['scale'],
  Delay: ['delay'],
  Threshold: ['threshold'],
  I: ['r'],
  IF: ['r', 'v_threshold', 'v_reset'],
  LI: ['tau', 'r', 'v_leak'],
  LIF: ['tau', 'r', 'v_leak', 'v_threshold', 'v_reset'],
  CubaLI: ['tau_syn', 'tau_mem', 'r', 'v_leak', 'w_in'],
  CubaLIF: [
    'tau_syn',
    'tau_mem',
    'r',
    'v_leak',
    'v_threshold',
    'v_reset',
    'w_in',
  ],
};

/** A parameter that is a tensor. */
export interface TensorMember {
  readonly kind: 'tensor';
  /** Fewest and most axes, if they are not those of another one. */
  readonly axes?: readonly [least: number, most: number];
  /** The parameter before it whose shape, or a slice of it, it has. */
  readonly like?: string;
  readonly slice?: readonly [from: number, to?: number];
  /** The value of each neuron where older files have none. */
  readonly absent?: number;
}

/** A parameter that is one whole number, a pair of them, or a list. */
export interface CountsMember {
  readonly kind: 'counts';
  readonly length: 1 | 2 | 'any';
  readonly least?: number;
  /** What a file means that has none; null: it is not known. */
  readonly absent?: number | null;
  /** It may be the name of a padding instead. */
  readonly named?: true;
}

/** Parameters of a node by name, in the order in which they are written. */
type Members = Readonly<Record<string, TensorMember | CountsMember>>;

const counts = (length: CountsMember['length'], least?: number) =>
  ({ kind: 'counts', length, least }) as const;
const weight = (least: number, most = least): TensorMember => {
  return { kind: 'tensor', axes: [least, most] };
};
const bias = (from: number, to: number): TensorMember => {
  return { kind: 'tensor', like: 'weight', slice: [from, to] };
};
const convolution = (axes: 1 | 2): Members => ({
  input_shape: { ...counts(axes, 1), absent: null },
  weight: weight(axes + 2),
  stride: counts(axes, 1),
  padding: { ...counts(axes, 0), named: true },
  dilation: counts(axes, 1),
  groups: counts(1, 1),
  bias: bias(0, 1),
});
const pool: Members = {
  kernel_size: counts(2, 1),
  stride: counts(2, 1),
  padding: counts(2, 0),
};
const matrices = weight(2, Number.POSITIVE_INFINITY);
const ABSENT: Readonly<Record<string, number>> = { v_reset: 0, w_in: 1 };

function elementwise([first, ...others]: readonly string[]): Members {
  const alike = others.map((name) => [
    name,
    { kind: 'tensor', like: first, absent: ABSENT[name] },
  ]);
  return { [first!]: { kind: 'tensor' }, ...Object.fromEntries(alike) };
}

/** The parameters of every type of node but of graphs. */
export const PARAMETERS: Readonly<Record<string, Members>> = {
  Input: { shape: counts('any', 1) },
  Output: { shape: counts('any', 1) },
  Linear: { weight: matrices },
  Affine: { weight: matrices, bias: bias(0, -1) },
  ...mapped(ELEMENTWISE, elementwise),
  Conv1d: convolution(1),
  Conv2d: convolution(2),
  SumPool2d: pool,
  AvgPool2d: pool,
  Flatten: {
    start_dim: { ...counts(1), absent: 1 },
    end_dim: { ...counts(1), absent: -1 },
    input_type: { ...counts('any', 1), absent: null },
  },
};

/** Names of the members of every type of node. */
export const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  NIRGraph: ['nodes', 'edges'],
  ...mapped(PARAMETERS, Object.keys),
};

function mapped<T, U>(
  table: Readonly<Record<string, T>>,
  of: (value: T) => U,
): Record<string, U> {
  const entries = Object.entries(table);
  return Object.fromEntries(entries.map(([name, value]) => [name, of(value)]));
}

/** The shape that a tensor must have by another one of its node, if any. */
export function shapeLike(
  { like, slice = [0] }: TensorMember,
  fields: Readonly<Record<string, unknown>>,
): Shape | undefined {
  if (like === undefined) return undefined;
  return (fields[like] as Tensor).shape.slice(...slice);
}

/** One number, as of a Conv1d, or two as a list. */
export const listOf = (value: number | readonly number[]) =>
  typeof value === 'number' ? [value] : value;

export function isNirType(type: unknown): type is NirType {
  return typeof type === 'string' && Object.hasOwn(MEMBERS, type);
}

/** Takes a fact of a graph that is not as it should be: throws, or warns. */
export type Report = (
  text: string,
  data: Readonly<Record<string, unknown>>,
) => void;

/** The report of strict reading and of writing: FormatError. */
export const refuse: Report = (text, data) => {
  throw new FormatError(text, { ...data });
};

/** A node in a sentence: path from the outer graph, and type. */
export function nodeText(path: string, type?: string): string {
  if (path === '') return 'NIR graph';
  return `NIR node ${show(path)}${type ? ` (${type})` : ''}`;
}

/** Path of a node, or of a port, in nested graphs: names with slashes. */
export function pathOf(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

/**
 * Which node an end of an edge means, as a path: a node by its name, or
 * "GRAPH.PORT", an Input (as target) or Output (as source) of a nested graph.
 * Undefined where there is none.
 */
export function endpointOf(
  graph: NirGraph,
  name: string,
  side: 'source' | 'target',
): string | undefined {
  if (graph.nodes.has(name)) return name;
  const type = side === 'source' ? 'Output' : 'Input';
  for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) {
    const inner = graph.nodes.get(name.slice(0, at));
    const port = name.slice(at + 1);
    if (inner?.type === 'NIRGraph' && inner.nodes.get(port)?.type === type) {
      return pathOf(name.slice(0, at), port);
    }
  }
  return undefined;
}

/** The edges that name nodes, each once; reports the others. */
export function soundEdges(
  graph: NirGraph,
  path: string,
  report: Report,
): readonly (readonly [string, string])[] {
  const seen = new Set<string>();
  return graph.edges.filter(([source, target]) => {
    const key = JSON.stringify([source, target]);
    const ends = [
      [source, 'source'],
      [target, 'target'],
    ] as const;
    const lost = ends.find(([name, side]) => !endpointOf(graph, name, side));
    if (lost) {
      report(
        `${nodeText(path)} has an edge ${key} but no node ${show(lost[0])}: ` +
          `remove the edge or name one of ${nearNames(graph)}`,
        { node: path, edge: [source, target] },
      );
      return false;
    }
    if (seen.has(key)) {
      report(
        `${nodeText(path)} has the edge ${key} twice: list every edge once`,
        { node: path, edge: [source, target] },
      );
      return false;
    }
    seen.add(key);
    return true;
  });
}

function nearNames(graph: NirGraph): string {
  const names = [...graph.nodes.keys()];
  const shown = names.slice(0, 8).map(show);
  return `${shown.join(', ')}${names.length > 8 ? ', ...' : ''}` || 'none';
}
