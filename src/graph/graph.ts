import { GraphError, ShapeError, show } from '../base/errors.ts';
import { checkNames } from '../base/schema.ts';
import {
  checkShape,
  checkTensor,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
  type Tensor,
} from '../base/tensor.ts';
import type { Step } from '../ops/composite.ts';
import { type Attrs, attrsProblem, type Op, ShapeProblem } from '../ops/op.ts';
import { lossByName, opByName } from '../ops/table.ts';
import { type Builder, Vertex } from './vertex.ts';

/**
 * How a parameter starts: given values, uniform in [-bound, bound), normal
 * around 0, or the same number everywhere.
 */
export type Init =
  | {
      /** Which of the ways it is. */
      readonly kind: 'values';
      /** One number for each element, row-major. */
      readonly data: ArrayLike<number>;
    }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'zeros' };

/** Names of what is fed to a circuit beside its data inputs. */
const RESERVED = /^(target$|@|noise\/)/;

/**
 * How a loss is taken over the batch, the first axis of the output: summed, or
 * divided by its size.
 */
export type Reduction = 'sum' | 'mean';

/**
 * A computation graph: what is computed, frozen. It knows nothing of time,
 * levels or devices. `GraphBuilder` makes it.
 */
export interface Graph {
  /** All vertices, in topological order. */
  readonly vertices: readonly Vertex[];
  /** The vertex that is clamped to the target. */
  readonly output: Vertex;
  /** The loss of the output: its name, such as half_sse, and its reduction. */
  readonly loss: { readonly kind: string; readonly reduction: Reduction };
  /** How each parameter starts, by id. */
  readonly inits: ReadonlyMap<string, Init>;
  /** Values that came with the graph, by id of an input; 'target' too. */
  readonly data: ReadonlyMap<string, Tensor>;
}

/**
 * Builds a graph: leaves by `input` and `param`, then ops as methods of the
 * vertices that they read, then `output`.
 *
 *     const g = new GraphBuilder();
 *     const x = g.input('x', [16, 784]);
 *     const graph = g.output(x.linear(g.param('W', [10, 784])).named('y'));
 */
export class GraphBuilder implements Builder {
  private readonly vertices: Vertex[] = [];
  private readonly byId = new Map<string, Vertex>();
  private readonly inits = new Map<string, Init>();
  private readonly data = new Map<string, Tensor>();

  /**
   * A data input: fed at each presentation, or `values` that come with the graph,
   * row-major; it never moves. Throws GraphError, ShapeError, NonFiniteError.
   */
  input(id: string, shape: Shape, values?: ArrayLike<number>): Vertex {
    checkShape(id, shape);
    if (values) {
      const tensor = { shape, data: values };
      checkTensor(id, tensor);
      this.data.set(id, tensor);
    }
    return this.push('input', [], {}, shape, id);
  }

