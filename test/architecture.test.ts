/**
 * Oracle: the table below, which says who may import whom. It is the map of
 * the house; a new import that does not fit changes the table or the import.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * A row: a room (a folder of src, or a file in one), and what its files import:
 * their own room, and these. The first row that fits a file counts. 'types:X'
 * allows types of X only.
 */
const TABLE: readonly (readonly [string, string])[] = [
  // The entries of the package, which carry names and nothing else.
  ['index network/index nir/index figures/index data/index', '*'],
  ['base/', ''],
  ['formula/', 'base/'],
  ['kernels/', 'formula/ base/'],
  ['ops/', 'kernels/ formula/ base/'],
  ['program/', 'types:ops/ kernels/ formula/ base/'],
  ['backends/', 'texts program/ ops/ kernels/ formula/ base/ webgpu'],
  ['graph/', 'ops/ base/'],
  ['circuit/', 'graph/ types:program/ ops/ kernels/ base/ rxjs'],
  // The yardstick never touches what it measures.
  ['rules/bp', 'graph/ ops/ types:kernels/ types:rules/rule base/'],
  ['rules/', 'rules/bp circuit/ graph/ types:program/ kernels/ base/'],
  // A recipe knows nothing of its runs.
  [
    'network/run/',
    'network/ simulation/session circuit/ program/ kernels/ formula/ base/ types:backends/ backends/open rxjs',
  ],
  [
    'network/',
    'types:backends/ circuit/clock circuit/population formula/ base/ types:rxjs',
  ],
  ['nir/', 'network/ formats/ base/ h5wasm'],
  [
    'simulation/',
    'types:rules/ circuit/ graph/ program/ ops/ kernels/ base/ types:backends/ backends/open rxjs',
  ],
  ['proof/', 'simulation/ rules/ graph/ backends/open base/'],
  [
    'training/',
    'simulation/ types:rules/ graph/ types:backends/ backends/open data/ formats/ base/ rxjs',
  ],
  [
    'studies/',
    'types:simulation/ network/ types:figures/ types:data/ formats/ types:backends/ backends/open base/',
  ],
  [
    'experiments/',
    'studies/ training/ proof/ simulation/ rules/ graph/ types:backends/ types:figures/ data/ theory/ base/ models/',
  ],
  ['figures/', 'base/'],
  ['page/', 'figures/ base/'],
  ['data/', 'formats/ base/'],
  ['formats/ theory/', 'base/'],
  ['cli/', '* models/ rxjs'],
  [
    'models/circuits/',
    'studies/ proof/ simulation/ rules/ network/ graph/ theory/ types:data/ base/ models/ rxjs',
  ],
  ['models/', 'graph/ base/'],
];

/** Files that a page never loads, or only for what a page does not have. */
const NODE_FILES = [
  'backends/webgpu/driver',
  'backends/webgpu/tuning',
  'formula/wasm/team',
  'formats/folder',
  'formats/gzip',
  'formats/npz',
  'nir/hdf5',
  'data/',
  'studies/journal',
  'training/checkpoint',
  'cli/',
];

/** Packages, by the words of the table. */
const PACKAGES: Readonly<Record<string, string>> = {
  rxjs: 'rxjs',
  webgpu: 'webgpu',
  h5wasm: 'h5wasm',
};

/** Re-exports: the entries of the package, and nobody else. */
const BARRELS = [
  'models/circuits/index',
  'models/index',
  'src/data/index',
  'src/figures/index',
  'src/index',
  'src/network/index',
  'src/nir/index',
];

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  readonly from: string;
  /** Module without extension, package, or node:NAME. */
  readonly to: string;
  readonly kind: 'runtime' | 'types' | 'dynamic';
  readonly reexport: boolean;
}

function sources(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sources(name);
      return /\.tsx?$/.test(name) ? [name] : [];
    });
}

/** Imports and re-exports of a text, types told from values. */
function importsIn(from: string, text: string): Import[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  const add = (to: string, kind: Import['kind'], reexport = false) => {
    const local = to.startsWith('.');
    const file = local ? path.posix.join(path.posix.dirname(from), to) : to;
    found.push({ from, to: file.replace(/\.ts$/, ''), kind, reexport });
  };
  const statement =
    /^(import|export)\b(\s+type\b)?([^;'"=]*?)\bfrom\s*['"]([^'"]+)['"]/gm;
  for (const [, word, type, names, to] of code.matchAll(statement)) {
    const listed = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1];
    const allTypes = listed
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .every((name) => name.startsWith('type '));
    add(to, type || allTypes ? 'types' : 'runtime', word === 'export');
  }
  for (const [, to] of code.matchAll(/^import\s*['"]([^'"]+)['"]/gm)) {
    add(to, 'runtime');
  }
  for (const [, to] of code.matchAll(/\bimport\(\s*([^)]*?)\s*\)/g)) {
    const literal = /^['"]([^'"]+)['"]$/.exec(to)?.[1];
    add(literal ?? 'computed', 'dynamic');
  }
  for (const [, to] of code.matchAll(/\brequire\(\s*['"]([^'"]+)['"]/g)) {
    add(to, 'dynamic');
  }
  return found;
}

