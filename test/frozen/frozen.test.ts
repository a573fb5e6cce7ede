/**
 * A part of the frozen picture, for good. Oracle: what isochron computed when
 * the picture was made, to the bit; the whole of it is `npm run frozen`.
 */

import { afterAll, describe, expect, test } from 'vitest';
import { describeWebGpu } from '../backends.ts';
import { closeBackends } from './adapter.ts';
import { learnCases } from './learn.ts';
import { networkCases } from './networks.ts';
import { compared, readPicture } from './picture.ts';
import { programCases } from './programs.ts';

const picture = readPicture('test/frozen/picture.json');

const LEARN = [
  ...['mlp, zil', 'mlp, il', 'mlp, il watched', 'skip, zil least delay'],
  ...['lstm, zil', 'mlp-relu, bp, momentum', 'residual-mlp, zil, adam'],
  ...['encoder, fazil', 'tan-sqrt-sin, ipc', 'rnn, zil precision'],
  ...['exp', 'log', 'tanh', 'sin', 'tan', 'gelu'].map((f) => `function ${f}`),
  ...['exp', 'cos'].map((f) => `function ${f}, JavaScript`),
  ...['graph 0', 'graph 1', 'graph 2', 'graph 3'].map(
    (graph) => `${graph}, zil and il`,
  ),
];
const NETWORKS = [
  ...['circuit echo', 'circuit hierarchy', 'circuit skip-wave'],
  ...['network 0', 'network 1', 'network 2', 'whole network 0'],
  'network 0, as drawn',
];
const PROGRAMS = [
  ...['mlp, zil', 'lstm, zil', 'cnn, bp', 'rnn, il', 'encoder, fazil'],
  ...['skip, zil, explicit', 'network 0, f32', 'circuit echo'],
];

afterAll(closeBackends);

/** The parts of chosen cases that are of webgpu, or of all else. */
function held(onWebGpu: boolean): void {
  for (const [section, keys, cases] of [
    ['learn', LEARN, learnCases()],
    ['networks', NETWORKS, networkCases()],
    ['programs', PROGRAMS, programCases()],
  ] as const) {
    for (const key of keys) {
      const { parts } = cases.find((each) => each.key === key)!;
      for (const [part, make] of Object.entries(parts)) {
        if ((part === 'webgpu') !== onWebGpu) continue;
        test(`${section}: ${key} ${part}`, { timeout: 120_000 }, async () => {
          const made = { [key]: `${part} ${await make()}`.trim() };
          const wanted = { [key]: picture[section][key] };
          const { equal, differ, added } = compared(wanted, made);
          expect([differ, added]).toEqual([[], []]);
          expect(equal).toBe(1);
        });
      }
    }
  }
}

describe('the frozen picture', () => held(false));
describeWebGpu('the frozen picture', () => held(true));
