/** Oracles: rows, keys, tables and verdicts of a small study by hand. */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { column, device, short } from '../../src/studies/columns.ts';
import { Journal } from '../../src/studies/journal.ts';
import { counts, size } from '../../src/studies/parameters.ts';
import { band, claim, curve, groupsOf } from '../../src/studies/rows.ts';
import { runPieces, toldOf } from '../../src/studies/runner.ts';
import { product, study } from '../../src/studies/study.ts';
import { every, exactly, verdictLines } from '../../src/studies/verdict.ts';
import { temporary } from '../cli/run.ts';

const squares = study({
  name: 'squares',
  title: 'Squares of numbers',
  source: 'arithmetic',
  parameters: {
    numbers: counts([1, 2], 'numbers', { from: 'paper' }),
    off: size(0, 'what is added'),
  },
  columns: {
    ...device,
    seed: column(),
    number: column('n'),
    square: column('square', (value, { number }) => `${number}^2 = ${value}`),
    note: column<string | null>('note'),
    holds: column<boolean>(),
  },
  table: 'Squares',
  grid: ({ numbers }, seeds) => product({ seed: seeds, number: numbers }),
  async measure({ number }, { off }) {
    const square = number ** 2 + off;
    return [{ square, holds: square === number * number }];
  },
  figures: () => [],
  conclude: (rows) => ({
    verdicts: every('squares', rows, ({ number }) => `${number}`),
    remarks: ['Squares are areas.'],
  }),
});

const backend = new CpuBackend('f64');
const values = (told = {}) => squares.schema.read(squares.schema.parse(told));
const listener = () => {
  const heard: string[] = [];
  const note = (text: string) => void heard.push(text);
  return { heard, note, progress: () => {}, clear: () => {} };
};
const run = (told = {}, journal?: Journal, hears = listener()) =>
  runPieces('squares', squares.pieces(values(told), [1, 2]), {
    ...{ backend, listener: hears, journal },
  });

describe('an experiment', () => {
  test('has a piece for each point, keyed by its values, the seed last', () => {
    const pieces = squares.pieces(values(), [1, 2]);
    expect(pieces.map(({ key }) => key)).toEqual(['1/1', '2/1', '1/2', '2/2']);
  });

  test('gives rows in the order of its columns; what is not there is null', async () => {
    const rows = (await run())!;
    expect(rows[3]).toEqual({
      ...{ experiment: 'squares', backend: 'cpu', dtype: 'f64', seed: 2 },
      ...{ number: 2, square: 4, note: null, holds: true },
    });
    expect(Object.keys(rows[0])).toEqual([
      ...['experiment', 'backend', 'dtype', 'seed', 'number', 'square'],
      ...['note', 'holds'],
    ]);
  });

  test('shows the columns that have a head, and what theory says', async () => {
    const rows = (await run({ off: '1' }))!;
    const told = toldOf(squares, rows.slice(0, 2), values());
    expect(told.tables).toEqual([
      {
        title: 'Squares',
        head: ['n', 'square', 'note'],
        rows: [
          ['1', '1^2 = 2', '-'],
          ['2', '2^2 = 5', '-'],
        ],
      },
    ]);
    expect(told.holds).toBe(false);
    expect(told.verdicts).toMatchObject([
      { expected: '2 of 2', measured: '0 of 2', holds: false },
    ]);
    expect(verdictLines(told.verdicts)).toEqual([
      ...['NOT as theory says: 1.', 'NOT as theory says: 2.'],
      'As theory says: 0 of 1.',
    ]);
  });

  test("tells its parameters, chosen by us if not the paper's", () => {
    const { numbers, off } = squares.schema.fields;
    expect([numbers.from, off.from]).toEqual(['paper', 'chosen']);
  });
});

describe('a run', () => {
  test('does not do again what its journal has', async () => {
    const folder = temporary();
    const open = () => Journal.open(folder, 'squares', { of: 1 });
    const first = await open();
    await first.add('2/1', [{ square: 'kept' }]);
    const hears = listener();
    const rows = (await run({}, await open(), hears))!;
    expect(rows.map(({ square }) => square)).toEqual([1, 'kept', 1, 4]);
    expect(hears.heard).toEqual(['squares: 1 of 4 pieces are done already']);
    expect((await open()).size).toBe(4);
  });

  test('that a signal ends keeps what is done, and none of the piece in hand', async () => {
    const journal = await Journal.open(temporary(), 'cut', { of: 1 });
    const piece = (key: string, ends = false) => ({
      key,
      async run({ signal }: { signal: AbortSignal }) {
        if (ends) process.emit('SIGTERM', 'SIGTERM');
        expect(signal.aborted).toBe(ends);
        return [{ key }];
      },
    });
    const hears = listener();
    const pieces = [piece('a'), piece('b', true), piece('c')];
    const how = { backend, listener: hears, journal };
    expect(await runPieces('cut', pieces, how)).toBe(null);
    expect([journal.size, journal.rowsOf('a')]).toEqual([1, [{ key: 'a' }]]);
    expect(hears.heard.at(-1)).toMatch(/^interrupted: 1 of 3 pieces of cut/);
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });
});

describe('verdicts and rows', () => {
  test('of nothing there is no verdict', () => {
    expect(every('none', [], String)).toEqual([]);
    expect(verdictLines([])).toEqual([]);
    expect(verdictLines([exactly('one', 1, 1)])).toEqual([
      'As theory says: 1 of 1.',
    ]);
  });

  test('names of failures are told once, and not without end', () => {
    const names = ['a', 'a', 'b', 'c', 'd', 'e', 'f'];
    const lines = verdictLines(every('letters', names, (name) => name));
    expect(lines).toHaveLength(7);
    expect(lines.slice(-2)).toEqual([
      '... and 1 more.',
      'As theory says: 0 of 1.',
    ]);
  });

  test('groups keep the order of rows; curves have gaps where logs have none', () => {
    const rows = [
      { x: 1, y: 2 },
      { x: 2, y: 0 },
      { x: 1, y: 3 },
    ];
    expect(groupsOf(rows, ({ x }) => x)).toEqual([
      [1, [rows[0], rows[2]]],
      [2, [rows[1]]],
    ]);
    const { xs, ys } = curve('y', rows, 'x', 'y', { log: true });
    expect([xs, ys]).toEqual([
      [1, 2, 1],
      [2, Number.NaN, 3],
    ]);
    expect(curve('y', rows, 'x', 'y').ys).toEqual([2, 0, 3]);
  });

  test('a band is from the least seed to the greatest', () => {
    const one = band('one', [0, 1], [[1, 2]]);
    expect(one).toEqual({ name: 'one', xs: [0, 1], ys: [1, 2] });
    const two = band(
      'two',
      [0, 1],
      [
        [1, 2],
        [3, 0],
      ],
    );
    expect(two).toMatchObject({ ys: [2, 1], lower: [1, 0], upper: [3, 2] });
  });

  test('numbers in tables', () => {
    expect([short(0), short(null), short(1 / 3)]).toEqual([
      '0',
      '-',
      '3.33e-1',
    ]);
    expect(short(Number.NaN)).toBe('overflow');
    expect(claim('x', true)).toBe('claim "x": it comes out');
    expect(claim('x', false, ', y is')).toBe(
      'claim "x": it does NOT come out, y is',
    );
  });
});
