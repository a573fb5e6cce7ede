import { FormatError, IsochronError, messageOf, show } from '../base/errors.ts';
import {
  checkTensor,
  type Shape,
  sameShape,
  shapeText,
  type Tensor,
} from '../base/tensor.ts';
import type { Attrs } from '../ops/op.ts';
import {
  type Graph,
  GraphBuilder,
  type Init,
  type Reduction,
} from './graph.ts';
import type { Vertex } from './vertex.ts';

/**
 * The schema of graphs as JSON. `pc-oracle/1` is the same with the answers of
 * another framework beside it.
 *
 *   schema   "isochron-graph/1"
 *   graph    vertices in topological order: {id, op, inputs: [ids], attrs};
 *            leaves have op "input" or "param" and no inputs
 *   output   id of the clamped vertex
 *   loss     {kind: "half_sse" | "softmax_xent", reduction: "sum" | "mean"}
 *   leaves   by id: {shape, data} row-major, or {shape, init} for a parameter
 *            (init: {kind: "uniform", bound}, {kind: "normal", std},
 *            {kind: "constant", value} or {kind: "zeros"}), or {shape}
 *            for an input that is fed later
 *   target   {shape, data}, optional
 */
export const GRAPH_SCHEMA = 'isochron-graph/1';
const SCHEMAS = [GRAPH_SCHEMA, 'pc-oracle/1'];

/** Keys of `isochron-graph/1`; oracles may have more. */
const KEYS = [
  'schema',
  'name',
  'description',
  'graph',
  'output',
  'loss',
  'leaves',
  'target',
  'gradients',
];

type Json = Readonly<Record<string, unknown>>;

/** Parses JSON text; `source` names it in errors. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(
      `${source} is not JSON: ${messageOf(error)}; is the file complete?`,
      { source },
    );
  }
}

/** Reads a graph from parsed JSON. */
export function graphFromJson(value: unknown, source = 'graph'): Graph {
  const file = object(value, source);
  const schema = file.schema;
  if (typeof schema !== 'string' || !SCHEMAS.includes(schema)) {
    throw new FormatError(
      `${source} has schema ${show(schema)}: expected ${SCHEMAS.join(' or ')}`,
      { source, schema },
    );
  }
  try {
    return build(file, source);
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof IsochronError)) {
      throw error;
    }
    throw Object.assign(error, { message: `${source}: ${error.message}` });
  }
}

function build(file: Json, source: string): Graph {
  const rows = file.graph;
  if (!Array.isArray(rows) || rows.length === 0) {
    throw new FormatError(`${source} has no list "graph" of vertices`, {
      source,
    });
  }
  const leaves = object(file.leaves, `${source}: leaves`);
  if (file.schema === GRAPH_SCHEMA) {
    for (const key of Object.keys(file)) {
      if (!KEYS.includes(key)) {
        throw new FormatError(
          `${source} has unknown key "${key}": there are ${KEYS.join(', ')}`,
          { source, key, allowed: KEYS },
        );
      }
    }
  }
  const builder = new GraphBuilder();
  const made = new Map<string, Vertex>();
  rows.forEach((row: unknown, index) => {
    const {
      id,
      op,
      inputs,
      attrs = {},
    } = object(row, `${source}: graph[${index}]`);
    if (typeof id !== 'string' || typeof op !== 'string') {
      throw new FormatError(
        `${source}: graph[${index}] needs texts "id" and "op"`,
        { index },
      );
    }
    if (!Array.isArray(inputs ?? [])) {
      throw new FormatError(`${source}: vertex "${id}" needs a list "inputs"`, {
        source,
        id,
      });
    }
    const read = ((inputs ?? []) as unknown[]).map((name) => {
      const input = typeof name === 'string' ? made.get(name) : undefined;
      if (!input) throw unknownInput(rows, id, name, source);
      return input;
    });
    if (op === 'input' || op === 'param') {
      if (read.length > 0) {
        throw new FormatError(
          `${source}: leaf "${id}" has inputs: it takes none`,
          { source, id },
        );
      }
      made.set(
        id,
        leaf(builder, id, op, leaves[id], `${source}: leaf "${id}"`),
      );
    } else {
      const checked = object(attrs, `${source}: attrs of "${id}"`) as Attrs;
      made.set(id, builder.apply(op, read, checked, id));
    }
  });
  for (const id of Object.keys(leaves)) {
    if (!made.get(id)?.isLeaf) {
      throw new FormatError(
        `${source} has values for leaf ${show(id)}, which is no input or param`,
        { source, id },
      );
    }
  }
  const output = typeof file.output === 'string' && made.get(file.output);
  if (!output) {
    throw new FormatError(
      `${source} has output ${show(file.output)}, which is no vertex`,
      { source, output: file.output },
    );
  }
  const { kind, reduction } = object(file.loss, `${source}: loss`);
  const target =
    file.target === undefined
      ? undefined
      : tensor(file.target, `${source}: target`);
  if (target && !sameShape(target.shape, output.shape)) {
    throw new FormatError(
      `${source}: target has shape ${shapeText(target.shape)} but output ` +
        `"${output.id}" has ${shapeText(output.shape)}`,
      { source, target: target.shape, output: output.shape },
    );
  }
  return builder.output(output, kind as string, {
    reduction: (reduction === undefined ? 'sum' : reduction) as Reduction,
    target: target?.data,
  });
}

