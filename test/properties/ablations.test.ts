/**
 * Each condition of Z-IL dropped alone must break it: a property that holds
 * without its conditions would show nothing. Oracle: BP. Float64, and graphs
 * that have what the condition is about. Measured on 3,000 cases each, 97.6%
 * (no delays) to 100% differ; in the rest what comes at the wrong time is
 * exactly 0 (a dead ReLU on the way). 0.9 of 150 cases is out of the reach of
 * chance.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { level } from '../../src/graph/level.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { bp } from '../../src/rules/bp.ts';
import { type ZilOptions, zil } from '../../src/rules/zil.ts';
import { graphs, totalOps } from '../arbitraries/index.ts';
import { differs, gradientsOf, isNonzero } from './support.ts';

const CASES = 150;
/** Fraction that must differ. */
const LEAST = 0.9;
const backend = new CpuBackend('f64');

/**
 * A NaN would count as a difference, so only ops that take any number. Over a
 * single element a normalisation is constant, and small graphs have many such:
 * they would send back exactly 0.
 */
const ops = totalOps.filter((name) => !/norm$|softmax$/.test(name));

/** Errors on their way to a parameter have to wait for others. */
function skips(graph: Graph): boolean {
  const learns = new Set<Vertex>();
  for (const vertex of graph.vertices) {
    const plastic = vertex.op === 'param';
    if (plastic || vertex.inputs.some((v) => learns.has(v))) learns.add(vertex);
  }
  return level(graph).axons.some(
    ({ from, delay }) => delay > 0 && learns.has(from),
  );
}

/** Some error has further to go than from the output to its inputs. */
function isDeep(graph: Graph): boolean {
  const { levels } = level(graph);
  return [...levels].some(([{ op }, l]) => op === 'param' && l > 1);
}

/** Parameters learn at two instants or more. */
function hasTwoTimes(graph: Graph): boolean {
  const { vertices, levels } = level(graph);
  const parameters = vertices.filter(({ op }) => op === 'param');
  return new Set(parameters.map((v) => levels.get(v))).size > 1;
}

const ablations: readonly {
  readonly name: string;
  readonly options: ZilOptions;
  readonly about: (graph: Graph) => boolean;
}[] = [
  {
    name: 'no delays',
    options: { levelled: false },
    about: skips,
  },
  {
    name: 'gamma = 0.5',
    options: { gamma: 0.5 },
    about: isDeep,
  },
  {
    name: 'plasticity at first',
    options: { plasticity: 'first' },
    about: isDeep,
  },
  {
    name: 'plasticity at last',
    options: { plasticity: 'last' },
    about: hasTwoTimes,
  },
  {
    name: 'plasticity at every instant',
    options: { plasticity: 'every' },
    about: hasTwoTimes,
  },
  {
    name: 'a start away from eps = 0',
    options: { sigma: 0.1 },
    about: isDeep,
  },
];

for (const { name, options, about } of ablations) {
  test(`Z-IL with ${name} differs from BP`, async () => {
    const seed = Date.now() | 0;
    const arbitrary = graphs({ ops, join: true, losses: ['half_sse'] });
    const cases = fc.sample(arbitrary.filter(about), { numRuns: CASES, seed });
    let nontrivial = 0;
    let different = 0;
    const alike: Graph[] = [];
    for (const graph of cases) {
      const wanted = await gradientsOf(graph, bp(), backend);
      if (!isNonzero(wanted)) continue;
      nontrivial += 1;
      const got = await gradientsOf(graph, zil(options), backend);
      if (differs(got, wanted)) different += 1;
      else alike.push(graph);
    }
    const shown = alike.slice(0, 2).map((graph) => fc.stringify(graph));
    const text = `${different} of ${nontrivial}, seed ${seed}; alike: ${shown}`;
    expect(nontrivial, text).toBeGreaterThan(CASES / 2);
    expect(different / nontrivial, text).toBeGreaterThanOrEqual(LEAST);
    // The same cases, every condition kept: none differs.
    for (const graph of cases.slice(0, 20)) {
      const wanted = await gradientsOf(graph, bp(), backend);
      const got = await gradientsOf(graph, zil(), backend);
      expect(differs(got, wanted), fc.stringify(graph)).toBe(false);
    }
  });
}
