/**
 * The conditions of Z-IL's equality with BP, each dropped alone: a check that
 * cannot fail shows nothing. A graph on which a condition has nothing to do
 * does not miss it, and must then equal BP still.
 */

import type { Levelled } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { ZilOptions } from '../rules/zil.ts';

export interface Ablation {
  /** Levels, or the number of a condition (Song 2020, section 3). */
  readonly condition: 'levels' | 'C1' | 'C2' | 'C3';
  /** What is done instead, for people. */
  readonly dropped: string;
  readonly options: ZilOptions;
  /** Whether the update of a graph, levelled by longest paths, must change. */
  readonly mustDiffer: (levelled: Levelled) => boolean;
  /** Why it need not, where it must not. */
  readonly otherwise: string;
}

export const notLevelled: Ablation = {
  condition: 'levels',
  dropped: 'not levelled',
  options: { levelled: false },
  mustDiffer: delaysErrors,
  otherwise: 'levelled by itself',
};

export const noise: Ablation = {
  condition: 'C1',
  dropped: 'noise 0.1',
  options: { sigma: 0.1 },
  mustDiffer: ({ vertices, graph }) =>
    vertices.some((vertex) => !vertex.isLeaf && vertex !== graph.output),
  otherwise: 'nothing hidden',
};

export const halfStep: Ablation = {
  condition: 'C2',
  dropped: 'gamma = 0.5',
  options: { gamma: 0.5 },
  mustDiffer: someLearn((level) => level > 1),
  otherwise: 'nothing below the output',
};

export const tooEarly: Ablation = {
  condition: 'C3',
  dropped: 'learns at first',
  options: { plasticity: 'first' },
  mustDiffer: someLearn((level) => level > 1),
  otherwise: 'its time is the first',
};

export const tooLate: Ablation = {
  condition: 'C3',
  dropped: 'learns at last',
  options: { plasticity: 'last' },
  mustDiffer: someLearn((level, depth) => level < depth),
  otherwise: 'its time is the last',
};

export const always: Ablation = {
  condition: 'C3',
  dropped: 'learns at every t',
  options: { plasticity: 'every' },
  mustDiffer: someLearn((level, depth) => level < depth),
  otherwise: 'its time is the last',
};

/** Whether an error that some parameter waits for has to wait for others. */
export function delaysErrors({ vertices, axons }: Levelled): boolean {
  const learns = new Set<Vertex>();
  for (const vertex of vertices) {
    const plastic = vertex.op === 'param';
    if (plastic || vertex.inputs.some((v) => learns.has(v))) learns.add(vertex);
  }
  return axons.some(({ from, delay }) => delay > 0 && learns.has(from));
}

/** Whether the level of some parameter fulfils a condition. */
function someLearn(of: (level: number, depth: number) => boolean) {
  return ({ levels, depth }: Levelled): boolean =>
    [...levels].some(([{ op }, level]) => op === 'param' && of(level, depth));
}
