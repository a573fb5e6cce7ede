/**
 * Precisions: Pi = 1 / Sigma of each neuron, learned as ln Sigma (Millidge 2020,
 * section 5; rc3 of the experimental comparison). Neurons are the elements of a
 * population without its first axis, the batch; a population of one axis has no
 * batch.
 */

import type { Shape } from '../base/tensor.ts';
import type { Graph } from '../graph/graph.ts';
import type { Levelled } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { type Along, mapKernel } from '../kernels/map.ts';
import { reduceSum } from '../kernels/reduce.ts';

/** Id of a population's ln Sigma among the parameters. */
export const precisionId = (id: string) => `@lnSigma/${id}`;

/**
 * Whether a population can have precisions: the output's error is a Gaussian's
 * only where the loss is half the squared error.
 */
export function hasPrecision({ output, loss }: Graph, vertex: Vertex): boolean {
  return vertex !== output || loss.kind === 'half_sse';
}

/** Neurons of a population. */
export function neuronsOf({ shape, size }: Vertex): number {
  return shape.length > 1 ? size / shape[0]! : size;
}

/** What the circuit of a graph learns beside its parameters. */
export function precisionsOf({ graph, vertices }: Levelled): {
  id: string;
  shape: Shape;
  size: number;
}[] {
  return vertices
    .filter((vertex) => !vertex.isLeaf && hasPrecision(graph, vertex))
    .map((vertex) => {
      const { id, shape } = vertex;
      return {
        id: precisionId(id),
        shape: shape.length > 1 ? shape.slice(1) : shape,
        size: neuronsOf(vertex),
      };
    });
}

const exponential = mapKernel({
  name: 'precision',
  each: ['lnSigma'],
  outputs: [['pi', 'exp(-lnSigma)']],
});

const weigh = mapKernel({
  name: 'weigh',
  each: ['eps'],
  along: ['pi'],
  outputs: [['weighted', 'pi * eps']],
});

const product = mapKernel({
  name: 'weighted-square',
  each: ['weighted', 'eps'],
  outputs: [['y', 'weighted * eps']],
});

const slope = mapKernel({
  name: 'precision-gradient',
  each: ['mean'],
  outputs: [['g', '0.5 * (1 - mean)']],
});

/** The precisions of one population, at the instant of a recording. */
export class Precision {
  readonly vertex: Vertex;
  lnSigma: Ref;
  /** What it will be from the next instant on. */
  next: Ref | null = null;
  private made: { of: Ref; pi: Ref } | null = null;

  constructor(vertex: Vertex, lnSigma: Ref) {
    this.vertex = vertex;
    this.lnSigma = lnSigma;
  }

  /** A new instant has begun. */
  advance(): void {
    this.lnSigma = this.next ?? this.lnSigma;
    this.next = null;
  }

  /** Where element i finds its neuron. */
  get along(): Along {
    return [1, neuronsOf(this.vertex), 1];
  }

  pi(emit: Emit): Ref {
    if (this.made?.of !== this.lnSigma) {
      const [pi] = exponential.emit(emit, [this.lnSigma]);
      this.made = { of: this.lnSigma, pi };
    }
    return this.made.pi;
  }

  /** Pi eps. */
  weighted(emit: Emit, eps: Ref): Ref {
    return weigh.emit(emit, [eps, this.pi(emit)], { pi: this.along })[0];
  }

  /** Pi eps^2. */
  squares(emit: Emit, eps: Ref): Ref {
    return product.emit(emit, [this.weighted(emit, eps), eps])[0];
  }

  /** dF / d ln Sigma = (1 - Pi eps^2) / 2, averaged over the batch. */
  gradient(emit: Emit, eps: Ref): Ref {
    const neurons = neuronsOf(this.vertex);
    const batch = this.vertex.size / neurons;
    const split = [1, batch, neurons] as const;
    const mean = reduceSum(emit, this.squares(emit, eps), split, batch);
    return slope.emit(emit, [mean])[0];
  }
}