const files = [...sources('src'), ...sources('models')];
const imports = files.flatMap((file) =>
  importsIn(file, fs.readFileSync(path.join(root, file), 'utf8')),
);
const nameOf = (file: string) => file.replace(/\.ts$/, '');

/** Whether an entry of the table, or a row of it, is the room of a module. */
function fits(pattern: string, module: string): boolean {
  if (pattern === '*') return module.startsWith('src/');
  const named = PACKAGES[pattern];
  if (named) return module === named || module.startsWith(`${named}/`);
  // Of the shaders, as the build has them.
  if (pattern === 'texts') return module === 'kernels/texts';
  const full = pattern.startsWith('models/') ? pattern : `src/${pattern}`;
  return pattern.endsWith('/') ? module.startsWith(full) : module === full;
}

const rowOf = (file: string) =>
  TABLE.find(([row]) => row.split(' ').some((one) => fits(one, nameOf(file))));

function allowed({ from, to, kind }: Import): boolean {
  if (to.startsWith('node:')) {
    return NODE_FILES.some((file) => fits(file, nameOf(from)));
  }
  const row = rowOf(from);
  if (row && row === rowOf(to)) return true;
  return (row?.[1] ?? '').split(' ').some((entry) => {
    const types = entry.startsWith('types:');
    if (types && kind !== 'types') return false;
    const pattern = types ? entry.slice('types:'.length) : entry;
    return pattern !== '' && fits(pattern, to);
  });
}

const shown = ({ from, to, kind }: Import) => `${from} -> ${to} (${kind})`;

describe('the parser of imports', () => {
  test('tells types from values, and finds every form', () => {
    const text = [
      "import a from './a.ts';",
      "import type { B } from '../b.ts';",
      "import { type C, type D } from 'c';",
      "import {\n  type E,\n  f,\n} from 'node:fs';",
      "import './side.ts';",
      "export * from './g.ts';",
      "export type { H } from './h.ts';",
      "const i = await import('./i.ts');",
      'const j = await import(name);',
      "// import k from './k.ts';",
      "/** import('./l.ts') */",
      "export const m = 'from n';",
    ].join('\n');
    expect(importsIn('src/x/y.ts', text).map(shown)).toEqual([
      'src/x/y.ts -> src/x/a (runtime)',
      'src/x/y.ts -> src/b (types)',
      'src/x/y.ts -> c (types)',
      'src/x/y.ts -> node:fs (runtime)',
      'src/x/y.ts -> src/x/g (runtime)',
      'src/x/y.ts -> src/x/h (types)',
      'src/x/y.ts -> src/x/side (runtime)',
      'src/x/y.ts -> src/x/i (dynamic)',
      'src/x/y.ts -> computed (dynamic)',
    ]);
  });

  test('finds the imports that are known to be there', () => {
    const known = [
      'src/circuit/axon.ts -> rxjs (runtime)',
      'src/rules/bp.ts -> src/rules/rule (types)',
      'models/mlp.ts -> src/graph/graph (runtime)',
      'src/backends/webgpu/tuning.ts -> node:os (dynamic)',
    ];
    expect(imports.map(shown)).toEqual(expect.arrayContaining(known));
    expect(files.length).toBeGreaterThan(40);
  });
});