/** Tells a cycle (or a wrong order) from a name that is nowhere. */
function unknownInput(
  rows: readonly unknown[],
  id: string,
  name: unknown,
  source: string,
): FormatError {
  const later = rows.some((row) => (row as Json | null)?.id === name);
  return new FormatError(
    later
      ? `${source}: vertex "${id}" reads ${show(name)}, which comes later: the ` +
          'graph has a cycle, or is not in topological order'
      : `${source}: vertex "${id}" reads ${show(name)}, which is not there`,
    { id, input: name },
  );
}

function leaf(
  builder: GraphBuilder,
  id: string,
  op: 'input' | 'param',
  value: unknown,
  where: string,
): Vertex {
  const row = object(value, where);
  if (row.data !== undefined) {
    const { shape, data } = tensor(row, where);
    return op === 'input'
      ? builder.input(id, shape, data)
      : builder.param(id, shape, data);
  }
  const shape = row.shape as Shape;
  if (op === 'input') return builder.input(id, shape);
  return builder.param(id, shape, init(row.init, where));
}

function init(value: unknown, where: string): Init | undefined {
  if (value === undefined) return undefined;
  const init = object(value, `${where}: init`);
  if (init.kind === 'zeros') return { kind: 'zeros' };
  const { bound, std, value: fill } = init;
  if (init.kind === 'uniform' && typeof bound === 'number') {
    return { kind: 'uniform', bound };
  }
  if (init.kind === 'normal' && typeof std === 'number') {
    return { kind: 'normal', std };
  }
  if (init.kind === 'constant' && typeof fill === 'number') {
    return { kind: 'constant', value: fill };
  }
  throw new FormatError(
    `${where} has init ${show(value)}: use {"kind": "zeros"}, ` +
      '{"kind": "uniform", "bound": number}, {"kind": "normal", "std": ' +
      'number} or {"kind": "constant", "value": number}',
    { where, init: value },
  );
}

/** Reads {shape, data}. */
export function tensor(value: unknown, where: string): Tensor {
  const { shape, data } = object(value, where);
  if (!Array.isArray(data)) {
    throw new FormatError(`${where} needs a list "data" of numbers`, {
      where,
    });
  }
  const made = { shape: shape as Shape, data: data as number[] };
  checkTensor(where, made);
  return { shape: made.shape, data: Float64Array.from(made.data) };
}

export function object(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError(`${where} is missing or not an object`, { where });
  }
  return value as Json;
}

/** Writes a graph in schema `isochron-graph/1`; reading it gives it back. */
export function graphToJson(graph: Graph): Json {
  const leaves = graph.vertices
    .filter((vertex) => vertex.isLeaf)
    .map((vertex) => [vertex.id, leafToJson(graph, vertex)]);
  const target = graph.data.get('target');
  return {
    schema: GRAPH_SCHEMA,
    graph: graph.vertices.map(({ id, op, inputs, attrs }) => ({
      id,
      op,
      inputs: inputs.map((input) => input.id),
      attrs,
    })),
    output: graph.output.id,
    loss: graph.loss,
    leaves: Object.fromEntries(leaves),
    ...(target ? { target: plain(target) } : {}),
  };
}

function leafToJson(graph: Graph, { id, op, shape }: Vertex): Json {
  if (op === 'input') {
    const data = graph.data.get(id);
    return data ? plain(data) : { shape };
  }
  const init = graph.inits.get(id) as Init;
  return init.kind === 'values'
    ? plain({ shape, data: init.data })
    : { shape, init };
}

function plain({ shape, data }: Tensor): Json {
  return { shape, data: Array.from(data) };
}
