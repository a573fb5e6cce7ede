/** isochron demo (npm start): the whole idea in a minute. */

import { type MlpConfig, mlp } from '../../models/mlp.ts';
import { loadDataset } from '../data/datasets.ts';
import { imageExamples } from '../data/examples.ts';
import { table } from '../figures/circuit-text.ts';
import { prepareFolder } from '../formats/folder.ts';
import { level } from '../graph/level.ts';
import { bp } from '../rules/bp.ts';
import type { Rule } from '../rules/rule.ts';
import { zil } from '../rules/zil.ts';
import { adam } from '../simulation/optim.ts';
import type { Mode } from '../simulation/record.ts';
import { Simulation } from '../simulation/simulate.ts';
import { saveResult } from '../training/checkpoint.ts';
import { backendOf, command, folder, onBackend, seeded } from './command.ts';
import { alike, elsewhere } from './elsewhere.ts';
import { describe } from './level.ts';
import { deviceOf, percent, runTraining, scored } from './training.ts';

const CONFIG: MlpConfig = {
  sizes: [784, 64, 32, 10],
  batch: 32,
  loss: 'softmax_xent',
  reduction: 'mean',
};
const STEPS = 1500;
const RATE = 0.004;

export const demoCommand = command({
  name: 'demo',
  summary: 'levels a circuit, trains it with Z-IL, compares it with BP',
  operands: '',
  options: {
    ...onBackend,
    ...seeded,
    out: folder('folder of the result', 'results/demo'),
  },
  examples: ['demo', 'demo --backend cpu --dtype f64'],
  async run({ values, out }) {
    const { seed, out: into } = values;
    await prepareFolder(into);
    const backend = await backendOf({ values, out });
    const data = imageExamples(
      await loadDataset('auto', {
        seed,
        trainCount: 8000,
        testCount: 2000,
        onProgress: (line) => out.note(line),
      }),
    );
    const batch = CONFIG.batch as number;

    out.line('1. The circuit');
    const graph = mlp(CONFIG);
    out.line(
      `   mlp ${CONFIG.sizes.join('-')}, batch ${batch}: ${describe(level(graph))}`,
    );
    const counts = eventCounts(graph, seed, backend);
    out.line(
      `   one step of Z-IL: ${counts['event-driven'].events} events and ` +
        `${counts['event-driven'].calls} kernel calls;`,
    );
    out.line(
      `   ${counts.pruned.events} events and ${counts.pruned.calls} calls once ` +
        'those are dropped on which no plasticity depends',
    );
    out.line(`   BP on a tape: ${counts.bp} calls`);
    out.line();

    out.line(`2. Z-IL learns, BP beside it, on ${data.title}`);
    const options = {
      model: (n: number) => mlp({ ...CONFIG, batch: n }),
      rule: zil(),
      against: bp(),
      optimiser: adam({ lr: RATE }),
      backend,
      data,
      batch,
      epochs: 6,
      steps: STEPS,
      testBatch: 500,
      compareEvery: 100,
      seed,
    };
    const { weights, score, ...run } = await runTraining(options, out);
    const measured = { ...scored(score), ...run };
    out.line();

    const result = {
      command: 'demo',
      model: { name: 'mlp', ...CONFIG },
      data: { name: data.name, title: data.title, synthetic: data.synthetic },
      rule: 'zil',
      against: 'bp',
      optimiser: { name: 'adam', ...adam({ lr: RATE }).options },
      seed,
      ...measured,
      kernelCalls: counts,
      ...(await deviceOf(backend)),
    };
    const other = await elsewhere(options, out);
    out.line();
    const path = await saveResult(into, { ...result, ...other }, weights);
    backend.close();
    out.row({ kind: 'result', ...result, ...other, path });
    out.line('4. The result');
    const lines = table(
      ['', ''],
      [
        ['data', data.title],
        ['device', backend.description],
        ['seed', `${seed}`],
        ['steps', `${measured.steps} of ${batch} images`],
        ['test accuracy', percent(score?.score ?? 0)],
        [
          'Z-IL against BP',
          `${measured.differingBits} of ${measured.elements} weights differ in any bit`,
        ],
        ...(other ? [['on the other backend', alike(other)]] : []),
        ['saved', path],
      ],
    );
    for (const line of lines.split('\n').slice(2)) out.line(`   ${line}`);
    return measured.differingBits === 0 ? 0 : 1;
  },
});

/** Events and kernel calls of one step, all and without the dead ones. */
function eventCounts(
  graph: ReturnType<typeof mlp>,
  seed: number,
  backend: Parameters<typeof Simulation.open>[1]['backend'],
) {
  const count = (rule: Rule, mode?: Mode) => {
    const optimiser = adam();
    const options = { rule, backend, optimiser, mode, seed };
    const simulation = Simulation.open(graph, options);
    const { events, calls } = simulation.record().program;
    simulation.destroy();
    return { events: events.length, calls: calls.length };
  };
  return {
    'event-driven': count(zil(), 'event-driven'),
    pruned: count(zil(), 'pruned'),
    bp: count(bp()).calls,
  };
}
