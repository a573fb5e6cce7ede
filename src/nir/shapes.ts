/**
 * Shapes of the signals in a NIR graph, without a batch axis. Most nodes say
 * theirs by their parameters; pools, and convolutions and Flatten without an
 * input shape, take what arrives.
 */

import type { Tensor } from '../base/tensor.ts';
import { type Shape, sameShape, shapeText, sizeOf } from '../base/tensor.ts';
import {
  ELEMENTWISE,
  endpointOf,
  listOf,
  type NirConv1d,
  type NirConv2d,
  type NirFlatten,
  type NirGraph,
  type NirNode,
  type NirPool,
  nodeText,
  pathOf,
  type Report,
  refuse,
} from './graph.ts';

export interface NirShapes {
  readonly input: Shape;
  readonly output: Shape;
}

/**
 * Input and output shape of every node, by its path: the name, and for nodes
 * of nested graphs "GRAPH/NODE". A nested graph has an entry of its own if it
 * has one Input and one Output. Shapes that disagree or cannot be known go to
 * `report`, which throws FormatError unless told otherwise; those nodes have
 * no entry, or that of their parameters.
 */
export function shapesOf(
  graph: NirGraph,
  report: Report = refuse,
): Map<string, NirShapes> {
  const found = new Map<string, NirShapes>();
  infer(graph, '', found, report);
  return found;
}

function infer(
  graph: NirGraph,
  path: string,
  found: Map<string, NirShapes>,
  report: Report,
): void {
  for (const [name, node] of graph.nodes) {
    if (node.type === 'NIRGraph')
      infer(node, pathOf(path, name), found, report);
  }
  const edges = graph.edges.flatMap(([source, target]) => {
    const from = endpointOf(graph, source, 'source');
    const to = endpointOf(graph, target, 'target');
    return from === undefined || to === undefined
      ? []
      : [[pathOf(path, from), pathOf(path, to)] as const];
  });
  const outgoing = new Map<string, string[]>();
  for (const [from, to] of edges) {
    const targets = outgoing.get(from);
    if (targets) targets.push(to);
    else outgoing.set(from, [to]);
  }

  // Nodes whose shapes are known, until their targets have been told.
  const ready: string[] = [];
  const failed = new Set<string>();
  const settle = (at: string, node: NirNode, arriving: Shape | null) => {
    const shapes = shapesOfNode(at, node, arriving, (text, data) => {
      failed.add(at);
      report(text, data);
    });
    if (!shapes) return;
    found.set(at, shapes);
    ready.push(at);
  };
  const open = new Map<string, NirNode>();
  for (const [name, node] of graph.nodes) {
    const at = pathOf(path, name);
    if (node.type === 'NIRGraph') {
      for (const inner of node.nodes.keys()) {
        if (found.has(pathOf(at, inner))) ready.push(pathOf(at, inner));
      }
    }
    settle(at, node, null);
    if (!found.has(at)) open.set(at, node);
  }
  for (let at = ready.pop(); at !== undefined; at = ready.pop()) {
    const { output } = found.get(at)!;
    for (const target of outgoing.get(at) ?? []) {
      const node = open.get(target);
      if (!node || node.type === 'NIRGraph') continue;
      open.delete(target);
      settle(target, node, output);
    }
  }

  for (const [from, to] of edges) agree(graph, path, from, to, found, report);
  for (const [at, node] of open) {
    if (node.type === 'NIRGraph' || failed.has(at)) continue;
    report(
      `${nodeText(at, node.type)} has no shape: connect it behind an Input` +
        `${/Pool/.test(node.type) ? '' : ' or store its input shape'}`,
      { node: at },
    );
  }
}

function agree(
  graph: NirGraph,
  path: string,
  from: string,
  to: string,
  found: ReadonlyMap<string, NirShapes>,
  report: Report,
): void {
  for (const end of [from, to]) {
    const name = path === '' ? end : end.slice(path.length + 1);
    if (graph.nodes.get(name)?.type === 'NIRGraph' && !found.has(end)) {
      report(
        `${nodeText(end, 'NIRGraph')} has not one Input and one Output, so ` +
          `an edge cannot name it: name one as "${name}.PORT"`,
        { node: end },
      );
      return;
    }
  }
  const output = found.get(from)?.output;
  const input = found.get(to)?.input;
  if (output && input && !sameShape(output, input)) {
    report(
      `${nodeText(to)} takes ${shapeText(input)} but ${nodeText(from)} gives ` +
        `${shapeText(output)}: make the shapes equal or remove the edge`,
      { edge: [from, to], output, input },
    );
  }
}

