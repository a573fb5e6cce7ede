/** Oracle: what the README says of `simulate`, and the numbers of the shelf. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { number } from '../../src/base/schema.ts';
import { Output } from '../../src/cli/output.ts';
import { simulate } from '../../src/cli/simulate.ts';
import { lif } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { exactly } from '../../src/studies/verdict.ts';
import { isochron } from './run.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-simulate-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('isochron simulate', () => {
  test('lists the circuits with their parameters where none is named', async () => {
    const { code, stdout } = await isochron(['simulate']);
    expect(code).toBe(0);
    for (const name of ['echo', 'jeffress', 'synfire', 'cuba', 'skip-wave']) {
      expect(stdout).toMatch(new RegExp(`^${name}: `, 'm'));
    }
    expect(stdout).toContain('--param g=0.7');
  });

  test('shows expected and measured side by side, and follows parameters', async () => {
    const { code, stdout } = await isochron([
      'simulate',
      'echo',
      '--param',
      'g=0.5',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/after 40 ms +0\.25 +0\.25 +exact +ok/);
    expect(stdout).toMatch(/As theory says: (\d+) of \1\./);
    expect(stdout).toContain('Seed 1, cpu, float64.');
  });

  test.each(['cpu', 'webgpu', 'auto'])(
    'runs on --backend %s',
    async (backend) => {
      const args = ['simulate', 'polychrony', '--backend', backend, '--json'];
      const { code, stdout } = await isochron(args);
      expect(code).toBe(0);
      const row = JSON.parse(stdout);
      expect(row).toMatchObject({
        circuit: 'polychrony',
        holds: true,
        seed: 1,
      });
      expect(row.backend).toMatch(
        backend === 'webgpu' ? /^webgpu/ : /^cpu, float32/,
      );
      expect(row.cost.realTimeFactor).toBeGreaterThan(0);
    },
  );

  test('draws what was measured, and the circuit', async () => {
    const plot = path.join(folder, 'echo.svg');
    const circuit = path.join(folder, 'circuit.svg');
    const args = ['simulate', 'echo', '--plot', plot, '--draw', circuit];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    for (const file of [plot, path.join(folder, 'echo-2.svg'), circuit]) {
      expect(fs.readFileSync(file, 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
      expect(stdout).toContain(`picture: ${file}`);
    }
    expect(fs.readFileSync(circuit, 'utf8')).toContain('20 ms');
  });

  test.each([
    [['simulate', 'eco'], 'Unknown circuit "eco"'],
    [['simulate', 'echo', '--param', 'h=1'], 'no parameter "h"'],
    [['simulate', 'echo', '--param', 'g=a'], 'give a number'],
    [['simulate', 'echo', '--all'], 'give one of them'],
    [['simulate', 'echo', 'motion', '--plot', 'x.svg'], 'name one'],
    [['simulate', 'echo', '--param', 'delay=1.23456'], 'whole'],
  ])('%j is wrong use', async (args, text) => {
    const { code, stderr } = await isochron(args);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });

  test('a picture that cannot be written is told before anything is run', async () => {
    const file = path.join(folder, 'nowhere', 'x.svg');
    const { code, stdout, stderr } = await isochron([
      ...['simulate', 'echo', '--plot', file],
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('cannot be written');
  });

  test('does not hold where what is measured is another number', async () => {
    const make = (delay: number) => {
      const net = new Network({ dt: 1 });
      const x = net.events('x', 1, { times: [[0]] });
      net.project(x, net.population('cell', 1, lif), { weight: 2, delay });
      return net;
    };
    const circuit = shelve({
      name: 'late',
      title: 'a spike after 3 ms',
      source: 'arithmetic',
      parameters: { delay: number({ default: 3, help: 'ms' }) },
      network: ({ delay }) => make(delay),
      async measure({ delay }, bench) {
        const run = bench.open(make(delay));
        let first = -1;
        run.spikes$('cell').subscribe(({ time }) => {
          first = time;
        });
        await run.run(10);
        return { verdicts: [exactly('spike', 3, first)], pictures: [] };
      },
    });
    const how = {
      backend: new CpuBackend('f64'),
      seed: 1,
      out: new Output(true),
      values: {},
    };
    expect(await simulate(circuit, { delay: 3 }, how)).toBe(true);
    expect(await simulate(circuit, { delay: 4 }, how)).toBe(false);
  });
});
