/**
 * The oracle in whole numbers: gradients of integer graphs by forward-mode
 * differentiation in BigInt, one run for each element of each parameter. It
 * reads a graph's description and shares no code with the simulator: other
 * arithmetic, other direction, its own shape rules.
 */

import type { Graph } from '../../src/graph.ts';

/** A value and its derivative by the element in question. */
interface Dual {
  readonly value: bigint;
  readonly slope: bigint;
}

interface Tensor {
  readonly shape: readonly number[];
  readonly elements: readonly Dual[];
}

interface Step {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly attrs?: Readonly<Record<string, unknown>>;
}

const zero: Dual = { value: 0n, slope: 0n };
const plus = (a: Dual, b: Dual): Dual => ({
  value: a.value + b.value,
  slope: a.slope + b.slope,
});
const times = (a: Dual, b: Dual): Dual => ({
  value: a.value * b.value,
  slope: a.value * b.slope + a.slope * b.value,
});
const ramp = (a: Dual): Dual => (a.value > 0n ? a : zero);
const total = (terms: readonly Dual[]): Dual => terms.reduce(plus, zero);
const whole = (n: number): Dual => ({ value: BigInt(n), slope: 0n });

/**
 * Gradients of 1/2 sum (y - t)^2, not divided by the batch, for parameters on
 * which the output depends or not.
 */
export function wholeNumberGradients(graph: Graph): Map<string, bigint[]> {
  const gradients = new Map<string, bigint[]>();
  for (const vertex of graph.vertices) {
    if (vertex.op !== 'param') continue;
    const elements = Array.from({ length: vertex.size }, (_, i) =>
      slopeOfLoss(graph, vertex.id, i),
    );
    gradients.set(vertex.id, elements);
  }
  return gradients;
}

function slopeOfLoss(graph: Graph, id: string, element: number): bigint {
  const made = new Map<string, Tensor>();
  for (const vertex of graph.vertices) {
    if (vertex.op === 'input' || vertex.op === 'param') {
      const elements = leafValues(graph, vertex.id).map((value, i) => ({
        value,
        slope: vertex.id === id && i === element ? 1n : 0n,
      }));
      made.set(vertex.id, { shape: vertex.shape, elements });
      continue;
    }
    const inputs = vertex.inputs.map((input) => made.get(input.id) as Tensor);
    made.set(vertex.id, apply(vertex.op, inputs, vertex.attrs));
  }
  const output = made.get(graph.output.id) as Tensor;
  const target = leafValues(graph, 'target');
  let slope = 0n;
  output.elements.forEach((y, i) => {
    slope += (y.value - target[i]) * y.slope;
  });
  return slope;
}

function leafValues(graph: Graph, id: string): bigint[] {
  const init = graph.inits.get(id);
  const data =
    graph.data.get(id)?.data ?? (init?.kind === 'values' ? init.data : null);
  if (!data) throw new Error(`leaf ${id} has no values`);
  return Array.from(data, BigInt);
}

function apply(
  op: string,
  inputs: readonly Tensor[],
  attrs: Readonly<Record<string, unknown>>,
): Tensor {
  const [x, z, bias] = inputs;
  const each = (f: (a: Dual, i: number) => Dual): Tensor => ({
    shape: x.shape,
    elements: x.elements.map(f),
  });
  switch (op) {
    case 'identity':
      return x;
    case 'scale':
      return each((a) => times(a, whole(Number(attrs['factor']))));
    case 'relu':
      return each(ramp);
    case 'square':
      return each((a) => times(a, a));
    case 'mul':
      return each((a, i) => times(a, z.elements[i]));
    case 'add':
      return each((_, i) => total(inputs.map((t) => t.elements[i])));
    case 'sum':
      return sumOver(x, attrs['axis'] as number | undefined);
    case 'linear':
      return product(x, z, true);
    case 'matmul':
      return product(x, z, attrs['transpose_b'] === true);
    case 'affine': {
      const { shape, elements } = product(x, z, true);
      const width = bias.elements.length;
      return {
        shape,
        elements: elements.map((a, i) => plus(a, bias.elements[i % width])),
      };
    }
    case 'composite': {
      const made: Tensor[] = [];
      for (const step of attrs['body'] as readonly Step[]) {
        const read = step.inputs.map((at) =>
          at >= 0 ? inputs[at] : made[-1 - at],
        );
        made.push(apply(step.op, read, step.attrs ?? {}));
      }
      return made[made.length - 1];
    }
    default:
      throw new Error(`the oracle does not know op ${op}: add it`);
  }
}

/** x [..., k] times z [k, m], or z [m, k] where it is turned. */
function product(x: Tensor, z: Tensor, turned: boolean): Tensor {
  const depth = x.shape[x.shape.length - 1];
  const columns = z.shape[turned ? 0 : 1];
  const rows = x.elements.length / depth;
  const elements: Dual[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const terms = Array.from({ length: depth }, (_, k) =>
        times(
          x.elements[i * depth + k],
          z.elements[turned ? j * depth + k : k * columns + j],
        ),
      );
      elements.push(total(terms));
    }
  }
  return { shape: [...x.shape.slice(0, -1), columns], elements };
}

function sumOver(x: Tensor, axis: number | undefined): Tensor {
  if (axis === undefined) return { shape: [1], elements: [total(x.elements)] };
  const at = axis < 0 ? axis + x.shape.length : axis;
  const rest = x.shape.filter((_, i) => i !== at);
  const inner = x.shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const block = inner * x.shape[at];
  const sums = Array<Dual>(x.elements.length / x.shape[at]).fill(zero);
  x.elements.forEach((a, i) => {
    const to = Math.floor(i / block) * inner + (i % inner);
    sums[to] = plus(sums[to], a);
  });
  return { shape: rest.length > 0 ? rest : [1], elements: sums };
}
