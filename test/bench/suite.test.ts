/**
 * Oracle: the shape that every case must give, and identities that its numbers
 * obey whatever the machine. Sizes are small; nothing here is a measurement.
 */

import { afterAll, describe, expect, test } from 'vitest';
import { type KeptSection, merged } from '../../bench/results.ts';
import type { Case, Outcome, Section } from '../../bench/section.ts';
import { coldStartCase } from '../../bench/sections/cold-start.ts';
import { elementwiseCases, productCase } from '../../bench/sections/kernels.ts';
import { flatCase, growthCase } from '../../bench/sections/memory.ts';
import { growthCase as networkCase } from '../../bench/sections/networks.ts';
import {
  agreement,
  productAmongPeers,
  stepAmongPeers,
} from '../../bench/sections/peers.ts';
import { seriesCase } from '../../bench/sections/scaling.ts';
import { clockCase, recordCase } from '../../bench/sections/scheduler.ts';
import { stepsCase } from '../../bench/sections/steps.ts';
import { Setting } from '../../bench/setting.ts';
import { runSections, sections, select } from '../../bench/suite.ts';
import { mlp } from '../../models/mlp.ts';

const setting = new Setting({ quick: true, rounds: 2, budgetMs: 50 });
afterAll(() => setting.close());

const small = (layers: number) =>
  mlp({ sizes: new Array<number>(layers + 1).fill(4), batch: 2 });

type Row = Readonly<Record<string, unknown>>;

/** Runs a case and checks what is true of all; gives its rows by table. */
async function rowsOf(what: Case): Promise<Record<string, Row[]>> {
  const outcome: Outcome = await what.run(setting);
  expect(outcome.failed ?? []).toEqual([]);
  for (const { head, cells, rows } of outcome.tables) {
    expect(cells).toHaveLength(rows.length);
    for (const row of cells) expect(row).toHaveLength(head.length);
    for (const cell of cells.flat()) expect(cell).not.toMatch(/NaN|undefined/);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  }
  const byName: Record<string, Row[]> = {};
  for (const { name, rows } of outcome.tables) {
    byName[name] = [...(byName[name] ?? []), ...(rows as Row[])];
  }
  return byName;
}

const ratio = (value: unknown) => value as { n: number; median: number };

describe('a small case of each section', () => {
  test('kernels', async () => {
    const { 'GFLOP/s': rows } = await rowsOf(productCase([8, 12, 4], 'tn'));
    const names = rows.map(({ who }) => who);
    expect(names).toEqual(
      expect.arrayContaining(['cpu f32', 'cpu f64', 'cpu f32, 1 thread']),
    );
    for (const { ms, gflops } of rows) {
      const { median } = ratio(ms);
      expect(gflops).toBeCloseTo((2 * 8 * 12 * 4) / median / 1e6, 12);
    }
    const [map] = elementwiseCases(128);
    const { 'GB/s': maps } = await rowsOf(map);
    expect(maps.length).toBeGreaterThanOrEqual(3);
  });

  test('steps', async () => {
    const architecture = { name: 'small', make: () => small(2) };
    const T = { fixed: 3, recomputed: 2 };
    const { steps } = await rowsOf(stepsCase(architecture, T));
    const cpu = steps.filter(({ backend }) => backend === 'cpu f32');
    expect(cpu.map(({ rule }) => rule)).toEqual([
      ...['bp', 'zil', 'fazil', 'il fixed T=3', 'il T=2'],
    ]);
    expect(ratio(cpu[0].toBp)).toMatchObject({ median: 1, min: 1 });
    // Z-IL does the work of BP and no more; IL more.
    expect(cpu[1].launches).toBe(cpu[0].launches);
    expect(cpu[3].launches).toBeGreaterThan(cpu[0].launches as number);
  });

  test('peers', async () => {
    const { agreement: peers } = await rowsOf(agreement);
    expect(peers.every(({ agrees }) => agrees)).toBe(true);
    const product = await rowsOf(productAmongPeers([8, 8, 8]));
    const step = await rowsOf(stepAmongPeers('small', [6, 5, 4], 4));
    const own = product.peers.find(({ who }) => who === 'isochron cpu f32');
    expect(own?.over).toMatchObject({ 'cpu f32': { median: 1 } });
    const zil = step.peers.find(({ who }) => who === 'isochron zil, cpu f32');
    expect(zil?.over).toMatchObject({ 'cpu f32': { median: 1 } });
    const others = product.peers.filter(
      ({ who }) => !(who as string).startsWith('isochron'),
    );
    // tfjs on its cpu is left out of a quick run of products.
    const left = peers.filter(({ peer }) => !/^tfjs cpu/.test(peer as string));
    expect(others.map(({ who }) => who)).toEqual(left.map(({ peer }) => peer));
  });

  test('scheduler', async () => {
    const { events, exponents } = await rowsOf(
      clockCase({
        ...{ grows: 'waiting', total: 50 },
        ...{ waiting: [2, 4, 8], longest: [5] },
      }),
    );
    expect(events).toHaveLength(4 * 3);
    expect(exponents).toHaveLength(4);
    const circuits = { name: 'layers', sizes: [1, 2, 3], make: small };
    const { recording } = await rowsOf(recordCase(circuits));
    expect(recording.map(({ levels }) => levels)).toEqual([1, 3, 5]);
  });

  test('scaling', async () => {
    const series = { name: 'layers', sizes: [1, 2, 3], quick: 3, make: small };
    const { points, exponents } = await rowsOf(seriesCase(series));
    const cpu = points.filter(({ backend }) => backend === 'cpu f32');
    expect(cpu.map(({ x }) => x)).toEqual([1, 2, 3]);
    const of = new Set(exponents.map(({ of }) => of));
    expect([...of]).toEqual(
      expect.arrayContaining(['cpu f32, zil', 'cpu f32, bp']),
    );
  });

  test('memory', async () => {
    const { growth } = await rowsOf(growthCase('layers', [1, 2], small));
    // Weights of 4 x 4 and a bias of 4, float32.
    expect(growth.map((row) => row.parameterBytes)).toEqual([80, 160]);
    const { flatness, slopes } = await rowsOf(flatCase(20, 10));
    const cpu = flatness.filter(({ backend }) => backend === 'cpu f32');
    expect(cpu.map(({ steps }) => steps)).toEqual([10, 20]);
    const device = slopes.filter(({ of }) => of === 'device');
    for (const { slope } of device) expect(slope).toBe(0);
  });

  test('cold start', async () => {
    const { 'cold start': rows } = await rowsOf(coldStartCase(['cpu']));
    const [{ who, open, first }] = rows;
    expect(who).toBe('cpu');
    expect(ratio(first).median).toBeGreaterThan(ratio(open).median);
  });

  test('networks', async () => {
    const sizes = [[50, 10, 5] as const];
    const { growth } = await rowsOf(networkCase('neurons', sizes, { ms: 5 }));
    expect(growth.length).toBeGreaterThanOrEqual(2);
  });
});

