/**
 * What cannot be a network fails with a typed error of one line that names the
 * fact, the value and the remedy. Oracle: the texts.
 */

import { describe, expect, test } from 'vitest';
import { DelayError, OptionError } from '../../src/base/errors.ts';
import { leaky, relay } from '../../src/network/models.ts';
import { Network, type ProjectionOptions } from '../../src/network/network.ts';
import { pairs } from '../../src/network/synapses.ts';
import { base, expectFailure, type Kind, open } from './failures.ts';

const joined =
  (options: Partial<ProjectionOptions>, from = 'x', to = 'y') =>
  () => {
    const net = base();
    net.project(from, to, { delay: 1, ...options });
    return open(net);
  };

describe('delays', () => {
  test.each<[string, Partial<ProjectionOptions>, Kind, string[]]>([
    ['negative', { delay: -1 }, DelayError, ['"x->y"', '-1', 'at least 0 ms']],
    [
      'no multiple of dt',
      { delay: 0.7 },
      DelayError,
      ['"x->y"', '0.7 ms', 'dt = 0.5 ms', 'round: true', '0.5 ms'],
    ],
    [
      'hardly no multiple of dt',
      { delay: 0.5001 },
      DelayError,
      ['0.5001 ms', 'round: true'],
    ],
    [
      'no multiple of dt, though long',
      { delay: 700000.2 },
      DelayError,
      ['700000.2 ms', 'round: true'],
    ],
    ['NaN', { delay: Number.NaN }, DelayError, ['"x->y"', 'NaN', 'finite']],
    [
      'infinite',
      { delay: Number.POSITIVE_INFINITY },
      DelayError,
      ['Infinity', 'finite'],
    ],
    [
      'longer than can be counted',
      { delay: 2 ** 31 },
      DelayError,
      ['2147483648 ms', 'at most 2147483647 ticks'],
    ],
    ['a text', { delay: '1' as never }, OptionError, ['"1"', 'give a number']],
    ['nothing', { delay: undefined }, OptionError, ['no delay', '0 for none']],
    [
      'one of many wrong',
      { delay: [1, 1, 0.75, 1] },
      DelayError,
      ['0.75 ms', 'round: true'],
    ],
    ['too few', { delay: [1, 1] }, OptionError, ['[1,1]', '4 numbers']],
    [
      'too few sources',
      { delay: { perSource: [1] } },
      OptionError,
      ['1 sources', 'give'],
    ],
    [
      'drawn from nothing',
      { delay: { uniform: [2, 1] } },
      DelayError,
      ['2 to 1 ms', 'shorter first'],
    ],
  ])('%s', async (_, options, type, texts) => {
    await expectFailure(joined(options), type, ...texts);
  });

  // Where they are written, not where the network is opened.
  test.each<[string, Partial<ProjectionOptions>, string]>([
    ['negative', { delay: -1 }, 'at least 0 ms'],
    ['no multiple of dt', { delay: 0.7 }, 'round: true'],
    ['one of many wrong', { delay: [1, 1, 0.75, 1] }, '0.75 ms'],
    ['too few', { delay: [1, 1] }, '4 numbers'],
    ['one source wrong', { delay: { perSource: [1, 0.7] } }, 'round: true'],
    ['drawn from nothing', { delay: { uniform: [2, 1] } }, 'shorter first'],
    ['drawn oddly', { delay: { normal: [2, -1] } }, 'deviation >= 0'],
    ['a weight', { weight: [1, 1, Number.NaN, 1] }, 'from 1 to 0'],
    ['drawn weights', { weight: { uniform: [2, 1] } }, 'lower first'],
    ['a pattern', { pattern: pairs([0, 2], [0, 1]) }, 'Source 2 of pair 1'],
    ['a name', { name: 'a/b' }, 'without / and @'],
  ])('%s is refused by project', (_, options, text) => {
    const net = base();
    const work = () => net.project('x', 'y', { delay: 1, ...options });
    expect(work).toThrow(text);
    expect(net.projections).toEqual([]);
  });

  test('with round: the nearest tick is taken', () => {
    const delays = [0.7, 0.8, 1.2, 0];
    const run = joined({ delay: delays, round: true })();
    expect([...run.synapses('x->y').delay]).toEqual([1, 2, 2, 0]);
    run.destroy();
  });

  test('in setDelay: nothing changes', async () => {
    const run = joined({ delay: 1 })();
    for (const delay of [-1, 0.7, Number.NaN, 2 ** 31]) {
      await expectFailure(
        () => run.setDelay('x->y', delay),
        DelayError,
        'x->y',
      );
    }
    await expectFailure(() => run.setDelay('z', 1), OptionError, '"z"', 'x->y');
    expect([...run.synapses('x->y').delay]).toEqual([2, 2, 2, 2]);
    run.destroy();
  });
});

