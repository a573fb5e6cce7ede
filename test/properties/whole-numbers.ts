/**
 * The oracle in whole numbers: gradients of integer graphs by forward-mode
 * differentiation in BigInt, one run for each element of each parameter. It
 * reads a graph's description and shares no code with the simulator: other
 * arithmetic, other direction, its own shape rules.
 */

import type { Graph } from '../../src/graph/graph.ts';

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
const negative = (a: Dual): Dual => ({ value: -a.value, slope: -a.slope });
const ramp = (a: Dual): Dual => (a.value > 0n ? a : zero);
/** |a|, of slope 0 at 0. */
const bent = (a: Dual): Dual =>
  a.value === 0n ? zero : a.value < 0n ? negative(a) : a;
const between = (a: Dual, min: Dual, max: Dual): Dual =>
  a.value < min.value ? min : a.value > max.value ? max : a;
/** Of equal ones the first. */
const greatest = (terms: readonly Dual[]): Dual =>
  terms.reduce((most, a) => (a.value > most.value ? a : most));
const total = (terms: readonly Dual[]): Dual => terms.reduce(plus, zero);
const whole = (n: number): Dual => ({ value: BigInt(n), slope: 0n });

/**
 * Gradients of 1/2 sum (y - t)^2, not divided by the batch, for parameters on
 * which the output depends or not.
 */
export function wholeNumberGradients(graph: Graph): Map<string, bigint[]> {
  const gradients = new Map<string, bigint[]>();
  const still = run(graph, new Map());
  for (const { op, id, shape } of graph.vertices) {
    if (op !== 'param') continue;
    // What does not depend on the parameter is the same for all its elements.
    const moved = new Set([id]);
    for (const vertex of graph.vertices) {
      if (vertex.inputs.some((input) => moved.has(input.id))) {
        moved.add(vertex.id);
      }
    }
    const fixed = new Map([...still].filter(([other]) => !moved.has(other)));
    const { elements } = still.get(id) as Tensor;
    const slopes = elements.map((_, i) => {
      const parameter = elements.map(({ value }, k) => ({
        value,
        slope: k === i ? 1n : 0n,
      }));
      const given = new Map(fixed).set(id, { shape, elements: parameter });
      return moved.has(graph.output.id) ? slopeOfLoss(graph, given) : 0n;
    });
    gradients.set(id, slopes);
  }
  return gradients;
}

function slopeOfLoss(graph: Graph, given: ReadonlyMap<string, Tensor>): bigint {
  const output = run(graph, given).get(graph.output.id) as Tensor;
  const target = leafValues(graph, 'target');
  let slope = 0n;
  output.elements.forEach((y, i) => {
    slope += (y.value - target[i]) * y.slope;
  });
  return slope;
}