describe('who may import whom', () => {
  test.each(files)('%s', (file) => {
    expect(rowOf(file), 'every file has a row').toBeDefined();
    const own = imports.filter(({ from }) => from === file);
    const forbidden = own.filter(
      (entry) =>
        !allowed(entry) &&
        // device opens the package webgpu by a name it was given; the worker
        // of hdf5 opens h5wasm by its place.
        !(
          ['src/backends/webgpu/device.ts', 'src/nir/hdf5.ts'].includes(file) &&
          entry.to === 'computed'
        ),
    );
    expect(forbidden.map(shown)).toEqual([]);
  });

  test('the rules that matter most can fail', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['src/rules/bp.ts', 'src/circuit/circuit'],
      ['src/rules/bp.ts', 'src/rules/rule'],
      ['src/ops/add.ts', 'src/graph/graph'],
      ['src/kernels/gemm.ts', 'src/ops/op'],
      ['src/backends/cpu/cpu.ts', 'src/graph/graph'],
      ['src/graph/graph.ts', 'webgpu'],
      ['src/circuit/circuit.ts', 'src/simulation/simulate'],
      ['src/network/network.ts', 'src/network/run/run'],
      ['src/training/train.ts', 'models/mlp'],
      ['models/mlp.ts', 'src/simulation/simulate'],
      ['models/mlp.ts', 'src/circuit/circuit'],
      ['src/graph/graph.ts', 'node:fs'],
      ['src/simulation/simulate.ts', 'node:fs'],
      ['src/rules/il.ts', 'rxjs'],
      ['src/program/recorder.ts', 'rxjs'],
    ];
    const passed = wrong
      .map(([from, to]) => {
        return { from, to, kind: 'runtime', reexport: false } as const;
      })
      .filter(allowed);
    expect(passed.map(shown)).toEqual([]);
  });
});

/** Modules that a module loads at once, itself excluded. */
function loads(module: string): string[] {
  return imports
    .filter(({ from, kind }) => nameOf(from) === module && kind === 'runtime')
    .map(({ to }) => to);
}

/** Everything that comes with a module when it is loaded. */
function reach(module: string): Set<string> {
  const reached = new Set<string>();
  const queue = [module];
  for (const at of queue) {
    for (const next of loads(at)) {
      if (reached.has(next)) continue;
      reached.add(next);
      queue.push(next);
    }
  }
  return reached;
}

/** Modules on circles: what is left without those that end, or begin, nowhere. */
function circles(all: readonly Import[]): string[] {
  let left = all.map(({ from, to }) => [nameOf(from), to] as const);
  for (let before = -1; before !== left.length; ) {
    before = left.length;
    const froms = new Set(left.map(([from]) => from));
    const tos = new Set(left.map(([, to]) => to));
    left = left.filter(([from, to]) => froms.has(to) && tos.has(from));
  }
  return [...new Set(left.map(([from]) => from))].sort();
}

describe('what is loaded', () => {
  test('no module reaches itself, by types neither', () => {
    expect(circles(imports)).toEqual([]);
    const to = (from: string, to: string) =>
      ({ from: `${from}.ts`, to, kind: 'types', reexport: false }) as const;
    const circle = [to('a', 'b'), to('b', 'c'), to('c', 'b'), to('c', 'd')];
    expect(circles(circle)).toEqual(['b', 'c']);
  });

  test('the core runs in a page: no node: before it is asked for', () => {
    const core = BARRELS.filter((name) => name !== 'models/circuits/index');
    for (const name of core) {
      const loaded = [...reach(name)];
      const foreign = loaded.filter((to) => /^(node:|webgpu)/.test(to));
      expect(foreign, name).toEqual([]);
    }
    expect([...reach('src/index')]).toContain('src/simulation/simulate');
  });

  test('an entry loads no other one', () => {
    const rooms = ['network', 'nir', 'figures', 'data', 'cli', 'experiments'];
    const loaded = [...reach('src/index'), ...reach('models/index')];
    for (const room of rooms) {
      const own = loaded.filter((name) => name.startsWith(`src/${room}/`));
      // Text is sampled as it was read.
      expect(own.filter((name) => name !== 'src/data/text')).toEqual([]);
    }
  });

  test('bp reaches no circuit', () => {
    const reached = [...reach('src/rules/bp')];
    expect(reached).toContain('src/ops/table');
    expect(reached.filter((name) => name.includes('circuit'))).toEqual([]);
  });

  test('every import of ours leads to a file', () => {
    const names = new Set(files.map(nameOf));
    const lost = imports.filter(
      ({ to }) => /^(src|models)\//.test(to) && !names.has(to),
    );
    expect(lost.map(shown)).toEqual([]);
  });

  test('only the entries of the package are barrels', () => {
    const barrels = imports
      .filter(({ reexport, kind }) => reexport && kind === 'runtime')
      .map(({ from }) => nameOf(from));
    expect([...new Set(barrels)].sort()).toEqual(BARRELS);
  });

  test('no type of WebGPU is part of the public API', () => {
    const index = fs.readFileSync(path.join(root, 'src/index.ts'), 'utf8');
    expect(index).not.toMatch(/\bGPU[A-Z]/);
    expect(index).toContain('CpuBackend');
  });
});
