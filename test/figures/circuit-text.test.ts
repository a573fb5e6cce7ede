import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import {
  type CircuitRows,
  circuitDot,
  circuitMermaid,
  circuitTable,
  table,
} from '../../src/figures/circuit-text.ts';
import { level } from '../../src/graph/level.ts';

/** Names with what each notation uses for itself. */
const ids = fc.oneof(
  fc.constantFrom('a', 'a b', 'say "x"', 'a\\b', 'x>y', '-->', 'end', '[', 'θ'),
  fc.constantFrom('two\nlines', '"', '\\', '#1;', '<b>', '{{', 'h1'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
);

const circuits: fc.Arbitrary<CircuitRows> = fc
  .uniqueArray(ids, { minLength: 1, maxLength: 6 })
  .chain((names) => {
    const vertex = (id: string) =>
      fc.record({
        id: fc.constant(id),
        op: fc.constantFrom('input', 'param', 'tanh'),
        shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        level: fc.nat(4),
      });
    const axon = fc.record({
      from: fc.constantFrom(...names),
      to: fc.constantFrom(...names),
      slot: fc.nat(2),
      delay: fc.nat(3),
    });
    return fc.record({
      vertices: fc.tuple(...names.map(vertex)),
      axons: fc.array(axon, { maxLength: 8 }),
    });
  });

const plainAxons = (rows: CircuitRows) =>
  rows.axons.map(({ from, to, delay }) => ({ from, to, delay }));

// Oracle: DOT's grammar: a quoted name ends at the first quote that is not
// escaped; only \" is an escape, so other backslashes are part of the name.
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;

describe('DOT', () => {
  const read = (text: string): string => JSON.parse(`"${text}"`);

  test('gives back every axon and every level', () => {
    fc.assert(
      fc.property(circuits, (rows) => {
        const lines = circuitDot(rows).split('\n');
        expect(lines[0]).toBe('digraph circuit {');
        expect(lines.at(-1)).toBe('}');
        const axon = new RegExp(
          `^  ${QUOTED} -> ${QUOTED}(?: \\[label="delay (\\d+)".*\\])?;$`,
        );
        const found = lines.flatMap((line) => {
          const [, from, to, delay] = axon.exec(line) ?? [];
          if (from === undefined) return [];
          return [{ from: read(from), to: read(to), delay: +(delay ?? 0) }];
        });
        expect(found).toEqual(plainAxons(rows));
        const ranks = lines.filter((line) => line.startsWith('  { rank=same;'));
        const levels = new Set(rows.vertices.map((v) => v.level));
        expect(ranks).toHaveLength(levels.size);
        const named = ranks.flatMap((line) =>
          [...line.matchAll(new RegExp(QUOTED, 'g'))].map(([, id]) => read(id)),
        );
        expect(named.sort()).toEqual(rows.vertices.map((v) => v.id).sort());
      }),
      { numRuns: 200 },
    );
  });
});

describe('mermaid', () => {
  test('one line a vertex and an axon, whatever the names hold', () => {
    fc.assert(
      fc.property(circuits, (rows) => {
        const [head, ...lines] = circuitMermaid(rows).split('\n');
        expect(head).toBe('flowchart LR');
        expect(lines).toHaveLength(rows.vertices.length + rows.axons.length);
        rows.vertices.forEach(({ level }, i) => {
          // The text between the quotes must not hold a quote.
          const node = new RegExp(
            `^  v${i}(\\["|\\(\\["|\\{\\{")([^"]*)<br/>level ${level}"[\\])}]+$`,
          );
          expect(lines[i]).toMatch(node);
        });
        const at = new Map(rows.vertices.map(({ id }, i) => [id, i]));
        rows.axons.forEach(({ from, to, delay }, i) => {
          const arrow = delay > 0 ? `-. "delay ${delay}" .->` : '-->';
          const line = `  v${at.get(from)} ${arrow} v${at.get(to)}`;
          expect(lines[rows.vertices.length + i]).toBe(line);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('tables', () => {
  const cells = fc.array(
    fc.tuple(
      fc.stringMatching(/^[a-z0-9]{1,9}$/),
      fc.stringMatching(/^[a-z0-9]{1,9}$/),
    ),
  );

  test('columns begin at the same place in every row', () => {
    fc.assert(
      fc.property(cells, (rows) => {
        const lines = table(['one', 'two'], rows).split('\n');
        expect(lines).toHaveLength(rows.length + 2);
        const at = lines[0].indexOf('two');
        expect(lines[1]).toMatch(/^-+ {2}-+$/);
        rows.forEach(([one, two], i) => {
          const line = lines[i + 2];
          expect(line.slice(0, at)).toBe(one.padEnd(at));
          expect(line.slice(at)).toBe(two);
        });
        for (const line of lines) expect(line).not.toMatch(/ $/);
      }),
    );
  });

  test('levels from the output down, operands in order of their slots', () => {
    const text = circuitTable({
      vertices: [
        { id: 'x', op: 'input', shape: [2, 3], level: 2 },
        { id: 'h', op: 'tanh', shape: [2, 3], level: 1 },
        { id: 'y', op: 'add', shape: [2, 3], level: 0 },
      ],
      axons: [
        { from: 'x', to: 'y', slot: 1, delay: 1 },
        { from: 'h', to: 'y', slot: 0, delay: 0 },
        { from: 'x', to: 'h', slot: 0, delay: 0 },
      ],
    });
    // By hand.
    expect(text.split('\n')).toEqual([
      'level  vertex  op     shape   reads',
      '-----  ------  -----  ------  --------------',
      '0      y       add    [2, 3]  h, x (delay 1)',
      '1      h       tanh   [2, 3]  x',
      '2      x       input  [2, 3]',
    ]);
  });

  test.each(models.map(({ name }) => name))('%s: a row a vertex', (name) => {
    const levelled = level(models.find((m) => m.name === name)!.make());
    const rows = {
      vertices: levelled.vertices.map(({ id, op, shape }) => ({
        ...{ id, op, shape, level: 0 },
      })),
      axons: [],
    };
    const lines = circuitTable(rows).split('\n');
    expect(lines).toHaveLength(levelled.vertices.length + 2);
  });
});
