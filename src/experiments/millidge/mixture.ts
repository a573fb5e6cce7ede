/**
 * What a relaxation with fixed predictions comes to, without relaxing: how much
 * has arrived over how many edges, times the chance to have gone so far.
 */

import type { Graph } from '../../graph/graph.ts';
import { level } from '../../graph/level.ts';
import type { Gradients } from '../../proof/check.ts';
import { binomial } from '../../theory/binomial.ts';
import { gradientsAt, type RelaxationRun } from '../instants.ts';

/**
 * The gradients after n steps of size gamma, without taking those steps: with
 * gamma = 1 all that has come over at most t edges is there at t, and each of
 * n steps carries it on by chance gamma.
 */
export async function mixture(
  graph: Graph,
  { gamma, iterations }: { gamma: number; iterations: number },
  run: RelaxationRun,
): Promise<Gradients> {
  const { depth } = level(graph);
  // From then on everything has arrived.
  const last = Math.min(depth, iterations);
  const instants = Array.from({ length: last + 1 }, (_, t) => t);
  const wave = { gamma: 1, prediction: 'fixed', instants } as const;
  const arrived = await gradientsAt(graph, wave, run);
  const chances = binomial(iterations, gamma);
  const mixed = new Map<string, Float64Array>();
  for (const id of arrived[0]!.keys()) {
    const sum = new Float64Array(arrived[0]!.get(id)!.length);
    chances.forEach((chance, t) => {
      const own = arrived[Math.min(t, last)]!.get(id)!;
      for (let i = 0; i < sum.length; i++) sum[i]! += chance * own[i]!;
    });
    mixed.set(id, sum);
  }
  return mixed;
}