/** Shapes by the parameters, or by what arrives; undefined if not known yet. */
function shapesOfNode(
  path: string,
  node: NirNode,
  arriving: Shape | null,
  report: Report,
): NirShapes | undefined {
  const elementwise = ELEMENTWISE[node.type];
  if (elementwise) {
    const fields = node as unknown as Readonly<Record<string, Tensor>>;
    const { shape } = fields[elementwise[0]!]!;
    return { input: shape, output: shape };
  }
  switch (node.type) {
    case 'Input':
    case 'Output':
      return { input: node.shape, output: node.shape };
    case 'Linear':
    case 'Affine': {
      const { shape } = node.weight;
      const rest = shape.slice(0, -2);
      return {
        input: [...rest, shape.at(-1)!],
        output: [...rest, shape.at(-2)!],
      };
    }
    case 'NIRGraph':
      return portsOf(node);
    case 'Conv1d':
    case 'Conv2d':
    case 'SumPool2d':
    case 'AvgPool2d':
      return slid(path, node, arriving, report);
    case 'Flatten':
      return flattened(path, node, arriving, report);
  }
}

function portsOf(graph: NirGraph): NirShapes | undefined {
  const shapes = (type: 'Input' | 'Output') =>
    [...graph.nodes.values()].flatMap((node) =>
      node.type === type ? [node.shape] : [],
    );
  const [input, ...moreInputs] = shapes('Input');
  const [output, ...moreOutputs] = shapes('Output');
  return input && output && moreInputs.length + moreOutputs.length === 0
    ? { input, output }
    : undefined;
}

/** A window that slides along an axis. */
export interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Places of padding before the first element. */
  readonly before: number;
}

type Sliding = NirConv1d | NirConv2d | NirPool;

/** The axes behind the channels, of such an input, as PyTorch counts them. */
export function axesOf(node: Sliding, space: Shape): Axis[] {
  const convolves = 'weight' in node;
  const kernels = convolves ? node.weight.shape.slice(2) : node.kernel_size;
  const dilations = convolves ? listOf(node.dilation) : [1, 1];
  const strides = listOf(node.stride);
  const { padding } = node;
  return kernels.map((kernel, i) => {
    const [input, stride, dilation] = [space[i]!, strides[i]!, dilations[i]!];
    const axis = { input, kernel, stride, dilation };
    const reach = dilation * (kernel - 1);
    // An odd place more is behind.
    if (padding === 'same') {
      return { ...axis, output: input, before: Math.floor(reach / 2) };
    }
    const before = padding === 'valid' ? 0 : listOf(padding)[i]!;
    const room = input + 2 * before - reach - 1;
    return { ...axis, output: Math.floor(room / stride) + 1, before };
  });
}

function slid(
  path: string,
  node: Sliding,
  arriving: Shape | null,
  report: Report,
): NirShapes | undefined {
  let input = arriving;
  let channels = arriving?.[0];
  let fits = true;
  if ('weight' in node) {
    const [given, perGroup] = node.weight.shape;
    const taken = perGroup! * node.groups;
    const { input_shape: space } = node;
    if (space !== null) input = [taken, ...listOf(space)];
    channels = given;
    fits = input?.[0] === taken;
  }
  if (!input || channels === undefined) return undefined;
  const space = input.slice(1);
  const axes = axesOf(node, space);
  if (
    !fits ||
    space.length !== axes.length ||
    axes.some(({ output }) => output < 1)
  ) {
    unfit(path, node.type, input, report);
    return undefined;
  }
  return { input, output: [channels, ...axes.map(({ output }) => output)] };
}

function flattened(
  path: string,
  node: NirFlatten,
  arriving: Shape | null,
  report: Report,
): NirShapes | undefined {
  const input = node.input_type ?? arriving;
  if (!input) return undefined;
  const axis = (dim: number) => (dim < 0 ? dim + input.length : dim);
  const start = axis(node.start_dim);
  const end = axis(node.end_dim);
  if (start < 0 || end < start || end >= input.length) {
    report(
      `${nodeText(path, node.type)} joins axes ${node.start_dim} to ` +
        `${node.end_dim} of ${shapeText(input)}, which has no such axes: ` +
        'count from 0, without the batch',
      { node: path, input },
    );
    return undefined;
  }
  const joined = sizeOf(input.slice(start, end + 1));
  return {
    input,
    output: [...input.slice(0, start), joined, ...input.slice(end + 1)],
  };
}

function unfit(path: string, type: string, shape: Shape, report: Report): void {
  report(
    `${nodeText(path, type)} cannot take ${shapeText(shape)}: it needs ` +
      'its channels first and then an axis for each of its kernel, at least ' +
      'as long',
    { node: path, shape },
  );
}
