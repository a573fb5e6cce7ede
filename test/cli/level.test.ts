import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { skip } from '../../models/index.ts';
import { graphToJson } from '../../src/graph/json.ts';
import { complaint, isochron, lines, objects, temporary } from './run.ts';

// Oracle: the skip connection of Salvatori 2022, Eq. 10-13, levelled by hand.
// a is read by b and by out: the axon a -> out skips b and m, so delay 2.

describe.concurrent('level skip', () => {
  test('table', async () => {
    const { code, stdout, stderr } = await isochron(['level', 'skip']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^skip: K = 4 \(levels 0 to 4\)/);
    const rows = lines(stdout)
      .slice(4)
      .map((line) => line.split(/ {2,}/));
    const levels = Object.fromEntries(rows.map(([level, id]) => [id, level]));
    expect(levels).toEqual({
      ...{ out: '0', m: '1', z1: '2', b: '2' },
      ...{ z2: '3', a: '3', s: '4', z3: '4' },
    });
    expect(stdout).toMatch('a (delay 2)');
  });

  test('dot: one statement an axon, the delayed one dashed', async () => {
    const args = ['level', 'skip', '--format', 'dot'];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^digraph circuit \{\n[\s\S]*\}\n$/);
    expect(stdout.match(/ -> /g)).toHaveLength(8);
    expect(stdout).toMatch('"a" -> "out" [label="delay 2", style=dashed];');
  });

  test('mermaid', async () => {
    const args = ['level', 'skip', '--format', 'mermaid'];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^flowchart LR\n/);
    expect(stdout.match(/ (-->|-\..*\.->) /g)).toHaveLength(8);
    expect(stdout.match(/-\. "delay 2" \.->/g)).toHaveLength(1);
  });

  test('--json: one object, whose delays are those of the levels', async () => {
    const { code, stdout } = await isochron(['level', 'skip', '--json']);
    expect(code).toBe(0);
    const [row, ...more] = objects(stdout);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ case: 'skip', levels: 4, delaySteps: 2 });
    const levels = new Map(
      (row.vertices as { id: string; level: number }[]).map((v) => [
        v.id,
        v.level,
      ]),
    );
    const axons = row.axons as { from: string; to: string; delay: number }[];
    for (const { from, to, delay } of axons) {
      const apart = (levels.get(from) ?? 0) - (levels.get(to) ?? 0);
      expect(delay).toBe(apart - 1);
    }
  });

  test('--form explicit: identity vertices instead of delays', async () => {
    const args = ['level', 'skip', '--form', 'explicit', '--json'];
    const [row] = objects((await isochron(args)).stdout);
    expect(row).toMatchObject({ delayedAxons: 0, levels: 4, axonCount: 10 });
    const added = (row.vertices as { op: string }[]).filter(
      ({ op }) => op === 'identity',
    );
    expect(added).toHaveLength(2);
  });

  test('--levelling none: no delay', async () => {
    const args = ['level', 'skip', '--levelling', 'none', '--json'];
    const [row] = objects((await isochron(args)).stdout);
    expect(row).toMatchObject({ delayedAxons: 0, delaySteps: 0 });
  });

  test('several sources: a row each, in order', async () => {
    const args = ['level', 'mlp', 'skip', '--json'];
    const rows = objects((await isochron(args)).stdout);
    expect(rows.map((row) => row.case)).toEqual(['mlp', 'skip']);
  });
});

describe.concurrent('level of a JSON file', () => {
  test('gives what the model itself gives', async () => {
    const cwd = temporary();
    const text = JSON.stringify(graphToJson(skip()));
    fs.writeFileSync(path.join(cwd, 'graph.json'), text);
    const args = ['--levelling', 'least-delay', '--json'];
    const file = await isochron(['level', 'graph.json', ...args], { cwd });
    const model = await isochron(['level', 'skip', ...args], { cwd });
    expect(file.code).toBe(0);
    const [row] = objects(file.stdout);
    expect(row.case).toBe('graph.json');
    expect({ ...row, case: 'skip' }).toEqual(objects(model.stdout)[0]);
  });

  test('warns on stderr of a vertex that the output does not read', async () => {
    const cwd = temporary();
    const graph = graphToJson(skip());
    const rows = graph.graph as { id: string }[];
    const unread = { id: 'unread', op: 'tanh', inputs: [rows[0].id] };
    const text = JSON.stringify({ ...graph, graph: [...rows, unread] });
    fs.writeFileSync(path.join(cwd, 'graph.json'), text);
    const ending = await isochron(['level', 'graph.json', '--json'], { cwd });
    expect(ending.code).toBe(0);
    expect(lines(ending.stderr)).toHaveLength(1);
    expect(ending.stderr).toMatch(/^warning: graph\.json: .*"?unread"?/);
    const ids = (objects(ending.stdout)[0].vertices as { id: string }[]).map(
      ({ id }) => id,
    );
    expect(ids).not.toContain('unread');
  });

  test('a missing file after a good one is told, and ends with 1', async () => {
    const ending = await isochron(['level', 'skip', 'nosuch.json']);
    expect(ending.code).toBe(1);
    expect(complaint(ending)).toMatch(
      /"nosuch.json" is no model .*no such file/,
    );
  });
});
