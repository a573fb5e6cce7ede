/**
 * Oracle: signs and delays counted by hand from what was given; levels by
 * their order.
 */

import { describe, expect, test } from 'vitest';
import { jeffress } from '../../models/circuits/jeffress.ts';
import { mackeyGlassCircuit } from '../../models/circuits/mackey-glass.ts';
import { relay } from '../../src/network/models.ts';
import { Network, type ProjectionOptions } from '../../src/network/network.ts';
import { circuitRows } from '../../src/network/run/rows.ts';
import { matrix, oneToOne, pairs } from '../../src/network/synapses.ts';
import { parametersOf, type Shelved } from '../../src/studies/shelf.ts';

/** The axon of one projection between two populations of 2. */
function axonOf(options: ProjectionOptions) {
  const network = new Network({ dt: 1 });
  const a = network.population('a', 2, relay);
  const b = network.population('b', 2, relay);
  network.project(a, b, options);
  return circuitRows(network).axons[0];
}

const atDefaults = (circuit: Shelved) =>
  circuitRows(circuit.network(parametersOf(circuit, {})));

describe('rows of a circuit', () => {
  test.each<[string, 1 | -1 | 0, Partial<ProjectionOptions>]>([
    ['no weight', 1, {}],
    ['a number', -1, { weight: -2 }],
    ['numbers above 0', 1, { weight: [1, 2, 3, 4] }],
    ['numbers not below 0', 1, { weight: [1, 0, 3, 4] }],
    ['numbers below 0', -1, { weight: [-1, -2, -3, -4] }],
    ['numbers of both signs', 0, { weight: [1, -2, 3, 4] }],
    ['a function above 0', 1, { weight: (pre, post) => 1 + pre + post }],
    ['a function of both signs', 0, { weight: (pre, post) => pre - post }],
    [
      'a function below 0 where there are synapses',
      -1,
      { pattern: oneToOne(), weight: (pre, post) => Math.abs(pre - post) - 1 },
    ],
    ['pairs below 0', -1, { pattern: pairs([0, 1], [1, 1], [-1, -2]) }],
    ['pairs of both signs', 0, { pattern: pairs([0, 1], [1, 1], [-1, 2]) }],
    [
      'a matrix below 0',
      -1,
      {
        pattern: matrix([
          [-1, 0],
          [-2, -3],
        ]),
      },
    ],
    [
      'a weight in place of that of the pattern',
      1,
      { pattern: pairs([0], [1], [-1]), weight: 2 },
    ],
    ['drawn above 0', 1, { weight: { uniform: [0, 1] } }],
    ['drawn below 0', -1, { weight: { uniform: [-2, -1] } }],
    // So rarely below 0 that the four of any one seed would hide it.
    ['drawn from both sides', 0, { weight: { uniform: [-1e-9, 1] } }],
    ['drawn far from 0', -1, { weight: { normal: [-7, 1] } }],
    ['drawn near 0', 0, { weight: { normal: [5, 1] } }],
  ])('the sign of %s is %i', (_, sign, options) => {
    expect(axonOf({ delay: 1, ...options }).sign).toBe(sign);
  });

  test('delays of synapses are a range', () => {
    const delay = (pre: number, post: number) => 2 + pre + 3 * post;
    expect(axonOf({ delay, weight: [1, 1, 1, -1] })).toMatchObject({
      delay: '2 to 6 ms',
      sign: 0,
    });
  });

  test('interpolation by a cubic has both signs, the rest excites', () => {
    const signs = atDefaults(mackeyGlassCircuit).axons.map((axon) => axon.sign);
    expect(signs).toEqual([1, 0, 1, 1, 0, 1]);
  });

  test('levels are counted without gaps', () => {
    const network = new Network({ dt: 1 });
    [7, 2, 7, 4].forEach((level, i) => {
      network.population(`p${i}`, 1, relay, { level });
    });
    const levels = ({ populations }: ReturnType<typeof circuitRows>) =>
      populations.map((one) => one.level);
    expect(levels(circuitRows(network))).toEqual([2, 0, 2, 1]);
    expect(levels(atDefaults(jeffress))).toEqual([0, 0, 1]);
  });
});
