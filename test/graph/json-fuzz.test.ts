/**
 * Oracle: the contract of the reader. Whatever it is fed, it gives a graph
 * that can be simulated and written again, or one of the house's errors.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IsochronError } from '../../src/base/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { graphFromJson, graphToJson, parseJson } from '../../src/graph/json.ts';
import { level } from '../../src/graph/level.ts';
import { Recorder } from '../../src/program/recorder.ts';
import { zil } from '../../src/rules/zil.ts';
import { varied } from '../circuit/graphs.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const whole = JSON.stringify(graphToJson(varied()));

/** A graph that is levelled, recorded and written again, or an error of the house. */
function survives(make: () => Graph): void {
  let graph: Graph;
  try {
    graph = make();
  } catch (error) {
    if (error instanceof IsochronError) return;
    throw error;
  }
  const levelled = level(graph);
  expect(levelled.depth).toBeGreaterThan(0);
  zil().record({
    levelled,
    recorder: new Recorder(),
    plasticity: () => null,
    probes: [],
    clocked: false,
  });
  expect(graphFromJson(graphToJson(graph)).vertices).toHaveLength(
    graph.vertices.length,
  );
}

describe('whatever is read: a graph, or an error of the house', () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      '__proto__',
      'constructor',
      'x',
      'add',
      'tanh',
      -1,
      0,
      1e308,
      { toString: 1, valueOf: 1 },
      { length: 3 },
    ),
  ) as fc.Arbitrary<Json>;

  /** All places of a JSON value, as paths. */
  function paths(value: Json, path: string[] = []): string[][] {
    if (typeof value !== 'object' || value === null) return [path];
    const below = Object.entries(value).flatMap(([key, child]) =>
      paths(child, [...path, key]),
    );
    return path.length > 0 ? [path, ...below] : below;
  }
  const valid = JSON.parse(whole) as Json;
  const places = paths(valid);

  test('graphs with places replaced or deleted', () => {
    const edits = fc.array(
      fc.tuple(fc.constantFrom(...places), fc.option(anything)),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(edits, (list) => {
        const root = structuredClone(valid) as { [key: string]: Json };
        for (const [path, value] of list) {
          let at: Json | undefined = root;
          for (const key of path.slice(0, -1)) {
            at = (at as { [key: string]: Json } | null)?.[key];
          }
          if (typeof at !== 'object' || at === null) continue;
          const target = at as { [key: string]: Json };
          const key = path[path.length - 1];
          if (value === null && Array.isArray(at)) at.splice(Number(key), 1);
          else if (value === null) delete target[key];
          else target[key] = structuredClone(value);
        }
        survives(() => graphFromJson(root));
      }),
      { numRuns: 3000 },
    );
  });

  test('texts cut off or with a character changed', () => {
    const at = fc.nat({ max: whole.length - 1 });
    const spoilt = fc.oneof(
      at.map((n) => whole.slice(0, n)),
      fc
        .tuple(at, fc.integer({ min: 0, max: 6 }))
        .map(
          ([n, bit]) =>
            whole.slice(0, n) +
            String.fromCharCode(whole.charCodeAt(n) ^ (1 << bit)) +
            whole.slice(n + 1),
        ),
    );
    fc.assert(
      fc.property(spoilt, (json) =>
        survives(() => graphFromJson(parseJson(json, 'file'))),
      ),
      { numRuns: 3000 },
    );
  });

  test('random values, and random values in the place of the parts', () => {
    const parts = fc.record(
      {
        schema: fc.constantFrom('isochron-graph/1', 'pc-oracle/1'),
        graph: fc.array(
          fc.record({
            id: fc.constantFrom('a', 'b', '__proto__', 'constructor'),
            op: fc.constantFrom('input', 'param', 'tanh', 'mul', 'composite'),
            inputs: fc.array(fc.constantFrom('a', 'b', '__proto__'), {
              maxLength: 3,
            }),
            attrs: fc.oneof(fc.constant({}), anything),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        output: fc.constantFrom('a', 'b', '__proto__', 'constructor'),
        loss: fc.oneof(fc.constant({ kind: 'half_sse' }), anything),
        leaves: fc.dictionary(
          fc.constantFrom('a', 'b', 'constructor'),
          fc.oneof(fc.constant({ shape: [1], data: [1] }), anything),
        ),
        target: anything,
      },
      { requiredKeys: ['schema', 'graph', 'leaves'] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, parts), (value) =>
        survives(() => graphFromJson(value)),
      ),
      { numRuns: 3000 },
    );
  });
});
