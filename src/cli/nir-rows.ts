/** Nodes of a NIR graph as rows: shapes, and ranges of their parameters. */

import type { Shape, Tensor } from '../base/tensor.ts';
import { MEMBERS, type NirGraph, type NirNode, pathOf } from '../nir/graph.ts';
import { type NirShapes, shapesOf } from '../nir/shapes.ts';

export interface ParameterRow {
  readonly name: string;
  /** Range of a tensor. */
  readonly low?: number;
  readonly high?: number;
  readonly shape?: Shape;
  readonly unit?: string;
  /** What is no tensor: strides, the name of a padding. */
  readonly value?: unknown;
}

export interface NodeRow {
  /** Path: nodes of nested graphs behind a slash. */
  readonly node: string;
  readonly type: string;
  readonly input: Shape | null;
  readonly output: Shape | null;
  readonly parameters: readonly ParameterRow[];
}

const UNITS: Readonly<Record<string, string>> = {
  tau: 's',
  tau_syn: 's',
  tau_mem: 's',
  delay: 's',
};

/** All nodes, those of nested graphs behind their graph. */
export function nodeRows(graph: NirGraph): NodeRow[] {
  // What is wrong with shapes was told when the file was read.
  const shapes = shapesOf(graph, () => undefined);
  return rowsIn(graph, '', shapes);
}

function rowsIn(
  graph: NirGraph,
  path: string,
  shapes: ReadonlyMap<string, NirShapes>,
): NodeRow[] {
  return [...graph.nodes].flatMap(([name, node]) => {
    const at = pathOf(path, name);
    const own = shapes.get(at);
    const row: NodeRow = {
      node: at,
      type: node.type,
      input: own?.input ?? null,
      output: own?.output ?? null,
      parameters: parametersOf(node),
    };
    const inner = node.type === 'NIRGraph' ? rowsIn(node, at, shapes) : [];
    return [row, ...inner];
  });
}

function parametersOf(node: NirNode): ParameterRow[] {
  if (['NIRGraph', 'Input', 'Output'].includes(node.type)) return [];
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  return MEMBERS[node.type]!.flatMap((name): ParameterRow[] => {
    const value = fields[name];
    if (value === null) return [];
    if (typeof value !== 'object' || !('data' in value)) {
      return [{ name, value }];
    }
    const { data, shape } = value as Tensor;
    const [low, high] = rangeOf(data);
    const unit = UNITS[name];
    return [{ name, low, high, shape, ...(unit ? { unit } : {}) }];
  });
}

/** A parameter for people: "tau 0.01 to 0.03 s". */
export function parameterText(row: ParameterRow): string {
  const { name, low, high, unit, value } = row;
  if (low === undefined || high === undefined) {
    return `${name} ${Array.isArray(value) ? value.join(' x ') : value}`;
  }
  return `${name} ${rangeText(low, high)}${unit ? ` ${unit}` : ''}`;
}

/** One number, or two with "to" between, without dust. */
export function rangeText(low: number, high: number): string {
  const [a, b] = [low, high].map((x) => `${Number(x.toPrecision(5))}`);
  return a === b ? a! : `${a} to ${b}`;
}

/** Least and greatest. */
export function rangeOf(list: ArrayLike<number>): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < list.length; i++) {
    low = Math.min(low, list[i]!);
    high = Math.max(high, list[i]!);
  }
  return [low, high];
}
