import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRecord } from '../../src/formats/csv.ts';

/** RFC 4180, section 2, read rule by rule; a field of a record at a time. */
function fieldsOf(record: string): string[] {
  const fields: string[] = [];
  let rest = record;
  for (;;) {
    const field = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/.exec(rest);
    if (!field) throw new Error(`no field: ${rest}`);
    fields.push(field[1]?.replaceAll('""', '"') ?? field[2]);
    rest = rest.slice(field[0].length);
    if (field[3] === '') return fields;
  }
}

// Oracle: the grammar of RFC 4180, read back.
test('a record gives back its fields, whatever they hold', () => {
  const text = fc.oneof(
    fc.constantFrom('', '"', ',', '\r\n', 'a"b', ' a ', "'"),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), (cells) => {
      expect(fieldsOf(csvRecord(cells))).toEqual(cells);
    }),
    { numRuns: 500 },
  );
});

test('numbers, truth, nothing and records', () => {
  const cells = [1.5e-7, -0.25, true, null, { 1: 0.5, a: 2 }];
  const record = csvRecord(cells);
  expect(record).toBe('1.5e-7,-0.25,true,,"{""1"":0.5,""a"":2}"');
});
