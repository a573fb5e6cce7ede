/**
 * Functions of the user's own in formulas. Oracle: the same recursion in a
 * loop, in float64 and rounded to float32 after every operation.
 */

import { describe, expect, test } from 'vitest';
import { checkModel, type PopulationModel } from '../../src/network/model.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { describeBackends } from '../backends.ts';

const f = Math.fround;

const SOFT: PopulationModel = {
  name: 'soft',
  ports: ['input'],
  parameters: { keep: 0.75 },
  state: { x: 0.1 },
  functions: {
    soft: {
      parameters: ['a', 'scale'],
      js: (a, scale) => a / (scale + Math.abs(a)),
      js32: (a, scale) => f(a / f(scale + Math.abs(a))),
      wgsl: 'return a / (scale + abs(a));',
    },
  },
  lets: [['drive', 'input + 1']],
  update: { x: 'keep * x + soft(drive, 2)' },
  outputs: { y: 'soft(x, 0.5)' },
};

describeBackends('a function of the user', (open) => {
  test('is called in formulas, with other operations around it', async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const values = [0.5, -3, 2.25, 0, 1];
    const x = net.samples('x', 1, { values });
    const cell = net.population('cell', 1, SOFT);
    net.project(x, cell, { delay: 0 });
    const run = NetworkRun.open(net, { backend });
    const seen: number[] = [];
    run.state$('cell', 'y').subscribe(({ data }) => seen.push(data[0]));
    await run.run(5);
    const r = backend.dtype === 'f32' ? f : (v: number) => v;
    const soft = (a: number, scale: number) => r(a / r(scale + Math.abs(a)));
    let state = r(0.1);
    const expected = values.map((value) => {
      state = r(r(r(0.75) * state) + soft(r(value + 1), 2));
      return soft(state, 0.5);
    });
    expect(seen).toEqual(expected);
    run.destroy();
  });
});

describe('functions that cannot be used', () => {
  test.each([
    ['unknown', { ...SOFT, functions: {} }, 'cannot be read'],
    [
      'wrong number of arguments',
      { ...SOFT, outputs: { y: 'soft(x)' } },
      'cannot be read',
    ],
    [
      'not whole',
      { ...SOFT, functions: { soft: { parameters: ['a', 'scale'] } } },
      'js (a function)',
    ],
  ])('%s', (_, model, text) => {
    expect(() => checkModel(model as PopulationModel)).toThrow(text);
  });
});