const empty: Outcome = { tables: [] };
const made = (name: string, cases: readonly Case[]): Section => {
  return { name, question: 'is it so?', cases };
};
const two = [
  made('first', [
    { name: 'quick one', run: async () => empty },
    { name: 'slow one', slow: true, run: async () => empty },
  ]),
  made('second', [{ name: 'another', run: async () => empty }]),
];
const chosen = (only: string[], quick = false) =>
  select(two, only, quick).flatMap(({ section, cases }) =>
    cases.map(({ name }) => `${section.name}/${name}`),
  );

describe('what --only names', () => {
  test('sections, cases of a section, and cases of any', () => {
    expect(chosen([])).toHaveLength(3);
    expect(chosen(['first'])).toEqual(['first/quick one', 'first/slow one']);
    expect(chosen(['first/slow'])).toEqual(['first/slow one']);
    expect(chosen(['quick', 'second'])).toEqual([
      ...['first/quick one', 'second/another'],
    ]);
  });

  test('a quick run has a slow case only by its name', () => {
    expect(chosen([], true)).toEqual(['first/quick one', 'second/another']);
    expect(chosen(['first'], true)).toEqual(['first/quick one']);
    expect(chosen(['slow'], true)).toEqual(['first/slow one']);
  });

  test('what fits nothing is an error that names what there is', () => {
    expect(() => chosen(['second', 'frist'])).toThrow(
      /--only frist names no section.*first, second/,
    );
  });

  test('names of sections and of their cases are unique', () => {
    const names = sections.flatMap(({ name, cases }) => [
      name,
      ...cases.map((each) => `${name}/${each.name}`),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a run of sections', () => {
  test('reports a case that throws, and goes on', async () => {
    const failing: Case = {
      name: 'failing',
      run: async () => {
        throw new Error('no luck');
      },
    };
    const section = made('s', [failing, ...two[1].cases]);
    const all = select([section], [], false);
    const { kept, text, failures } = await runSections(all, setting);
    expect(failures).toBe(1);
    expect(text).toContain('FAILED failing, failing: no luck');
    expect(Object.keys(kept.s.cases)).toEqual(['failing', 'another']);
    expect(kept.s.cases.failing.failed).toEqual([
      { name: 'failing', error: 'no luck' },
    ]);
    expect(kept.s.cases.another.conditions.node).toBe(process.version);
  });
});

describe('results', () => {
  const of = (...cases: string[]): KeptSection => ({
    question: cases.join(),
    cases: Object.fromEntries(cases.map((name) => [name, {} as never])),
  });

  test('a whole section replaces the old one, and others stay', () => {
    const all = merged(
      { a: of('old'), b: of('kept') },
      { a: of('new') },
      new Set(['a']),
    );
    expect(Object.keys(all.a.cases)).toEqual(['new']);
    expect(Object.keys(all.b.cases)).toEqual(['kept']);
  });

  test('a part of a section replaces its cases alone', () => {
    const all = merged({ a: of('x', 'y') }, { a: of('y', 'z') }, new Set());
    expect(Object.keys(all.a.cases)).toEqual(['x', 'y', 'z']);
  });
});
