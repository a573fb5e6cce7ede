/**
 * Engines that compile no text, as a page under a Content Security Policy
 * without unsafe-eval. Oracle: the same script where text is compiled.
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const dist = new URL('../../dist/src/', import.meta.url);

/** A Z-IL step and two networks, whose numbers are printed. */
const SCRIPT = `
let compiles = true;
try { new Function('return 1'); } catch { compiles = false; }
console.log('compiles ' + compiles);
if (process.argv.includes('plain')) globalThis.WebAssembly = undefined;
const { GraphBuilder, adam, simulate, zil } = await import('${dist}index.js');
const { lif, learning, Network, openNetwork, poisson, random, recordSpikes } = await import('${dist}network/index.js');
const show = (name, floats) => console.log(name, [...floats].join(' '));
for (const dtype of ['f32', 'f64']) {
  const g = new GraphBuilder();
  const x = g.input('x', [5, 7]);
  const h = x.affine(g.param('W1', [9, 7]), g.param('b1', [9])).tanh().named('h');
  const s = h.affine(g.param('W2', [9, 9]), g.param('b2', [9])).sigmoid().softmax();
  const y = s.affine(g.param('W3', [3, 9]), g.param('b3', [3]));
  const run = await simulate(g.output(y), { rule: zil(), optimiser: adam({ lr: 0.05 }), seed: 1, backend: 'cpu', dtype });
  const feeds = {
    x: Float64Array.from({ length: 35 }, (_, i) => Math.sqrt(i) - 3),
    target: Float64Array.from({ length: 15 }, (_, i) => i / 7),
  };
  for (let i = 0; i < 3; i++) await run.step(feeds);
  for (const name of ['W1', 'b2', 'W3']) show(name, await run.parameter(name));
  run.destroy();

  const net = new Network({ dt: 0.5 });
  const noise = net.population('noise', 40, poisson, { parameters: { rate: 90 } });
  const cells = net.population('cells', 25, lif, { parameters: { tau: 20, threshold: 5, refractory: 2 } });
  net.project(noise, cells, { pattern: random({ probability: 0.5 }), weight: 1.5, delay: 1.5 });
  net.project(cells, cells, { pattern: random({ inDegree: 5 }), weight: -0.4, delay: { uniform: [1, 8] } });
  const slow = {
    name: 'slow',
    ports: ['input'],
    parameters: { tau: 10 },
    state: { v: 0 },
    noise: { xi: 'normal' },
    functions: { half: { parameters: ['x'], js: (x) => x / 2, wgsl: 'return x / 2.0;' } },
    update: { v: 'v + dt * (half(input) - tanh(v) + xi) / tau' },
    outputs: { out: 'v' },
  };
  const graded = net.population('graded', 6, slow);
  net.project(graded, graded, {
    name: 'loop', pattern: random({ probability: 0.7 }), weight: 0.2, delay: 2,
    plasticity: learning('w + rate * pre * post - 1e-3 * w', { rate: 0.01 }),
  });
  const life = await openNetwork(net, { seed: 1, backend: 'cpu', dtype });
  const spikes = recordSpikes(life.spikes$('cells'));
  await life.run(60);
  show('spikes', spikes.read().times);
  show('v', await life.state('cells', 'v'));
  show('graded', await life.state('graded', 'v'));
  show('weights', await life.weights('loop'));
  life.destroy();
}
`;

const printed = (flags: readonly string[], ...args: readonly string[]) =>
  execFileSync(
    process.execPath,
    [...flags, '--input-type=module', '--eval', SCRIPT, '--', ...args],
    { encoding: 'utf8', cwd: fileURLToPath(dist) },
  ).split('\n');

test('a step and networks have the same bits without eval', () => {
  const refused = ['--disallow-code-generation-from-strings'];
  const [compiles, ...wanted] = printed([]);
  expect(compiles).toBe('compiles true');
  expect(wanted.length).toBeGreaterThan(14);
  expect(wanted.find((line) => line.startsWith('spikes'))).toMatch(/ \d/);
  const [first, ...got] = printed(refused);
  expect(first).toBe('compiles false');
  expect(got).toEqual(wanted);
  // Nor WebAssembly: closures alone.
  expect(printed(refused, 'plain').slice(1)).toEqual(wanted);
});
