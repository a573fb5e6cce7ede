import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { skip } from '../../models/index.ts';
import { graphToJson } from '../../src/graph/json.ts';
import { complaint, isochron, lines, temporary } from './run.ts';

interface Row {
  readonly id: string;
  readonly op: string;
  inputs: string[];
}

interface GraphFile {
  graph: Row[];
  output: string;
  leaves: Record<string, { shape: number[]; data?: unknown[] }>;
}

/** The graph `skip` as text, after a change. */
function changed(change: (file: GraphFile) => void): string {
  const file = JSON.parse(JSON.stringify(graphToJson(skip())));
  change(file);
  return JSON.stringify(file);
}

const whole = changed(() => undefined);
const firstParameter = (file: GraphFile) => {
  const row = file.graph.find(({ op }) => op === 'param');
  return file.leaves[row?.id ?? ''];
};

/** Flips one bit of the text's bytes. */
function flipped(text: string, at: number, bit: number): Buffer {
  const bytes = Buffer.from(text);
  bytes[at] ^= 1 << bit;
  return bytes;
}

// Oracle: what the schema and the standard of JSON allow. Many more damaged
// files are tried in one process in check.test.ts.

describe.concurrent('a damaged file ends with 1 and one line that names it', () => {
  const colon = whole.indexOf(':');
  test.each<[string, string | Buffer, RegExp]>([
    ['empty', '', /is not JSON: .*is the file complete/],
    ['cut in half', whole.slice(0, whole.length / 2), /is not JSON/],
    ['cut by one', whole.slice(0, -1), /is not JSON/],
    ['a flipped bit', flipped(whole, colon, 4), /is not JSON/],
    ['a flipped bit in a name', flipped(whole, 3, 0), /has schema undefined/],
    ['no text', Buffer.from([0xff, 0xfe, 0, 0x9f]), /is not JSON/],
    ['no object', '[1, 2]', /not an object/],
    ['another schema', '{"schema": "x/1"}', /schema "x\/1": expected/],
    [
      'a cycle',
      changed((file) => {
        const rows = file.graph;
        const first = rows.find(({ inputs }) => inputs.length > 0);
        if (first) first.inputs[0] = rows[rows.length - 1].id;
      }),
      /reads "out", which comes later: the graph has a cycle/,
    ],
    [
      'a vertex that is nowhere',
      changed((file) => {
        file.graph[file.graph.length - 1].inputs[0] = 'nowhere';
      }),
      /reads "nowhere", which is not there/,
    ],
    [
      'an unknown op',
      whole.replace('"op":"mul"', '"op":"divide"'),
      /unknown op "divide": use one of/,
    ],
    [
      'an op named like a method',
      whole.replace('"op":"mul"', '"op":"constructor"'),
      /unknown op "constructor"/,
    ],
    [
      'a clash of shapes',
      changed((file) => {
        const leaf = firstParameter(file);
        leaf.shape = [2];
        leaf.data = [1, 2];
      }),
      /Vertex ".*" \((mul|add)\) .*\[2\]/,
    ],
    [
      'fewer numbers than the shape says',
      changed((file) => {
        firstParameter(file).shape = [2];
        firstParameter(file).data = [1];
      }),
      /needs 2 numbers but has 1/,
    ],
    [
      'a NaN',
      changed((file) => {
        firstParameter(file).data = ['NaN'];
      }).replace('"NaN"', 'NaN'),
      /is not JSON/,
    ],
    [
      'null for a number',
      changed((file) => {
        firstParameter(file).data = [null];
      }),
      /holds null at index 0/,
    ],
    [
      'a text for a number',
      changed((file) => {
        firstParameter(file).data = ['1'];
      }),
      /at index 0: values must be finite numbers/,
    ],
    [
      'a number beyond float64',
      changed((file) => {
        firstParameter(file).data = ['big'];
      }).replace('"big"', '1e999'),
      /holds Infinity at index 0/,
    ],
    [
      'an output that is no vertex',
      changed((file) => {
        file.output = 'nowhere';
      }),
      /output "nowhere", which is no vertex/,
    ],
  ])('%s', async (_, content, told) => {
    const cwd = temporary();
    fs.writeFileSync(path.join(cwd, 'graph.json'), content);
    const ending = await isochron(['level', 'graph.json'], { cwd });
    expect(ending.code).toBe(1);
    expect(ending.stdout).toBe('');
    expect(lines(ending.stderr)).toHaveLength(1);
    expect(complaint(ending)).toMatch(told);
    expect(complaint(ending)).toMatch('graph.json');
  });

  test('a number beyond float32 is told as the result it leads to', async () => {
    const cwd = temporary();
    const text = changed((file) => {
      firstParameter(file).data = [1e300];
    });
    fs.writeFileSync(path.join(cwd, 'graph.json'), text);
    const args = ['check', '--backend', 'cpu', 'graph.json'];
    const ending = await isochron(args, { cwd });
    expect(ending.code).toBe(1);
  });
});

describe.concurrent('a file that cannot be read', () => {
  test.each([
    ['nosuch.json', /there is no such file/],
    ['.', /EISDIR/],
    ['', /is no model/],
  ])('"%s"', async (name, told) => {
    for (const command of ['level', 'check']) {
      const ending = await isochron([command, name]);
      expect(ending.code).toBe(1);
      expect(complaint(ending)).toMatch(told);
      expect(lines(ending.stderr)).toHaveLength(1);
    }
  });
});
