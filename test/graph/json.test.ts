/**
 * Oracle: the schema. What was written reads back as it was; what cannot be
 * read is told apart by type, and the text names the place.
 */

import { describe, expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import {
  FormatError,
  GraphError,
  type IsochronError,
  NonFiniteError,
  ShapeError,
} from '../../src/base/errors.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import { graphFromJson, graphToJson, parseJson } from '../../src/graph/json.ts';
import { zil } from '../../src/rules/zil.ts';
import { branching, filled, varied } from '../circuit/graphs.ts';
import { allSameBits } from '../circuit/levelled-run.ts';
import { show } from '../oracles/run.ts';

const text = (graph: Graph) => JSON.stringify(graphToJson(graph));
const read = (json: string) => graphFromJson(parseJson(json, 'file'), 'file');

describe('a graph written and read', () => {
  const graphs: readonly (readonly [string, Graph])[] = [
    ['varied', varied()],
    ['branching', branching()],
    ...models.map(({ name, make }) => [name, make()] as const),
  ];

  test.each(graphs)('is as it was: %s', (_, graph) => {
    const back = read(text(graph));
    expect(graphToJson(back)).toEqual(graphToJson(graph));
    const rows = ({ vertices }: Graph) =>
      vertices.map(({ id, op, inputs, attrs, shape }) => ({
        id,
        op,
        inputs: inputs.map((input) => input.id),
        attrs,
        shape,
      }));
    expect(rows(back)).toEqual(rows(graph));
    expect(back.output.id).toBe(graph.output.id);
    expect(back.loss).toEqual(graph.loss);
    expect([...back.data.keys()]).toEqual([...graph.data.keys()]);
  });

  test('computes the same bits', async () => {
    for (const graph of [branching(), filled(varied())]) {
      const before = await show(graph, zil());
      const after = await show(read(text(graph)), zil());
      expect(allSameBits(after.gradients, before.gradients)).toBe(true);
      expect(after.loss).toBe(before.loss);
    }
  });

  test('keeps ids that objects inherit', () => {
    const g = new GraphBuilder();
    const W = g.param('__proto__', [2, 3], [1, 2, 3, 4, 5, 6]);
    const x = g.input('constructor', [1, 3], [1, 2, 3]);
    const y = g.apply('linear', [x, W], {}, 'toString');
    const back = read(text(g.output(y, 'half_sse', { target: [0, 1] })));
    expect(back.vertices.map(({ id }) => id)).toEqual([
      '__proto__',
      'constructor',
      'toString',
    ]);
    expect(back.inits.get('__proto__')).toMatchObject({ kind: 'values' });
    expect(back.data.get('constructor')?.data).toEqual(
      Float64Array.of(1, 2, 3),
    );
  });
});

/** Sets what a path of the JSON of that graph leads to. */
function changed(path: string, value: unknown): unknown {
  const root = JSON.parse(text(varied()));
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = root;
  for (const key of keys) at = at[key];
  if (value === undefined) delete at[last];
  else at[last] = value;
  return root;
}

describe('what cannot be read is told apart', () => {
  const vertex = (id: string, op: string, inputs: string[], attrs = {}) => ({
    id,
    op,
    inputs,
    attrs,
  });
  const layerAt = 5;
  const cases: readonly [
    string,
    string,
    unknown,
    typeof IsochronError,
    string[],
  ][] = [
    ['no schema', 'schema', undefined, FormatError, ['isochron-graph/1']],
    ['other schema', 'schema', 'x/2', FormatError, ['"x/2"']],
    ['no vertices', 'graph', [], FormatError, ['graph']],
    ['vertices no list', 'graph', {}, FormatError, ['graph']],
    ['no leaves', 'leaves', undefined, FormatError, ['leaves']],
    ['leaf gone', 'leaves.W', undefined, FormatError, ['"W"']],
    ['leaf inherited', 'graph.0.id', 'toString', FormatError, ['"toString"']],
    [
      'leaf of prototypes',
      'graph.0.id',
      '__proto__',
      ShapeError,
      ['__proto__'],
    ],
    ['no loss', 'loss', null, FormatError, ['loss']],
    ['unknown loss', 'loss.kind', 'hinge', GraphError, ['"hinge"']],
    ['unknown reduction', 'loss.reduction', 'max', GraphError, ['"max"']],
    ['no output', 'output', undefined, FormatError, ['output']],
    ['unknown output', 'output', 'nowhere', FormatError, ['"nowhere"']],
    ['inherited output', 'output', '__proto__', FormatError, ['"__proto__"']],
    ['output a leaf', 'output', 'b', GraphError, ['"b"', 'leaf']],
    ['id twice', 'graph.1.id', 'x', GraphError, ['"x"', 'twice']],
    ['id a number', 'graph.1.id', 3, FormatError, ['graph[1]', '"id"']],
    ['op a number', 'graph.1.op', 3, FormatError, ['graph[1]', '"op"']],
    ['vertex null', 'graph.1', null, FormatError, ['graph[1]']],
    [
      'unknown op',
      `graph.${layerAt}`,
      vertex('c', 'conv9d', ['x']),
      GraphError,
      ['"c"', '"conv9d"', 'tanh'],
    ],
    [
      'inherited op',
      `graph.${layerAt}`,
      vertex('c', 'constructor', ['x']),
      GraphError,
      ['"constructor"'],
    ],
    [
      'a cycle of two',
      `graph.${layerAt}`,
      vertex('layer', 'add', ['x', 'add6']),
      FormatError,
      ['"layer"', '"add6"', 'cycle'],
    ],
    [
      'a cycle of one',
      `graph.${layerAt}`,
      vertex('layer', 'add', ['x', 'layer']),
      FormatError,
      ['"layer"', 'cycle'],
    ],
    [
      'an input that is nowhere',
      `graph.${layerAt}.inputs`,
      ['nowhere'],
      FormatError,
      ['"layer"', '"nowhere"', 'not there'],
    ],
    [
      'an input that is inherited',
      `graph.${layerAt}.inputs`,
      ['hasOwnProperty'],
      FormatError,
      ['"hasOwnProperty"'],
    ],
    [
      'inputs no list',
      `graph.${layerAt}.inputs`,
      'x',
      FormatError,
      ['"layer"'],
    ],
    ['input null', `graph.${layerAt}.inputs`, [null], FormatError, ['null']],
    ['inputs of a leaf', 'graph.1.inputs', ['x'], FormatError, ['leaf']],
    ['attrs no object', `graph.${layerAt}.attrs`, 3, FormatError, ['attrs']],
    ['attrs null', `graph.${layerAt}.attrs`, null, FormatError, ['attrs']],
    [
      'attribute of prototypes',
      `graph.${layerAt}.attrs`,
      JSON.parse('{"__proto__": 1}'),
      GraphError,
      ['"__proto__"'],
    ],
    ['body empty', `graph.${layerAt}.attrs.body`, [], GraphError, ['body']],
    [
      'a null in data',
      'leaves.x.data.1',
      null,
      NonFiniteError,
      ['"x"', 'null'],
    ],
    ['a text in data', 'leaves.W.data.1', '1', NonFiniteError, ['"W"', '1']],
    ['data too long', 'leaves.W.data.6', 1, ShapeError, ['"W"', '6', '7']],
    ['data no list', 'leaves.W.data', 'abcdef', FormatError, ['"W"', 'data']],
    ['data null', 'leaves.W.data', null, FormatError, ['"W"', 'data']],
    ['no shape', 'leaves.W.shape', undefined, ShapeError, ['"W"']],
    ['shape a text', 'leaves.W.shape', '2,3', ShapeError, ['"W"']],
    ['unknown init', 'leaves.b.init.kind', 'ones', FormatError, ['"b"']],
    ['bound a text', 'leaves.u.init.bound', '1', FormatError, ['"u"']],
    ['bound below 0', 'leaves.u.init.bound', -1, GraphError, ['"u"', '-1']],
    [
      'target of another shape',
      'target.shape',
      [1, 2],
      FormatError,
      ['target'],
    ],
    ['target too short', 'target.data', [1], ShapeError, ['target']],
    ['target null', 'target', null, FormatError, ['target']],
    [
      'a misfit',
      'leaves.W',
      { shape: [3, 2] },
      ShapeError,
      ['"layer"', '[3, 2]'],
    ],
  ];

  test.each(cases)('%s', (_, path, value, type, words) => {
    let error: unknown;
    try {
      graphFromJson(changed(path, value), 'file');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(type);
    const { message } = error as Error;
    for (const word of ['file', ...words]) expect(message).toContain(word);
    expect(message).not.toContain('\n');
  });

  test('text that is no JSON, or the JSON of something else', () => {
    expect(() => read(text(varied()).slice(0, -1))).toThrow(FormatError);
    for (const value of [null, 3, 'graph', [], true]) {
      expect(() => graphFromJson(value)).toThrow(FormatError);
    }
  });

  test('NaN and infinity in values, which JSON cannot write', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const value = changed('leaves.x.data.0', bad);
      expect(() => graphFromJson(value)).toThrow(NonFiniteError);
    }
  });
});
