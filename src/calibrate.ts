/**
 * Means and variances of training data, for graphs that normalise by given ones
 * (batchnorm_inference). Each batch gives those of its activations; over all
 * batches they are pooled, as if they were one ("precise" batch normalisation,
 * Wu and Johnson 2021). Running averages over training would depend on its
 * last steps; these depend on the weights and the data alone.
 */

import type { Graph } from './graph.ts';
import type { Feeds, Simulation } from './simulate.ts';

/** Vertices of a graph that normalise by their batch. */
function batchnorms(graph: Graph) {
  return graph.vertices.filter(({ op }) => op === 'batchnorm');
}

/** Names of what `batchStatistics` gives: ID.mean and ID.variance. */
export function statisticsNames(graph: Graph): string[] {
  return batchnorms(graph).flatMap(({ id }) => [
    `${id}.mean`,
    `${id}.variance`,
  ]);
}

/** Statistics of each batchnorm's input, [channels], biased variances. */
export async function batchStatistics(
  simulation: Simulation,
  batches: readonly Feeds[],
): Promise<Record<string, Float32Array>> {
  const vertices = batchnorms(simulation.graph);
  const sums = vertices.map(({ id, inputs: [x] }) => ({
    ...{ id, x, channels: x.shape[1], count: 0 },
    sum: new Float64Array(x.shape[1]),
    squares: new Float64Array(x.shape[1]),
  }));
  const ids = [...new Set(sums.map(({ x }) => x.id))];
  for (const feeds of batches) {
    const values = await simulation.activations(ids, feeds);
    for (const each of sums) {
      const data = values.get(each.x.id) ?? [];
      const inner = each.x.size / (each.x.shape[0] * each.channels);
      for (let i = 0; i < data.length; i++) {
        const channel = Math.floor(i / inner) % each.channels;
        each.sum[channel] += data[i];
        each.squares[channel] += data[i] * data[i];
      }
      each.count += data.length / each.channels;
    }
  }
  return Object.fromEntries(
    sums.flatMap(({ id, sum, squares, count }) => {
      const mean = Float32Array.from(sum, (s) => s / count);
      const variance = Float32Array.from(squares, (s, channel) =>
        Math.max(0, s / count - (sum[channel] / count) ** 2),
      );
      return [
        [`${id}.mean`, mean],
        [`${id}.variance`, variance],
      ];
    }),
  );
}
