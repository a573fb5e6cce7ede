import { type Shape, sizeOf } from '../base/tensor.ts';
import { type ElementwiseMethods, elementwise } from '../ops/elementwise.ts';
import type { Attrs } from '../ops/op.ts';

/** Makes vertices of one graph. */
export interface Builder {
  apply(op: string, inputs: Vertex[], attrs?: Attrs, id?: string): Vertex;
  rename(vertex: Vertex, id: string): Vertex;
}

class Elementwise {}
for (const { name, arity, attrs = {} } of elementwise) {
  const method = name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const value = function (this: Vertex, ...args: unknown[]): Vertex {
    const others = args.splice(0, Number(arity) - 1) as Vertex[];
    const numbers = Object.keys(attrs).map((key, k) => [key, args[k]]);
    return this.apply(name, others, Object.fromEntries(numbers));
  };
  Object.defineProperty(Elementwise.prototype, method, { value });
}

/**
 * One elementary function of the graph, or a leaf; its methods are the ops,
 * each of which makes the next vertex. What an op computes stands in ops/.
 */
export class Vertex extends (Elementwise as new () => ElementwiseMethods<Vertex>) {
  private readonly builder: Builder;
  /** Place in topological order. */
  readonly index: number;
  /** Its name, unique in the graph. */
  readonly id: string;
  /** Name of the op; 'input' and 'param' are leaves. */
  readonly op: string;
  /** The vertices that it reads, in the order of the op's arguments. */
  readonly inputs: readonly Vertex[];
  /** Attributes of the op, such as the stride of a convolution. */
  readonly attrs: Attrs;
  /** Shape of its value, row-major; a scalar has [1]. */
  readonly shape: Shape;

  constructor(
    builder: Builder,
    of: Pick<Vertex, 'index' | 'id' | 'op' | 'inputs' | 'attrs' | 'shape'>,
  ) {
    super();
    this.builder = builder;
    this.index = of.index;
    this.id = of.id;
    this.op = of.op;
    this.inputs = Object.freeze([...of.inputs]);
    this.attrs = Object.freeze({ ...of.attrs });
    this.shape = Object.freeze([...of.shape]);
  }

  /** Whether it is a data input or a parameter, not an op. */
  get isLeaf(): boolean {
    return this.op === 'input' || this.op === 'param';
  }