/** All vertices, those that are given as they are. */
function run(
  graph: Graph,
  given: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const made = new Map(given);
  for (const { id, op, inputs, attrs, shape, isLeaf } of graph.vertices) {
    if (made.has(id)) continue;
    if (isLeaf) {
      const elements = leafValues(graph, id).map((value) => ({
        value,
        slope: 0n,
      }));
      made.set(id, { shape, elements });
      continue;
    }
    const read = inputs.map((input) => made.get(input.id) as Tensor);
    made.set(id, apply(op, read, attrs));
  }
  return made;
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
    case 'abs':
      return each(bent);
    case 'clamp': {
      const [min, max] = [attrs['min'], attrs['max']].map((n) =>
        whole(Number(n)),
      );
      return each((a) => between(a, min, max));
    }
    case 'square':
      return each((a) => times(a, a));
    case 'sub':
      return each((a, i) => plus(a, negative(z.elements[i])));
    case 'mul':
      return each((a, i) => times(a, z.elements[i]));
    case 'add':
      return each((_, i) => total(inputs.map((t) => t.elements[i])));
    case 'sum':
      return sumOver(x, attrs['axis'] as number | undefined);
    case 'linear':
      return product(x, z, true);
    case 'matmul':
      return products(x, z, attrs['transpose_b'] === true);
    case 'affine': {
      const { shape, elements } = product(x, z, true);
      const width = bias.elements.length;
      return {
        shape,
        elements: elements.map((a, i) => plus(a, bias.elements[i % width])),
      };
    }
    case 'conv2d':
      return convolution(inputs, attrs);
    case 'maxpool2d':
      return greatestOfWindows(x, attrs);
    case 'causal_mask': {
      const fill = whole(Number(attrs['fill']));
      const [rows, columns] = x.shape.slice(-2);
      return each((a, i) =>
        i % columns > Math.floor(i / columns) % rows ? fill : a,
      );
    }
    case 'reshape': {
      const shape = attrs['shape'] as number[];
      const open = shape.reduce(
        (left, n) => (n < 0 ? left : left / n),
        size(x),
      );
      return { ...x, shape: shape.map((n) => (n < 0 ? open : n)) };
    }
    case 'flatten': {
      const kept = x.shape.slice(0, Number(attrs['start_axis'] ?? 1));
      const rest = kept.reduce((left, n) => left / n, size(x));
      return { ...x, shape: [...kept, rest] };
    }
    case 'transpose':
      return turned(x, attrs['axes'] as number[] | undefined);
    case 'expand': {
      const shape = attrs['shape'] as number[];
      const missing = shape.length - x.shape.length;
      return built(shape, (place) =>
        at(
          x,
          x.shape.map((n, i) => (n === 1 ? 0 : place[missing + i])),
        ),
      );
    }
    case 'slice': {
      const axis = counted(attrs['axis'], x.shape.length);
      const length = x.shape[axis];
      const start = counted(attrs['start'] ?? 0, length);
      const end = counted(attrs['end'] ?? length, length);
      return built(x.shape.with(axis, end - start), (place) =>
        at(x, place.with(axis, place[axis] + start)),
      );
    }
    case 'concat':
      return inputs.reduce((a, b) =>
        joined(a, b, counted(attrs['axis'] ?? 0, x.shape.length)),
      );
    case 'embedding':
      return built([...z.shape, x.shape[1]], (place) => {
        const row = Number(at(z, place.slice(0, -1)).value);
        return at(x, [row, place[place.length - 1]]);
      });
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

const size = (x: Tensor): number => x.elements.length;

/** Counted from the end where it is negative. */
function counted(n: unknown, length: number): number {
  return Number(n) < 0 ? Number(n) + length : Number(n);
}

/** The element at a place. */
function at(x: Tensor, place: readonly number[]): Dual {
  return x.elements[place.reduce((i, p, axis) => i * x.shape[axis] + p, 0)];
}

/** A tensor, given the element of each place. */
function built(
  shape: readonly number[],
  element: (place: number[]) => Dual,
): Tensor {
  const places = shape.reduce<number[][]>(
    (fronts, n) =>
      fronts.flatMap((front) =>
        Array.from({ length: n }, (_, p) => [...front, p]),
      ),
    [[]],
  );
  return { shape, elements: places.map(element) };
}

function turned(x: Tensor, given: readonly number[] | undefined): Tensor {
  const n = x.shape.length;
  const axes = (given ?? [...Array(n - 2).keys(), -1, -2]).map((axis) =>
    counted(axis, n),
  );
  return built(
    axes.map((axis) => x.shape[axis]),
    (place) =>
      at(
        x,
        x.shape.map((_, axis) => place[axes.indexOf(axis)]),
      ),
  );
}

function joined(a: Tensor, b: Tensor, axis: number): Tensor {
  const before = a.shape[axis];
  return built(a.shape.with(axis, before + b.shape[axis]), (place) =>
    place[axis] < before
      ? at(a, place)
      : at(b, place.with(axis, place[axis] - before)),
  );
}

/** Numbers of an axis that a window reads, those of the padding apart. */
function windowOf(
  position: number,
  length: number,
  window: number,
  attrs: Readonly<Record<string, unknown>>,
  stride: number,
): { inWindow: number; inside: number }[] {
  const start = position * stride - Number(attrs['padding'] ?? 0);
  return Array.from({ length: window }, (_, k) => ({
    inWindow: k,
    inside: start + k,
  })).filter(({ inside }) => inside >= 0 && inside < length);
}

/** Positions of a window along an axis. */
function positions(
  length: number,
  window: number,
  attrs: Readonly<Record<string, unknown>>,
  stride: number,
): number {
  const padded = length + 2 * Number(attrs['padding'] ?? 0);
  return Math.floor((padded - window) / stride) + 1;
}

function convolution(
  [x, w, bias]: readonly Tensor[],
  attrs: Readonly<Record<string, unknown>>,
): Tensor {
  const [batch, , height, width] = x.shape;
  const [outputs, channels, kh, kw] = w.shape;
  const stride = Number(attrs['stride'] ?? 1);
  const ofGroup = outputs / Number(attrs['groups'] ?? 1);
  const shape = [
    batch,
    outputs,
    positions(height, kh, attrs, stride),
    positions(width, kw, attrs, stride),
  ];
  return built(shape, ([image, o, row, column]) => {
    const terms: Dual[] = bias ? [bias.elements[o]] : [];
    const first = Math.floor(o / ofGroup) * channels;
    for (let c = 0; c < channels; c++) {
      for (const y of windowOf(row, height, kh, attrs, stride)) {
        for (const v of windowOf(column, width, kw, attrs, stride)) {
          terms.push(
            times(
              at(x, [image, first + c, y.inside, v.inside]),
              at(w, [o, c, y.inWindow, v.inWindow]),
            ),
          );
        }
      }
    }
    return total(terms);
  });
}

function greatestOfWindows(
  x: Tensor,
  attrs: Readonly<Record<string, unknown>>,
): Tensor {
  const [batch, channels, height, width] = x.shape;
  const window = Number(attrs['kernel']);
  const stride = Number(attrs['stride'] ?? window);
  const count = (n: number) => positions(n, window, attrs, stride);
  const shape = [batch, channels, count(height), count(width)];
  return built(shape, ([image, channel, row, column]) =>
    greatest(
      windowOf(row, height, window, attrs, stride).flatMap((y) =>
        windowOf(column, width, window, attrs, stride).map((v) =>
          at(x, [image, channel, y.inside, v.inside]),
        ),
      ),
    ),
  );
}

/** Matrices of x times z, or those of x times the one that z is. */
function products(x: Tensor, z: Tensor, turned: boolean): Tensor {
  if (z.shape.length === 2) return product(x, z, turned);
  const matrices = x.shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const part = (t: Tensor, i: number): Tensor => {
    const each = size(t) / matrices;
    const elements = t.elements.slice(i * each, (i + 1) * each);
    return { shape: t.shape.slice(-2), elements };
  };
  const parts = Array.from({ length: matrices }, (_, i) =>
    product(part(x, i), part(z, i), turned),
  );
  return {
    shape: [...x.shape.slice(0, -2), ...parts[0].shape],
    elements: parts.flatMap(({ elements }) => elements),
  };
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