describe('loops without delay', () => {
  test('are named, in the order of the way', async () => {
    const net = base();
    net.population('z', 2, leaky());
    net.project('x', 'y', { delay: 0 });
    net.project('y', 'z', { delay: 0 });
    net.project('in', 'x', { delay: 0 });
    net.project('z', 'x', { delay: 0 });
    await expectFailure(
      () => open(net),
      DelayError,
      'delay',
      'at least one dt',
    );
    expect(() => open(net)).toThrow(
      /(x -> y -> z -> x|y -> z -> x -> y|z -> x -> y -> z)/,
    );
  });

  test('of one population, and of one synapse among others', async () => {
    const net = base();
    net.project('x', 'x', { delay: [1, 1, 0, 1] });
    await expectFailure(() => open(net), DelayError, 'x -> x');
  });

  test('made by setDelay, are refused and nothing changes', async () => {
    const net = base();
    net.project('x', 'y', { name: 'there', delay: 0 });
    net.project('y', 'x', { name: 'back', delay: 1 });
    const run = open(net);
    await run.run(2);
    await expectFailure(
      () => run.setDelay('back', 0),
      DelayError,
      'x -> y -> x',
    );
    expect([...run.synapses('back').delay]).toEqual([2, 2, 2, 2]);
    await run.run(2);
    run.destroy();
  });

  test('with a delay of one tick run', async () => {
    const net = base();
    net.project('x', 'y', { delay: 0 });
    net.project('y', 'x', { delay: 0.5 });
    const run = open(net);
    expect(run.window.ticks).toBe(1);
    await run.run(2);
    run.destroy();
  });
});

describe('what is not there', () => {
  const opened = () => {
    const net = base();
    net.project('in', 'x', { delay: 0 });
    return open(net);
  };
  test.each<[string, () => unknown, string[]]>([
    ['a source', joined({}, 'nobody'), ['"nobody"', 'in, spikes, x, y, cells']],
    ['a target', joined({}, 'x', 'nobody'), ['"nobody"', 'there are']],
    [
      'a target that is a source',
      joined({}, 'x', 'in'),
      ['"in" is a source', 'give'],
    ],
    ['a port', joined({ port: 'exc' }), ['"exc"', 'it has input']],
    ['an output', joined({ output: 'z' }), ['"z"', 'it sends y']],
    ['spikes', joined({ output: 'spikes' }), ['"spikes"', 'it sends y']],
    [
      'an option',
      joined({ delays: 1 } as never),
      ['"delays"', 'it takes', 'delay'],
    ],
    ['a variable', () => opened().state$('x', 'v'), ['"v"', 'x, y']],
    ['a source to probe', () => opened().state$('in', 'y'), ['"in"', 'source']],
    ['spikes to probe', () => opened().spikes$('x'), ['"x"', 'state$']],
    [
      'rates to probe',
      () => opened().rate$('x', { bin: 1 }),
      ['"x"', 'state$'],
    ],
    [
      'a population to probe',
      () => opened().spikes$('z'),
      ['"z"', 'there are'],
    ],
    ['an energy', () => opened().energy$(), ['eps', 'no energy']],
    ['a projection', () => opened().synapses('a'), ['"a"', 'in->x']],
    ['weights', () => opened().weights$('a', { every: 1 }), ['"a"', 'in->x']],
    ['populations', () => open(new Network({ dt: 1 })), ['empty', 'give']],
  ])('%s', async (_, work, texts) => {
    await expectFailure(work, OptionError, ...texts);
  });

  test('a population of another network', async () => {
    const [net, other] = [base(), base()];
    const x = other.find('x');
    await expectFailure(
      () => net.project(x, 'y', { delay: 1 }),
      OptionError,
      '"x"',
    );
  });
});

describe('names and sizes', () => {
  test.each<[string, (net: Network) => unknown, string[]]>([
    ['twice', (net) => net.population('x', 1, relay), ['"x"', 'already']],
    ['empty', (net) => net.population('', 1, relay), ['""', 'a name is']],
    ['a/b', (net) => net.population('a/b', 1, relay), ['"a/b"', 'without /']],
    ['no neuron', (net) => net.population('z', 0, relay), ['0', '>= 1']],
    ['half a one', (net) => net.population('z', 1.5, relay), ['1.5', '>= 1']],
    [
      'a projection twice',
      (net) => {
        net.project('x', 'y', { name: 'p', delay: 1 });
        net.project('x', 'y', { name: 'p', delay: 1 });
      },
      ['"p"', 'already'],
    ],
    ['dt of 0', () => new Network({ dt: 0 }), ['dt = 0', 'above 0']],
    ['dt of NaN', () => new Network({ dt: Number.NaN }), ['NaN', 'above 0']],
  ])('%s', async (_, work, texts) => {
    await expectFailure(() => work(base()), OptionError, ...texts);
  });
});