  /** Elements of its value. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Any op of the table with this vertex as first input. */
  apply(
    op: string,
    others: Vertex[] = [],
    attrs: Attrs = {},
    id?: string,
  ): Vertex {
    return this.builder.apply(op, [this, ...others], attrs, id);
  }
  /** The sum of this and others of its shape, from left to right. */
  add(...others: Vertex[]): Vertex {
    return this.apply('add', others);
  }
  /** x W^T, W of shape [out, in]. */
  linear(weight: Vertex): Vertex {
    return this.apply('linear', [weight]);
  }
  /** x W^T + b, W of shape [out, in], b of shape [out]. */
  affine(weight: Vertex, bias: Vertex): Vertex {
    return this.apply('affine', [weight, bias]);
  }
  /** Matrix product; `transpose_b` takes other as [m, k]. */
  matmul(other: Vertex, attrs: { transpose_b?: boolean } = {}): Vertex {
    return this.apply('matmul', [other], attrs);
  }
  /** Sum along an axis, which goes; over all elements, [1], if not given. */
  sum(axis?: number): Vertex {
    return this.apply('sum', [], axis === undefined ? {} : { axis });
  }
  /** Mean along an axis, which goes; over all elements, [1], if not given. */
  mean(axis?: number): Vertex {
    return this.apply('mean', [], axis === undefined ? {} : { axis });
  }
  /** Exponentials over their sum along an axis. Default the last. */
  softmax(axis = -1): Vertex {
    return this.apply('softmax', [], { axis });
  }
  /** Logarithms of the softmax along an axis. Default the last. */
  logSoftmax(axis = -1): Vertex {
    return this.apply('log_softmax', [], { axis });
  }
  /**
   * x [B, C, H, W] with filters [O, C / groups, kh, kw] and a bias [O] or none;
   * `stride` 1, `padding` 0 and `groups` 1 if not given.
   */
  conv2d(
    weight: Vertex,
    bias: Vertex | null = null,
    attrs: { stride?: number; padding?: number; groups?: number } = {},
  ): Vertex {
    return this.apply('conv2d', bias ? [weight, bias] : [weight], attrs);
  }
  /**
   * Greatest of each window of kernel x kernel, x [B, C, H, W]; `stride` is as
   * the window, `padding` 0 if not given.
   */
  maxpool2d(kernel: number, more: { stride?: number; padding?: number } = {}) {
    return this.apply('maxpool2d', [], { kernel, ...more });
  }
  /**
   * Mean of each window of kernel x kernel, x [B, C, H, W], where padding
   * counts as 0; `stride` is as the window, `padding` 0 if not given.
   */
  avgpool2d(kernel: number, more: { stride?: number; padding?: number } = {}) {
    return this.apply('avgpool2d', [], { kernel, ...more });
  }
  /** x [B, C, ...] to the means of its channels, [B, C]. */
  globalAvgpool(): Vertex {
    return this.apply('global_avgpool');
  }
  /** To mean 0 and variance 1 over the last axis; `eps` 1e-5 if not given. */
  layernorm(gain: Vertex, shift: Vertex, eps?: number): Vertex {
    return this.apply('layernorm', [gain, shift], eps ? { eps } : {});
  }
  /** The same over the batch and all axes after the second. */
  batchnorm(gain: Vertex, shift: Vertex, eps?: number): Vertex {
    return this.apply('batchnorm', [gain, shift], eps ? { eps } : {});
  }
  /**
   * Local response normalisation over `size` channels, in PyTorch's form; `alpha`
   * 1e-4, `beta` .75 and `k` 1 if not given.
   */
  lrn(size: number, more: { alpha?: number; beta?: number; k?: number } = {}) {
    return this.apply('lrn', [], { size, ...more });
  }
  /** Scores [..., rows, columns], with `fill` (-1e9) in columns after the row. */
  causalMask(fill?: number): Vertex {
    return this.apply('causal_mask', [], fill === undefined ? {} : { fill });
  }
  /** The same elements in another shape; one length may be -1. */
  reshape(shape: Shape): Vertex {
    return this.apply('reshape', [], { shape });
  }
  /** Axes from `start_axis` on become one. */
  flatten(start_axis = 1): Vertex {
    return this.apply('flatten', [], { start_axis });
  }
  /** Which axis each one becomes; the last two change places if not given. */
  transpose(axes?: readonly number[]): Vertex {
    return this.apply('transpose', [], axes ? { axes } : {});
  }
  /** Repeated along axes that are 1 or missing. */
  expand(shape: Shape): Vertex {
    return this.apply('expand', [], { shape });
  }
  /** Elements of an axis from `start` to before `end`. */
  slice(axis: number, start: number, end?: number): Vertex {
    const more = end === undefined ? {} : { end };
    return this.apply('slice', [], { axis, start, ...more });
  }
  /** An axis in parts of these lengths. */
  split(axis: number, lengths: readonly number[]): Vertex[] {
    let start = 0;
    return lengths.map((length) => {
      start += length;
      return this.slice(axis, start - length, start);
    });
  }
  /** This and others one after another. */
  concat(others: Vertex[], axis = 0): Vertex {
    return this.apply('concat', others, { axis });
  }
  /** Rows of this table by the numbers in another vertex. */
  embedding(numbers: Vertex): Vertex {
    return this.apply('embedding', [numbers]);
  }
  /** Elements left out by chance, as `step` [1], the presentation, says. */
  dropout(rate: number, step: Vertex, seed: number): Vertex {
    return this.apply('dropout', [step], { rate, seed });
  }
  /** The same vertex under another name; only the newest can be. Throws GraphError. */
  named(id: string): Vertex {
    return this.builder.rename(this, id);
  }
}
