import { describe, expect, test } from 'vitest';
import {
  DelayError,
  NonFiniteError,
  OptionError,
} from '../../src/base/errors.ts';
import { leaky, relay } from '../../src/network/models.ts';
import { Network, type ProjectionOptions } from '../../src/network/network.ts';
import { matrix, oneToOne, pairs, random } from '../../src/network/synapses.ts';
import { base, expectFailure, type Kind, open } from './failures.ts';
import { f32 } from './support.ts';

const joined =
  (options: Partial<ProjectionOptions>, from = 'x', to = 'y') =>
  () => {
    const net = base();
    net.project(from, to, { delay: 1, ...options });
    return open(net);
  };

// Where they are written, not where the network is opened.
describe('numbers are refused by the recipe', () => {
  test.each<[string, (net: Network) => unknown, string]>([
    [
      'a parameter',
      (net) =>
        net.population('z', 3, leaky(), { parameters: { tau: [1, 2, -3] } }),
      'tau = -3: give a number above 0',
    ],
    [
      'a start',
      (net) => net.population('z', 3, leaky(), { start: { x: [1, 2] } }),
      '3 numbers',
    ],
    [
      'samples',
      (net) => net.samples('z', 2, { values: [1, 2, 3] }),
      '3 values',
    ],
    [
      'samples of another trial',
      (net) => net.samples('z', 1, { trials: [[1], [Number.NaN]] }),
      'gives NaN at place 0',
    ],
    [
      'an interval',
      (net) => net.samples('z', 1, { values: [1], interval: 0.7 }),
      'not a multiple of dt',
    ],
    ['a time', (net) => net.events('z', 1, { times: [[0.7]] }), 'round: true'],
  ])('%s', (_, work, text) => {
    const net = base();
    expect(() => work(net)).toThrow(text);
    expect(() => net.find('z')).toThrow(OptionError);
  });
});

