/**
 * Means and variances of training data, for graphs that normalise by given ones
 * (batchnorm_inference). Each batch gives those of its activations; over all
 * batches they are pooled, as if they were one ("precise" batch normalisation,
 * Wu and Johnson 2021). Running averages over training would depend on its
 * last steps; these depend on the weights and the data alone.
 */

import type { Graph } from '../graph/graph.ts';
import type { Feeds, Simulation } from '../simulation/simulate.ts';

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
  const all = batchnorms(simulation.graph).map(({ id, inputs: [x] }) => ({
    ...{ id, x: x!, count: 0 },
    mean: new Float64Array(x!.shape[1]!),
    /** Sum of squared distances from the mean. */
    apart: new Float64Array(x!.shape[1]!),
  }));
  const ids = [...new Set(all.map(({ x }) => x.id))];
  for (const feeds of batches) {
    const values = await simulation.activations(ids, feeds);
    for (const each of all) {
      const { x, mean, apart } = each;
      const data = values.get(x.id) ?? [];
      const inner = x.size / (x.shape[0]! * mean.length);
      const count = data.length / mean.length;
      const own = moments(data, mean.length, inner);
      const total = each.count + count;
      // Pairs of means and distances are joined (Chan et al. 1979): sums of
      // squares would lose what a large mean leaves.
      mean.forEach((before, channel) => {
        const step = own.mean[channel]! - before;
        mean[channel]! += (step * count) / total;
        apart[channel]! +=
          own.apart[channel]! + (step * step * each.count * count) / total;
      });
      each.count = total;
    }
  }
  return Object.fromEntries(
    all.flatMap(({ id, mean, apart, count }) => [
      [`${id}.mean`, Float32Array.from(mean)],
      [`${id}.variance`, Float32Array.from(apart, (sum) => sum / count)],
    ]),
  );
}

/** Means of channels, and the sums of squared distances from them. */
function moments(data: ArrayLike<number>, channels: number, inner: number) {
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const mean = new Float64Array(channels);
  const apart = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) mean[channelOf(i)]! += data[i]!;
  for (let c = 0; c < channels; c++) mean[c]! /= data.length / channels;
  for (let i = 0; i < data.length; i++) {
    apart[channelOf(i)]! += (data[i]! - mean[channelOf(i)]!) ** 2;
  }
  return { mean, apart };
}
