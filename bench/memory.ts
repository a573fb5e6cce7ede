/**
 * Question: how do memory and recording time grow with depth and with the
 * length of a sequence? Working memory is what a program needs beside its
 * parameters; "as identities" is what delays would hold if identity vertices
 * stood in their place.
 *
 *   npm run bench:memory
 */

import { lstm, mlp, residualMlp } from '../models/index.ts';
import { openBackend } from '../src/backends/open.ts';
import { type Graph, parametersOf } from '../src/graph.ts';
import { delayCost } from '../src/level.ts';
import { sgd } from '../src/optim.ts';
import { table } from '../src/report/circuit-text.ts';
import { bp } from '../src/rules/bp.ts';
import type { Rule } from '../src/rules/rule.ts';
import { zil } from '../src/rules/zil.ts';
import { Simulation } from '../src/simulate.ts';
import { keep } from './pairs.ts';

const series: [string, Graph][] = [
  ...[5, 10, 20, 50, 100].map((steps): [string, Graph] => [
    `lstm, ${steps} steps of 128, batch 32`,
    lstm({ batch: 32, steps, inputs: 65, hidden: 128, loss: 'softmax_xent' }),
  ]),
  ...[2, 4, 8, 16, 32].map((layers): [string, Graph] => [
    `mlp, ${layers} layers of 256, batch 64`,
    mlp({ sizes: new Array<number>(layers + 1).fill(256), batch: 64 }),
  ]),
  ...[5, 10, 20, 40].map((layers): [string, Graph] => [
    `residual mlp, ${layers} layers of 256, batch 64`,
    residualMlp({ batch: 64, layers }),
  ]),
];

const MIB = 2 ** 20;
const { backend } = await openBackend('auto');
console.error(`backend: ${backend.description}`);
const rows = [];
for (const [model, graph] of series) {
  const measure = async (rule: Rule) => {
    const options = { rule, backend, optimiser: sgd(), seed: 1 };
    const simulation = Simulation.open(graph, options);
    const begun = performance.now();
    simulation.record();
    const recordMs = performance.now() - begun;
    const { bytes, launches } = await simulation.cost();
    const { levelled } = simulation;
    simulation.destroy();
    return { recordMs, bytes, launches, levelled };
  };
  const theirs = await measure(bp());
  const { levelled, ...mine } = await measure(zil());
  const numbers = parametersOf(graph).reduce((sum, { size }) => sum + size, 0);
  const { elements } = delayCost(levelled);
  rows.push({
    model,
    levels: levelled.depth,
    parameterBytes: 4 * numbers,
    zil: mine,
    bp: { bytes: theirs.bytes, launches: theirs.launches },
    bytesAsIdentities: 4 * elements,
  });
}
const mib = (bytes: number) => (bytes / MIB).toFixed(2);
console.log(
  table(
    [
      'model',
      'levels',
      'parameters, MiB',
      'zil, MiB',
      'bp, MiB',
      'as identities, MiB',
      'recorded in, ms',
    ],
    rows.map((row) => [
      row.model,
      `${row.levels}`,
      mib(row.parameterBytes),
      mib(row.zil.bytes),
      mib(row.bp.bytes),
      mib(row.bytesAsIdentities),
      row.zil.recordMs.toFixed(0),
    ]),
  ),
);
const question = 'memory and recording time by depth and sequence length';
console.error(`saved ${keep('memory', backend, { question, rows })}`);
backend.close();
