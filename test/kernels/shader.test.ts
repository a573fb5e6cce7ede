/**
 * Oracle: the declaration of a kernel's parameters. What its WGSL reads, what
 * its calls give and what it binds is what was declared, for every form of every
 * kernel that ops, losses, optimisers and networks record.
 */

import { expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { wgsl } from '../../src/backends/webgpu/wgsl.ts';
import { SUM_FORMS, u32 } from '../../src/kernels/kernel.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { blockOf, shaderOf } from '../../src/kernels/shader.ts';
import { leaky, lif, poisson } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { hebbian, stdp } from '../../src/network/plasticity.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { random } from '../../src/network/synapses.ts';
import { losses } from '../../src/ops/loss.ts';
import { ops } from '../../src/ops/table.ts';
import { fuse } from '../../src/program/fuse.ts';
import {
  type Call,
  type Program,
  Recorder,
} from '../../src/program/recorder.ts';
import { optimisers } from '../../src/simulation/optim.ts';
import { casesOf, recordOp } from '../ops/cases.ts';

/** Calls of a kernel each, fused ones too, by its name. */
function kernelsOf(programs: readonly Program[]): [string, Call][] {
  const calls = programs.flatMap((program) => [
    ...program.calls,
    ...fuse(program).calls,
  ]);
  return [...new Map(calls.map((call) => [call.kernel.name, call]))];
}

function recorded(record: (recorder: Recorder) => void): Program {
  const recorder = new Recorder();
  record(recorder);
  return recorder.finish({ live: false });
}

const graphs = [
  ...ops.flatMap((op) => casesOf(op).map((one) => recordOp(op, one))),
  recorded((recorder) => {
    const [y, t] = ['y', 't'].map((name) => recorder.feed(name, 6));
    for (const loss of losses) {
      loss.error(recorder.emit, y, t, [2, 3], 2);
      loss.value(recorder.emit, y, t, [2, 3], 2);
    }
    for (const make of Object.values(optimisers)) {
      const { kernel, states, rates, constants } = make({ weightDecay: 0.1 });
      const each = states.map((name) => recorder.feed(name, 6));
      const single = rates.map((name) => recorder.feed(name, 1));
      kernel.emit(recorder.emit, [y, t, ...each, ...single], constants);
    }
  }),
];

/** Keeps the programs that it compiles. */
class Keeping extends CpuBackend {
  readonly programs: Program[] = [];

  override compile(...given: Parameters<CpuBackend['compile']>) {
    this.programs.push(given[0]);
    return super.compile(...given);
  }
}

async function networks(): Promise<readonly Program[]> {
  const backend = new Keeping('f32');
  const net = new Network({ dt: 1 });
  const from = net.population('from', 4, poisson, { parameters: { rate: 50 } });
  const to = net.population('to', 3, lif);
  const x = net.samples('x', 2, { values: [1, 2, 3, 4] });
  const y = net.population('y', 2, leaky());
  const pattern = random({ inDegree: 2 });
  const all = { pattern, weight: 0.5, delay: 2 };
  const plasticity = stdp({ aPlus: 0.1, aMinus: 0.1, high: 1 });
  net.project(from, to, all);
  net.project(from, to, { ...all, name: 'stdp', plasticity });
  net.project(x, y, all);
  net.project(x, y, {
    ...all,
    name: 'learns',
    plasticity: hebbian({ rate: 0.1 }),
  });
  const run = NetworkRun.open(net, { backend, seed: 1 });
  await run.run(4);
  await run.destroy();
  return backend.programs;
}

const texts = ({ kernel }: Call) =>
  SUM_FORMS.map((form) =>
    shaderOf(kernel, { form, subgroup: form === 'subgroup' ? 8 : 0 }, wgsl),
  );

function expectDeclared(call: Call): void {
  const { kernel, inputs, outputs, params } = call;
  const declared = Object.keys(kernel.params);
  expect(Object.keys(params).sort()).toEqual(declared.toSorted());
  for (const name of declared) expect(params[name]).not.toBeNaN();
  for (const name of declared) {
    if (kernel.params[name] === 'u32') expect(params[name] % 1).toBe(0);
  }
  const { reads, writes } = kernel.gpu;
  const taken = kernel.inPlace.filter((at) => at !== null).length;
  expect(reads).toHaveLength(inputs.length - taken);
  expect(writes).toHaveLength(outputs.length);
  for (const text of texts(call)) {
    const read = [...text.matchAll(/\bparams\.(\w+)/g)].map(([, name]) => name);
    expect([...declared, 'zero']).toEqual(expect.arrayContaining(read));
    expect(text.match(/\bstruct Params\b/g)).toHaveLength(1);
    expect(text).not.toMatch(/^EACH/m);
  }
}

test.each(kernelsOf(graphs))('%s', (_, call) => {
  expectDeclared(call);
});

test('kernels of networks', async () => {
  const found = kernelsOf(await networks());
  const names = found.map(([name]) => name.split(' ').slice(0, 2).join(' '));
  for (const name of [
    ...['advance', 'collect', 'deliver', 'gather', 'gather per', 'learn 0'],
    ...['play', 'stdp arrive', 'stdp source', 'stdp target'],
  ]) {
    expect(names).toContain(name);
  }
  for (const [, call] of found) expectDeclared(call);
});

test('a block lies as its struct says', () => {
  const kernel = mapKernel({
    name: 'test/block',
    each: ['x'],
    along: ['a'],
    constants: ['c', 'd'],
    outputs: [['y', 'c * x + d * a']],
  });
  const given = { d: 2, c: 0.5, low_a: 1, count_a: 4, step_a: 3, n: 12 };
  const words = blockOf(kernel, given);
  const floats = new Float32Array(words.buffer);
  expect([...words.subarray(0, 4)]).toEqual([12, 3, 4, 1]);
  expect([...floats.subarray(4)]).toEqual([0.5, 2]);
  const text = shaderOf(kernel, { form: 'naive', subgroup: 0 }, wgsl);
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'struct Params { n: u32, step_a: u32, count_a: u32, low_a: u32, ' +
      'c: f32, d: f32, zero: u32, }',
  );
  expect(blockOf({ ...kernel, params: u32('n') }, given)).toHaveLength(1);
});

// Ablation: a name that is not declared.
test('a name that no kernel declares is found', () => {
  const [[, call]] = kernelsOf(graphs);
  const { kernel } = call;
  const gpu = { ...kernel.gpu, code: () => 'params.unknown' };
  expect(() =>
    expectDeclared({ ...call, kernel: { ...kernel, gpu } }),
  ).toThrow();
});
