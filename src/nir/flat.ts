/** A NIR graph without nesting: all nodes under dotted names, and edges. */

import { OptionError, show } from '../base/errors.ts';
import { shapeText, sizeOf } from '../base/tensor.ts';
import { checkDepth, checkNode } from './check.ts';
import {
  endpointOf,
  type NirGraph,
  type NirNode,
  type NirSubgraph,
  nodeText,
  pathOf,
  refuse,
  soundEdges,
} from './graph.ts';
import { type NirShapes, shapesOf } from './shapes.ts';

export interface FlatNode {
  /** Path with dots. */
  readonly name: string;
  readonly path: string;
  readonly node: Exclude<NirNode, NirSubgraph>;
  readonly shapes: NirShapes;
  /** Whether it lies in a nested graph. */
  readonly nested: boolean;
}

export interface FlatGraph {
  readonly nodes: ReadonlyMap<string, FlatNode>;
  readonly edges: readonly (readonly [string, string])[];
}

type Found = Map<string, Pick<FlatNode, 'node' | 'nested'>>;

/**
 * Takes nesting out of a graph: an edge to a nested graph leads to its Input,
 * one from it starts at its Output. Shapes that differ but hold as many
 * numbers are told to `warn`: their elements keep their order.
 *
 * @throws FormatError for a graph that is none, OptionError for nodes that
 * cannot stand in a network
 */
export function flatten(
  graph: NirGraph,
  warn: (text: string) => void,
): FlatGraph {
  const found: Found = new Map();
  const edges: [string, string][] = [];
  collect(graph, '', 0, found, edges, warn);

  // Sizes are what a network needs; the report names what is wrong beside.
  const told = new Map<string, string>();
  const shapes = shapesOf(graph, (text, { node }) => {
    if (typeof node === 'string') told.set(node, text);
  });
  const nodes = new Map<string, FlatNode>();
  for (const [path, { node, nested }] of found) {
    const name = path.replaceAll('/', '.');
    const fail = (why: string): never => {
      throw new OptionError(`${nodeText(path, node.type)} ${why}`, {
        node: path,
        type: node.type,
      });
    };
    if (!/^[^\s@][^@]*$/.test(name)) {
      fail('cannot be a population: give it a name without @ and space before');
    }
    const taken = nodes.get(name);
    if (taken) {
      fail(
        `and ${show(taken.path)} are both "${name}" without nesting: rename one`,
      );
    }
    const own = shapes.get(path);
    if (!own) {
      throw new OptionError(
        told.get(path) ??
          `${nodeText(path, node.type)} has no shape: store its input shape`,
        { node: path, type: node.type },
      );
    }
    nodes.set(name, { name, path, node, shapes: own, nested });
  }
  const named = edges.map(
    ([from, to]) =>
      [from.replaceAll('/', '.'), to.replaceAll('/', '.')] as const,
  );
  for (const [from, to] of named) {
    agree(nodes.get(from) as FlatNode, nodes.get(to) as FlatNode, warn);
  }
  return { nodes, edges: named };
}

function agree(
  from: FlatNode,
  to: FlatNode,
  warn: (text: string) => void,
): void {
  const [given, taken] = [from.shapes.output, to.shapes.input];
  if (shapeText(given) === shapeText(taken)) return;
  const what =
    `${nodeText(to.path, to.node.type)} takes ${shapeText(taken)} but ` +
    `${nodeText(from.path, from.node.type)} gives ${shapeText(given)}`;
  if (sizeOf(given) !== sizeOf(taken)) {
    throw new OptionError(`${what}: make them hold as many numbers`, {
      node: to.path,
      type: to.node.type,
    });
  }
  warn(`${what}: taken in the same order`);
}

function collect(
  graph: NirGraph,
  path: string,
  depth: number,
  found: Found,
  edges: [string, string][],
  warn: (text: string) => void,
): void {
  checkDepth(path, depth);
  for (const [name, node] of graph.nodes) {
    const inside = pathOf(path, name);
    if (node.type === 'NIRGraph') {
      if (node.metadata) {
        warn(`${nodeText(inside)} loses its metadata with its nesting`);
      }
      collect(node, inside, depth + 1, found, edges, warn);
    } else {
      checkNode(inside, node);
      found.set(inside, { node, nested: depth > 0 });
    }
  }
  for (const [source, target] of soundEdges(graph, path, refuse)) {
    const from = endpointOf(graph, source, 'source') as string;
    const to = endpointOf(graph, target, 'target') as string;
    edges.push([
      pathOf(path, portOf(graph, path, from, 'Output')),
      pathOf(path, portOf(graph, path, to, 'Input')),
    ]);
  }
}

/** A nested graph as an end of an edge stands for its one port. */
function portOf(
  graph: NirGraph,
  path: string,
  end: string,
  type: 'Input' | 'Output',
): string {
  const node = graph.nodes.get(end);
  if (node?.type !== 'NIRGraph') return end;
  const ports = [...node.nodes].filter(([, inner]) => inner.type === type);
  if (ports.length !== 1) {
    refuse(
      `${nodeText(pathOf(path, end), 'NIRGraph')} has ${ports.length} nodes ` +
        `of type ${type}, so an edge cannot name it: name one as "${end}.PORT"`,
      { node: pathOf(path, end) },
    );
  }
  return pathOf(end, ports[0]![0]);
}