describe('numbers', () => {
  const withX = (options: Parameters<Network['population']>[3]) => () => {
    const net = new Network({ dt: 1 });
    net.population('x', 3, leaky(), options);
    return open(net);
  };
  test.each<[string, () => unknown, Kind, string[]]>([
    [
      'a weight that is NaN',
      joined({ weight: [1, 1, Number.NaN, 1] }),
      NonFiniteError,
      ['NaN', '"x->y"', 'from 1 to 0', 'finite'],
    ],
    [
      'an infinite weight',
      joined({ weight: () => Infinity }),
      NonFiniteError,
      ['Infinity', '"x->y"', 'from 0 to 0'],
    ],
    [
      'too few weights',
      joined({ weight: [1, 2, 3] }),
      OptionError,
      ['[1,2,3]', '4 numbers'],
    ],
    [
      'pairs out of range',
      joined({ pattern: pairs([0, 2], [0, 1]) }),
      OptionError,
      ['Source 2', 'pair 1', '0 to 1'],
    ],
    [
      'pairs without partner',
      () => pairs([0, 1], [0]),
      OptionError,
      ['2 sources', '1 targets', 'as many'],
    ],
    [
      'a matrix of another size',
      joined({ pattern: matrix([[1, 2]]) }),
      OptionError,
      ['1 rows', '2 targets', '2 sources'],
    ],
    [
      'a probability above 1',
      () => joined({ pattern: random({ probability: 1.5 }) })(),
      OptionError,
      ['1.5', '0 to 1'],
    ],
    [
      'more sources than there are',
      joined({ pattern: random({ inDegree: 3, replace: false }) }),
      OptionError,
      ['3', 'to 2'],
    ],
    [
      'one to one of other sizes',
      () => {
        const net = base();
        net.population('z', 3, relay);
        net.project('x', 'z', { pattern: oneToOne(), delay: 1 });
        return open(net);
      },
      OptionError,
      ['2 and 3', 'one size'],
    ],
    [
      'a parameter that is NaN',
      withX({ parameters: { tau: Number.NaN } }),
      NonFiniteError,
      ['tau', '"x"', 'NaN', 'finite'],
    ],
    [
      'a parameter below its least',
      withX({ parameters: { tau: [1, 2, -3] } }),
      OptionError,
      ['tau', '-3', 'above 0'],
    ],
    [
      'too few parameters',
      withX({ parameters: { tau: [1, 2] } }),
      OptionError,
      ['[1,2]', '3 numbers'],
    ],
    [
      'no such parameter',
      withX({ parameters: { taus: 1 } }),
      OptionError,
      ['"taus"', 'tau'],
    ],
    [
      'an infinite start',
      withX({ start: { x: () => Infinity } }),
      NonFiniteError,
      ['Infinity', '"x"', 'finite'],
    ],
    [
      'samples that end within a row',
      () => {
        const net = new Network({ dt: 1 });
        net.samples('in', 2, { values: [1, 2, 3] });
        return open(net);
      },
      OptionError,
      ['"in"', '3 values', '2 neurons'],
    ],
    [
      'a sample that is NaN',
      () => {
        const net = new Network({ dt: 1 });
        net.samples('in', 1, { values: [1, Number.NaN] });
        return open(net);
      },
      NonFiniteError,
      ['"in"', 'NaN', 'place 1', 'finite'],
    ],
    [
      'a sample that is infinite, when it is made',
      async () => {
        const net = new Network({ dt: 1 });
        net.samples('in', 1, { values: (t) => 1 / (3 - t) });
        net.population('x', 1, relay);
        net.project('in', 'x', { delay: 0 });
        const run = open(net);
        await run.run(3);
        await run.run(3);
      },
      NonFiniteError,
      ['"in"', 'Infinity', '3 ms', 'finite'],
    ],
    [
      'times for others',
      () => {
        const net = new Network({ dt: 1 });
        net.events('e', 2, { times: [[1]] });
        return open(net);
      },
      OptionError,
      ['"e"', '1 neurons', 'has 2'],
    ],
    [
      'a time between ticks',
      () => {
        const net = new Network({ dt: 1 });
        net.events('e', 1, { times: [[1.5]] });
        return open(net);
      },
      DelayError,
      ['"e"', '1.5 ms', 'dt = 1 ms', 'round: true'],
    ],
    [
      'a time before all',
      () => {
        const net = new Network({ dt: 1 });
        net.events('e', 1, { times: [[-1]] });
        return open(net);
      },
      DelayError,
      ['"e"', '-1 ms', 'at least 0'],
    ],
    [
      'two events in a tick',
      () => {
        const net = new Network({ dt: 1 });
        net.events('e', 1, { times: [[1.1, 1.3]], round: true });
        return open(net);
      },
      OptionError,
      ['"e"', 'neuron 0', 'two events', '1.3 ms'],
    ],
    [
      'fewer trials than are run',
      () => {
        const net = new Network({ dt: 1 });
        net.events('e', 1, { trials: [[[1]], [[2]]] });
        return open(net, { trials: 2, firstTrial: 1 });
      },
      OptionError,
      ['"e"', '2 trials', '1 to 2', 'as many'],
    ],
    [
      'no trial',
      () => open(base(), { trials: 0 }),
      OptionError,
      ['trials = 0'],
    ],
    [
      'half a seed',
      () => open(base(), { seed: 0.5 }),
      OptionError,
      ['seed = 0.5'],
    ],
    [
      'an unknown option',
      () => open(base(), { windows: 1 } as never),
      OptionError,
      ['"windows"', 'window'],
    ],
    [
      'too many weights',
      () => joined({})().setWeights('x->y', [1]),
      OptionError,
      ['"x->y"', '4 synapses', '1'],
    ],
    [
      'a weight set to NaN',
      () => joined({})().setWeights('x->y', [1, 1, Number.NaN, 1]),
      NonFiniteError,
      ['x->y', 'NaN'],
    ],
    [
      'a weight too large for float32',
      async () => {
        const net = base();
        net.project('x', 'y', { delay: 1, weight: 1e39 });
        await open(net, { backend: f32 }).run(1);
      },
      NonFiniteError,
      ['x->y'],
    ],
  ])('%s', async (_, work, type, texts) => {
    await expectFailure(work, type, ...texts);
  });
});
