/** Oracle: one fault each; the error must be of its type and name it. */

import { describe, expect, test } from 'vitest';
import {
  DelayError,
  FormatError,
  type IsochronError,
  OptionError,
} from '../../src/base/errors.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { izhikevich, leaky, lif, relay } from '../../src/network/models.ts';
import { Network, type PopulationOptions } from '../../src/network/network.ts';
import { stdp } from '../../src/network/plasticity.ts';
import { networkToNir } from '../../src/nir/from-network.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import { nirAffine } from '../../src/nir/models.ts';
import {
  type FromNirOptions,
  networkFromNir,
} from '../../src/nir/to-network.ts';
import { graph, input, output, t } from './convert-run.ts';

function caught(body: () => unknown): IsochronError {
  try {
    body();
  } catch (error) {
    expect((error as Error).message).not.toContain('\n');
    return error as IsochronError;
  }
  throw new Error('nothing was thrown');
}

const li: NirNode = {
  ...{ type: 'LI', tau: t([1], 0.01), r: t([1], 1), v_leak: t([1], 0) },
};
const scale: NirNode = { type: 'Scale', scale: t([1], 1) };
const nest = (inner: NirGraph): NirNode => ({ type: 'NIRGraph', ...inner });

describe('networkFromNir', () => {
  const simple = graph({ in: input(1), cell: li }, ['in', 'cell']);
  const cases: [
    string,
    NirGraph,
    Partial<FromNirOptions>,
    new (...a: never[]) => Error,
    RegExp,
  ][] = [
    ['dt of 0', simple, { dt: 0 }, OptionError, /dt = 0/],
    [
      'an unknown option',
      simple,
      { close: true } as Partial<FromNirOptions>,
      OptionError,
      /no option "close"/,
    ],
    [
      'an input that is not there',
      simple,
      { inputs: { cell: { values: [1] } } },
      OptionError,
      /No Input "cell" .* there are in$/,
    ],
    [
      'an edge into an Input',
      graph({ in: input(1), s: scale }, ['in', 's'], ['s', 'in']),
      {},
      OptionError,
      /"in" \(Input\) .*from "s"/,
    ],
    [
      'sizes that differ',
      graph({ in: input(2), cell: li }, ['in', 'cell']),
      {},
      OptionError,
      /"cell" \(LI\) takes \[1\] but NIR node "in" \(Input\) gives \[2\]/,
    ],
    [
      'a shape that is not known',
      graph({
        pool: {
          type: 'SumPool2d',
          kernel_size: [1, 1],
          stride: [1, 1],
          padding: [0, 0],
        },
      }),
      {},
      OptionError,
      /"pool" \(SumPool2d\) has no shape/,
    ],
    [
      'a name that no population has',
      graph({ 'a@b': li }),
      {},
      OptionError,
      /"a@b" \(LI\) .*without @/,
    ],
    [
      'names that are one without nesting',
      graph({ 'a.i': input(1), a: nest(graph({ i: input(1) })) }),
      {},
      OptionError,
      /"a\/i" \(Input\) and "a.i" are both "a.i"/,
    ],
    [
      'a time constant of 0',
      graph({ in: input(1), cell: { ...li, tau: t([1], 0) } as NirNode }),
      {},
      OptionError,
      /"cell" \(LI\): Parameter tau = 0/,
    ],
    [
      'a delay between two ticks',
      graph({ in: input(1), d: { type: 'Delay', delay: t([1], 0.0015) } }),
      {},
      DelayError,
      /Delay of NIR node "d" \(Delay\) 1.5 ms is not a multiple of dt = 1 ms/,
    ],
    [
      'a delay before now',
      graph({ in: input(1), d: { type: 'Delay', delay: t([1], -0.001) } }),
      { round: true },
      DelayError,
      /"d" \(Delay\) -1 ms is -1 ticks/,
    ],
    [
      'a loop without delay',
      graph(
        { in: input(1), a: scale, b: scale, c: scale },
        ['in', 'a'],
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'b'],
      ),
      {},
      DelayError,
      /The loop b -> c -> b .*closeLoops: true/,
    ],
    [
      'a loop whose Delay is 0 for one of its elements',
      graph(
        {
          in: input(2),
          s: { type: 'Scale', scale: t([2], 1, 1) },
          d: { type: 'Delay', delay: t([2], 0.001, 0) },
        },
        ['in', 's'],
        ['s', 'd'],
        ['d', 's'],
      ),
      {},
      DelayError,
      /The loop s -> d -> s/,
    ],
    [
      'an edge to nowhere',
      { nodes: simple.nodes, edges: [['in', 'nosuch']] },
      {},
      FormatError,
      /no node "nosuch"/,
    ],
    [
      'an edge to a nested graph of two Inputs',
      graph({ in: input(1), g: nest(graph({ a: input(1), b: input(1) })) }, [
        'in',
        'g',
      ]),
      {},
      FormatError,
      /"g" .*name one as "g.PORT"/,
    ],
    [
      'parameters of several lengths',
      graph({ cell: { ...li, r: t([2], 1, 1) } as NirNode }),
      {},
      FormatError,
      /"cell" \(LI\) has r \[2\]/,
    ],
  ];

  test.each(cases)('%s', (_, made, options, type, text) => {
    const error = caught(() => networkFromNir(made, { dt: 1, ...options }));
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(text);
  });

  test('a graph that holds itself', () => {
    const nodes = new Map<string, NirNode>();
    const made: NirGraph = { nodes, edges: [] };
    nodes.set('self', { type: 'NIRGraph', nodes, edges: [] });
    const error = caught(() => networkFromNir(made, { dt: 1 }));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toMatch(/hold itself/);
  });

  test('warnings: shapes of as many numbers, and nodes that nothing reaches', () => {
    const warnings: string[] = [];
    const six = t([6], 1, 2, 3, 4, 5, 6);
    const made = graph(
      { in: input(2, 3), s: { type: 'Scale', scale: six }, alone: li },
      ['in', 's'],
    );
    networkFromNir(made, {
      dt: 1,
      inputs: { in: { values: [0, 0, 0, 0, 0, 0] } },
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual([
      'NIR node "s" (Scale) takes [6] but NIR node "in" (Input) gives [2, 3]: ' +
        'taken in the same order',
      'NIR node "alone" (LI) has no edge that leads into it',
    ]);
  });
});

describe('networkToNir', () => {
  function network(
    model: PopulationModel,
    options: PopulationOptions = {},
    port?: string,
  ): Network {
    const made = new Network({ dt: 1 });
    made.samples('in', 2, { values: [1, 1] });
    made.population('cell', 2, model, options);
    made.project('in', 'cell', {
      delay: 1,
      name: 'p',
      ...(port ? { port } : {}),
    });
    return made;
  }
  const others: [string, () => Network, RegExp][] = [
    [
      'another model',
      () => network(izhikevich),
      /"cell" of model "izhikevich" has no counterpart/,
    ],
    [
      'a leaky integrator that sends a function',
      () => network(leaky('tanh(x)')),
      /"cell" of model "leaky tanh\(x\)"/,
    ],
    [
      'another model of the name of a known one',
      () => network({ ...leaky(), update: { x: 'keep * x + input' } }),
      /"cell" of model "leaky"/,
    ],
    [
      'pulses into v',
      () => network(lif),
      /"p" arrives on port input of "cell".*port current/,
    ],
    [
      'a refractory time of one neuron',
      () => network(lif, { parameters: { refractory: [0, 2] } }, 'current'),
      /"cell" rests 2 ms/,
    ],
    [
      'a start that is not at rest',
      () => network(lif, { start: { v: [0, 0.5] } }, 'current'),
      /"cell" starts with a v of its own/,
    ],
    [
      'a history',
      () => network(relay, { history: { y: 1 } }),
      /"cell" has a history of y/,
    ],
    [
      'a voltage in place of spikes',
      () => {
        const made = network(lif, {}, 'current');
        made.population('reader', 2, relay);
        made.project('cell', 'reader', { delay: 1, output: 'v' });
        return made;
      },
      /"cell->reader" sends v of "cell".*spikes/,
    ],
    [
      'plasticity',
      () => {
        const made = network(lif, {}, 'current');
        made.project('cell', 'cell', {
          delay: 1,
          port: 'current',
          plasticity: stdp({ aPlus: 0.1, aMinus: 0.1, high: 1 }),
        });
        return made;
      },
      /"cell->cell" learns by STDP/,
    ],
    [
      'trials',
      () => {
        const made = new Network({ dt: 1 });
        made.samples('in', 1, { trials: [[1], [2]] });
        return made;
      },
      /"in" gives several trials/,
    ],
    [
      'matrices beyond memory',
      () => {
        const made = new Network({ dt: 1 });
        made.samples('in', 20_000, { values: () => 0 });
        made.population('cell', 20_000, relay);
        made.project('in', 'cell', {
          name: 'p',
          pattern: () => ({ pre: Uint32Array.of(0), post: Uint32Array.of(1) }),
          delay: 1,
        });
        return made;
      },
      /"p" from 20000 to 20000 neurons .*dense weights only/,
    ],
    [
      'a bias for too many',
      () => {
        const made = new Network({ dt: 1 });
        made.population('cell', 20_000, nirAffine);
        return made;
      },
      /"cell" adds a bias to 20000 neurons/,
    ],
    [
      'weights into a node of several axes',
      () => {
        const cell = t([1, 2], 1, 1);
        const made = networkFromNir(
          graph(
            {
              in: input(1, 2),
              s: { type: 'Scale', scale: cell },
              o: output(1, 2),
            },
            ['in', 's'],
            ['s', 'o'],
          ),
          { dt: 1 },
        );
        made.project('in', 's', { name: 'p', weight: 2, delay: 1 });
        return made;
      },
      /"p" gives \[2\] but node "s" takes \[1, 2\]/,
    ],
  ];

  test.each(others)('%s', (_, make, text) => {
    const error = caught(() => networkToNir(make()));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toMatch(text);
  });

  test('a start, or a history, that is what a reader would take', () => {
    const made = network(
      lif,
      { parameters: { E: [0, 0.5] }, start: { v: [0, 0.5], rest: 0 } },
      'current',
    );
    expect(networkToNir(made)).toEqual(
      networkToNir(network(lif, { parameters: { E: [0, 0.5] } }, 'current')),
    );
    expect(networkToNir(network(relay, { history: { y: 0 } }))).toEqual(
      networkToNir(network(relay)),
    );
  });

  test('an unknown option, a seed that is none', () => {
    const made = network(relay);
    const options = { seeds: 1 } as object;
    expect(caught(() => networkToNir(made, options)).message).toMatch(
      /"seeds"/,
    );
    expect(caught(() => networkToNir(made, { seed: -1 })).message).toMatch(
      /seed/,
    );
  });
});
