/**
 * Oracle: a journal gives back what it was given, to the bit, whatever
 * happened to its last line; and never what another run has written.
 */

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileError } from '../../src/base/errors.ts';

import { Journal } from '../../src/studies/journal.ts';
import type { Row } from '../../src/studies/study.ts';
import { temporary } from '../cli/run.ts';

const identity = {
  experiment: 'trial',
  parameters: { gamma: 0.5 },
  seeds: [1],
};
const open = (folder: string, of = identity, options = {}) =>
  Journal.open(folder, 'trial', of, options);
const rows: Row[] = [{ x: 0.1 + 0.2 }, { x: 1e-320 }];

describe('a journal', () => {
  test('gives the next run what is done', async () => {
    const folder = path.join(temporary(), 'not', 'yet', 'there');
    const first = await open(folder);
    expect([first.size, first.rowsOf('a')]).toEqual([0, undefined]);
    await first.add('a', rows);
    await first.add('nothing', []);
    expect(first.rowsOf('a')).toEqual(rows);
    const next = await open(folder);
    expect(next.path).toBe(first.path);
    expect(next.size).toBe(2);
    expect(next.rowsOf('a')).toEqual(rows);
    expect(next.rowsOf('nothing')).toEqual([]);
    expect(next.rowsOf('b')).toBe(undefined);
  });

  test('keeps every number to the bit, and every kind of cell', async () => {
    const folder = temporary();
    const numbers = [
      ...[0, -0, Number.NaN, Number.POSITIVE_INFINITY],
      ...[Number.NEGATIVE_INFINITY, Number.MIN_VALUE, Number.MAX_VALUE],
      ...[0.1, -1 / 3, 2 ** 53 - 1],
    ];
    const row: Row = {
      ...{ text: 'a "quoted"\nline \u2028', yes: true, none: null },
      ...{ list: numbers, record: { a: -0, b: Number.NaN } },
      ...Object.fromEntries(numbers.map((number, i) => [`n${i}`, number])),
    };
    await (await open(folder)).add('a', [row]);
    const [read] = (await open(folder)).rowsOf('a') as Row[];
    expect(Object.keys(read)).toEqual(Object.keys(row));
    numbers.forEach((number, i) => {
      expect(Object.is(read[`n${i}`], number), `${number}`).toBe(true);
    });
    // toEqual tells -0 from 0, and NaN equals itself.
    expect(read).toEqual(row);
  });

  test('a line that was cut off anywhere is done again', async () => {
    const folder = temporary();
    const journal = await open(folder);
    await journal.add('a', rows);
    const whole = fs.readFileSync(journal.path);
    await journal.add('b', rows);
    const more = fs.readFileSync(journal.path);
    for (let end = whole.length; end < more.length - 1; end++) {
      fs.writeFileSync(journal.path, more.subarray(0, end));
      const next = await open(folder);
      expect(next.rowsOf('a'), `${end} bytes`).toEqual(rows);
      expect(next.rowsOf('b'), `${end} bytes`).toBe(undefined);
      await next.add('c', rows);
      const after = await open(folder);
      expect([after.size, after.rowsOf('c')]).toEqual([2, rows]);
    }
    // Whole but for its end of line, the piece is done.
    fs.writeFileSync(journal.path, more.subarray(0, -1));
    const next = await open(folder);
    await next.add('c', rows);
    expect((await open(folder)).size).toBe(3);
  });

  test('a head that was cut off, or lines of others, are no pieces', async () => {
    const folder = temporary();
    const { path: file } = await open(folder);
    const head = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, head.slice(0, 5));
    expect((await open(folder)).size).toBe(0);
    expect(fs.readFileSync(file, 'utf8')).toBe(head);
    const strange = ['null', '3', '[]', '{"key":1,"rows":[]}', '{"key":"a"}'];
    fs.writeFileSync(file, `${head}${strange.join('\n')}\n`);
    expect((await open(folder)).size).toBe(0);
  });

  test('another run has another file', async () => {
    const folder = temporary();
    const first = await open(folder);
    await first.add('a', rows);
    const others = [
      { ...identity, seeds: [1, 2] },
      { ...identity, parameters: { gamma: 0.25 } },
      { ...identity, experiment: 'other' },
    ];
    const paths = [first.path];
    for (const other of others) {
      const journal = await open(folder, other);
      expect(journal.size).toBe(0);
      paths.push(journal.path);
    }
    expect(new Set(paths).size).toBe(4);
    expect((await open(folder)).size).toBe(1);
  });

  test('fresh: what was done is forgotten', async () => {
    const folder = temporary();
    await (await open(folder)).add('a', rows);
    expect((await open(folder, identity, { fresh: true })).size).toBe(0);
    expect((await open(folder)).size).toBe(0);
  });

  test('a place that cannot be written is a FileError', async () => {
    const file = path.join(temporary(), 'file');
    fs.writeFileSync(file, '');
    const opening = open(path.join(file, 'sub'));
    await expect(opening).rejects.toThrow(FileError);
    await expect(opening).rejects.toThrow(/cannot be written to .*--out/s);
  });

  test('rows that cannot be kept any more are a FileError', async () => {
    const folder = temporary();
    const journal = await open(folder);
    fs.rmSync(folder, { recursive: true });
    const adding = journal.add('a', rows);
    await expect(adding).rejects.toThrow(FileError);
    await expect(adding).rejects.toThrow(/run it again, it goes on/);
    expect(journal.rowsOf('a')).toBe(undefined);
  });
});