  /**
   * A plastic leaf. Without `init` it starts uniform within 1/sqrt(fan-in),
   * PyTorch's rule for linear layers and convolutions; the fan-in is what one
   * output reads, all axes but the first. An array gives the values themselves.
   * Throws GraphError, ShapeError, NonFiniteError.
   */
  param(id: string, shape: Shape, init?: Init | ArrayLike<number>): Vertex {
    checkShape(id, shape);
    const fanIn = sizeOf(shape.length > 1 ? shape.slice(1) : shape);
    const chosen: Init =
      init === undefined
        ? { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) }
        : 'kind' in init
          ? init
          : { kind: 'values', data: Float64Array.from(init) };
    if (chosen.kind === 'values') {
      checkTensor(id, { shape, data: chosen.data });
    } else if (chosen.kind !== 'zeros') {
      checkInit(id, chosen);
    }
    const vertex = this.push('param', [], {}, shape, id);
    this.inits.set(vertex.id, chosen);
    return vertex;
  }

  /**
   * An op of the table on vertices of this graph, which `id` names. Throws
   * GraphError, ShapeError.
   */
  apply(name: string, inputs: Vertex[], attrs: Attrs = {}, id?: string) {
    const op = opByName.get(name);
    const label = id ?? `${name}${this.vertices.length}`;
    if (!op) {
      throw new GraphError(
        `Vertex "${label}" has unknown op "${name}": use one of ` +
          [...opByName.keys()].join(', '),
        { id: label, op: name },
      );
    }
    this.checkInputs(op, inputs, label);
    checkAttrs(op, attrs, label);
    return this.push(
      name,
      inputs,
      attrs,
      shapeOf(op, inputs, attrs, label),
      id,
    );
  }

  /**
   * Several ops as one vertex, so one population: the function gets stand-ins
   * of the inputs and returns the last of its ops. Throws GraphError, ShapeError.
   */
  composite(
    inputs: Vertex[],
    body: (...inputs: Vertex[]) => Vertex,
    id?: string,
  ): Vertex {
    const inner = new GraphBuilder();
    const stands = inputs.map((v, i) => inner.input(`input ${i}`, v.shape));
    const last = body(...stands);
    const steps: Step[] = inner.vertices.slice(inputs.length).map((v) => ({
      op: v.op,
      inputs: v.inputs.map((input) =>
        input.index < inputs.length
          ? input.index
          : inputs.length - 1 - input.index,
      ),
      ...(Object.keys(v.attrs).length > 0 ? { attrs: v.attrs } : {}),
    }));
    if (last !== inner.vertices.at(-1)) {
      throw new GraphError(
        `Composite "${id ?? ''}" returns "${last.id}", not its last op: ` +
          'drop the ops after it',
        { id, last: last.id },
      );
    }
    return this.apply('composite', inputs, { body: steps }, id);
  }

  /**
   * Ends the building: the vertex that is clamped, and its loss, half_sse
   * (1/2 sum (y - t)^2) or softmax_xent (- sum t log softmax(y) along the last
   * axis). Throws GraphError, ShapeError, NonFiniteError.
   */
  output(
    vertex: Vertex,
    loss = 'half_sse',
    options: {
      /** Over the batch. Default 'sum'. */
      reduction?: Reduction;
      /** Values that come with the graph, as many as the output has. */
      target?: ArrayLike<number>;
    } = {},
  ): Graph {
    checkNames('output', options, ['reduction', 'target']);
    const reduction = options.reduction ?? 'sum';
    if (this.vertices[vertex.index] !== vertex || vertex.isLeaf) {
      throw new GraphError(
        `Output "${vertex.id}" is ${vertex.isLeaf ? 'a leaf' : 'of another graph'}: ` +
          'it must be an op of this graph',
        { id: vertex.id },
      );
    }
    if (!lossByName.has(loss)) {
      throw new GraphError(
        `Unknown loss ${show(loss)}: use one of ${[...lossByName.keys()].join(', ')}`,
        { loss },
      );
    }
    if (reduction !== 'sum' && reduction !== 'mean') {
      throw new GraphError(
        `Unknown reduction ${show(reduction)}: use sum or mean`,
        { reduction, allowed: ['sum', 'mean'] },
      );
    }
    if (options.target) {
      const target = { shape: vertex.shape, data: options.target };
      checkTensor('target', target);
      this.data.set('target', target);
    }
    return Object.freeze({
      vertices: Object.freeze([...this.vertices]),
      output: vertex,
      loss: { kind: loss, reduction },
      inits: new Map(this.inits),
      data: new Map(this.data),
    });
  }

  /** Gives the newest vertex another id; it replaces the old one. Throws GraphError. */
  rename(vertex: Vertex, id: string): Vertex {
    if (vertex.isLeaf || vertex !== this.vertices.at(-1)) {
      throw new GraphError(
        `Vertex "${vertex.id}" cannot be named "${id}" any more: name it when it is made`,
        { id },
      );
    }
    if (id === vertex.id) return vertex;
    this.checkId(id);
    this.vertices.pop();
    this.byId.delete(vertex.id);
    return this.push(vertex.op, vertex.inputs, vertex.attrs, vertex.shape, id);
  }

  private push(
    op: string,
    inputs: readonly Vertex[],
    attrs: Attrs,
    shape: Shape,
    id = this.freshId(op),
  ): Vertex {
    this.checkId(id);
    const index = this.vertices.length;
    const vertex = new Vertex(this, { index, id, op, inputs, attrs, shape });
    this.vertices.push(vertex);
    this.byId.set(id, vertex);
    return vertex;
  }

  private checkId(id: string): void {
    if (typeof id !== 'string' || id === '' || RESERVED.test(id)) {
      throw new GraphError(
        `Vertex id ${show(id)} cannot be used: give a text, not "target" and ` +
          'not one that starts with @ or noise/',
        { id },
      );
    }
    if (this.byId.has(id)) {
      throw new GraphError(`Vertex id "${id}" is used twice: ids are unique`, {
        id,
      });
    }
  }

  private freshId(op: string): string {
    let n = this.vertices.length;
    while (this.byId.has(`${op}${n}`)) n += 1;
    return `${op}${n}`;
  }

  private checkInputs(op: Op, inputs: readonly Vertex[], label: string): void {
    const wrong =
      op.arity === 'many' ? inputs.length < 1 : inputs.length !== op.arity;
    if (wrong) {
      throw new GraphError(
        `Vertex "${label}" (${op.name}) has ${inputs.length} inputs: it takes ` +
          (op.arity === 'many' ? 'one or more' : `${op.arity}`),
        { id: label, op: op.name },
      );
    }
    for (const input of inputs) {
      if (!(input instanceof Vertex)) {
        throw new GraphError(
          `Vertex "${label}" (${op.name}) reads ${show(input)}, which is no ` +
            'vertex: give vertices, and attributes after them',
          { id: label, op: op.name },
        );
      }
      if (this.vertices[input.index] !== input) {
        throw new GraphError(
          `Vertex "${label}" (${op.name}) reads "${input.id}" of another graph`,
          { id: label },
        );
      }
    }
  }
}

function checkInit(
  id: string,
  init: Exclude<Init, { kind: 'values' | 'zeros' }>,
): void {
  if (!['uniform', 'normal', 'constant'].includes(init.kind)) {
    throw new GraphError(
      `Parameter "${id}" starts as ${show(init)}: use an array, or a kind ` +
        'uniform, normal, constant or zeros',
      { id },
    );
  }
  const [name, value] =
    init.kind === 'uniform'
      ? ['bound', init.bound]
      : init.kind === 'normal'
        ? ['std', init.std]
        : ['value', init.value];
  const free = init.kind === 'constant';
  if (Number.isFinite(value) && (free || value >= 0)) return;
  throw new GraphError(
    `Parameter "${id}" starts with ${name} ${show(value)}: ` +
      `a ${name} is a finite number${free ? '' : ' >= 0'}`,
    { id },
  );
}

function checkAttrs(op: Op, attrs: Attrs, label: string): void {
  const problem = attrsProblem(op, attrs);
  if (problem) {
    throw new GraphError(`Vertex "${label}" (${op.name}) ${problem}`, {
      id: label,
      attrs,
    });
  }
}

function shapeOf(op: Op, inputs: Vertex[], attrs: Attrs, label: string): Shape {
  try {
    return op.shape(
      inputs.map((input) => input.shape),
      attrs,
    );
  } catch (error) {
    if (!(error instanceof ShapeProblem)) throw error;
    const read = inputs.map((v) => `"${v.id}" ${shapeText(v.shape)}`);
    throw new ShapeError(
      `Vertex "${label}" (${op.name}) ${error.message}; it reads ${read.join(', ')}`,
      { id: label, op: op.name, shapes: inputs.map((v) => v.shape) },
    );
  }
}

/** Parameters of a graph, in topological order. */
export function parametersOf(graph: Graph): Vertex[] {
  return graph.vertices.filter((vertex) => vertex.op === 'param');
}

/** Numbers that vertices learn: the sizes of all parameters among them. */
export const weightsOf = (
  vertices: Iterable<Pick<Vertex, 'op' | 'size'>>,
): number =>
  [...vertices].reduce((n, v) => n + (v.op === 'param' ? v.size : 0), 0);

/** Data inputs of a graph, in topological order. */
export function inputsOf(graph: Graph): Vertex[] {
  return graph.vertices.filter((vertex) => vertex.op === 'input');
}

/**
 * The number below which the whole numbers of an input must be, where an op
 * reads it as such (embedding, dropout); else null.
 */
export function indexBound(graph: Graph, id: string): number | null {
  let least: number | null = null;
  for (const { op: name, inputs, attrs } of graph.vertices) {
    const { indices } = opByName.get(name) ?? {};
    if (!indices || inputs[indices.slot].id !== id) continue;
    const shapes = inputs.map((input) => input.shape);
    least = Math.min(
      least ?? Number.POSITIVE_INFINITY,
      indices.below(shapes, attrs),
    );
  }
  return least;
}

/** Number by which a loss is divided: the batch size for 'mean'. */
export function lossDivisor(graph: Graph): number {
  return graph.loss.reduction === 'mean' ? graph.output.shape[0] : 1;
}

/** Checks that a tensor fits a vertex. */
export function checkFits(vertex: Vertex, tensor: Tensor): void {
  checkTensor(vertex.id, tensor);
  if (!sameShape(vertex.shape, tensor.shape)) {
    throw new ShapeError(
      `Vertex "${vertex.id}" (${vertex.op}) has shape ${shapeText(vertex.shape)} ` +
        `but got values of shape ${shapeText(tensor.shape)}`,
      { id: vertex.id },
    );
  }
}
