/**
 * Oracle: the table below, which says who may import whom. It is the map of
 * the house; a new import that does not fit changes the table or the import.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * A row: a module (or a folder, with a slash), and what its files import. The
 * first row that fits a file counts. 'types:X' allows types of X only.
 */
const TABLE: readonly (readonly [string, string])[] = [
  ['src/errors', ''],
  ['src/tensor', 'errors'],
  ['src/random', ''],
  ['src/options', 'errors'],
  // Threads are Node's own; elsewhere there are none.
  ['src/wasm/team', 'wasm/ node:'],
  ['src/wasm/', 'errors tensor wasm/'],
  // A mask is a function of a counter, like every random number here.
  ['src/ops/dropout', 'tensor random ops/'],
  ['src/ops/', 'errors tensor wasm/ ops/'],
  ['src/vertex', 'tensor types:ops/'],
  ['src/graph', 'errors tensor options ops/ vertex'],
  ['src/graph-json', 'errors tensor graph vertex types:ops/'],
  ['src/least-delay', 'types:graph types:vertex'],
  ['src/level', 'graph vertex least-delay options'],
  // Pure mathematics: what circuits are held to.
  ['src/theory/', 'errors theory/'],
  ['src/program/', 'ops/ program/'],
  ['src/optim', 'errors ops/ options'],
  ['src/backends/wgsl', 'errors node:'],
  ['src/backends/driver', 'errors node:'],
  ['src/backends/tuning', 'tensor ops/ program/ backends/ node:'],
  ['src/backends/device', 'errors backends/ node: webgpu'],
  ['src/backends/', 'errors tensor options wasm/ ops/ program/ backends/'],
  [
    'src/circuit/',
    'errors types:tensor graph vertex level ops/ program/ circuit/ rxjs',
  ],
  [
    'src/network/',
    'errors tensor random options wasm/ ops/ program/ circuit/ ' +
      'types:backends/ backends/open types:data/ network/ rxjs',
  ],
  // The file layer of NIR knows no network; conversion stands above both.
  ['src/nir/hdf5', 'errors nir/ node: h5wasm'],
  ...['file', 'fields', 'tree', 'graph', 'check', 'shapes'].map(
    (name) => [`src/nir/${name}`, 'errors tensor options nir/'] as const,
  ),
  ['src/nir/', 'errors tensor options network/ nir/'],
  // The yardstick never touches what it measures.
  ['src/rules/bp', 'graph vertex options ops/ types:rules/rule'],
  [
    'src/rules/',
    'errors options graph vertex level ops/ program/ circuit/ rules/',
  ],
  [
    'src/record',
    'graph vertex level ops/ program/ types:circuit/ types:rules/rule types:optim',
  ],
  [
    'src/simulate-options',
    'errors options types:backends/ types:level types:optim types:record ' +
      'types:rules/rule',
  ],
  ['src/samples', 'types:tensor types:program/ types:backends/ circuit/ rxjs'],
  ['src/feeds', 'errors tensor random graph vertex types:level'],
  [
    'src/parameters',
    'errors tensor random graph vertex record types:backends/ types:optim',
  ],
  [
    'src/simulate',
    'errors tensor options graph vertex level ops/ program/ record feeds samples ' +
      'simulate-options parameters types:backends/ backends/open circuit/ types:rules/rule types:optim rxjs',
  ],
  [
    'src/check',
    'errors tensor random graph vertex graph-json level types:record rules/ ' +
      'types:backends/ simulate',
  ],
  ['src/score', 'errors types:data/'],
  ['src/turns', ''],
  ['src/calibrate', 'types:graph types:vertex types:simulate'],
  [
    'src/sample',
    'errors options random graph vertex score turns data/ types:simulate',
  ],
  [
    'src/learner',
    'errors tensor graph vertex calibrate check score types:data/ ' +
      'types:simulate',
  ],
  [
    'src/train',
    'errors tensor random graph vertex options learner simulate turns ' +
      'types:level types:record types:backends/ types:rules/ types:optim ' +
      'types:score rxjs',
  ],
  ['src/checkpoint', 'errors tensor random node:'],
  ['src/data/', 'errors tensor random data/ node:'],
  [
    'src/report/',
    'errors tensor types:graph types:vertex types:level report/ node: ' +
      'plot linkedom',
  ],
  [
    'src/experiments/',
    'errors tensor random graph vertex level types:backends/ rules/ optim simulate ' +
      'check train turns score data/ theory/ types:report/ experiments/ models/',
  ],
  ['src/cli/', '* models/ node: rxjs'],
  ['src/web/', 'index web/ models/'],
  [
    'src/index',
    'errors tensor random graph vertex graph-json level ops/ program/ optim ' +
      'backends/ circuit/ network/ nir/ report/ rules/ record parameters simulate check ' +
      'train calibrate learner sample score data/ rxjs',
  ],
  // Circuits of the shelf are run by who measures them.
  [
    'models/circuits/',
    'errors random graph vertex level ops/ network/ theory/ circuit/ rules/ ' +
      'simulate check types:data/ rxjs models/',
  ],
  ['models/', 'errors random graph vertex ops/ models/'],
];

/** Packages, by the words of the table. */
const PACKAGES: Readonly<Record<string, string>> = {
  rxjs: 'rxjs',
  webgpu: 'webgpu',
  h5wasm: 'h5wasm',
  plot: '@observablehq/plot',
  linkedom: 'linkedom',
};

/** Re-exports: the entries of the package, and nobody else. */
const BARRELS = ['models/index', 'src/index'];

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

function fits(pattern: string, module: string): boolean {
  if (pattern === '*') return module.startsWith('src/');
  if (pattern === 'node:') return module.startsWith('node:');
  const named = PACKAGES[pattern];
  if (named) return module === named || module.startsWith(`${named}/`);
  const full = pattern.startsWith('models/') ? pattern : `src/${pattern}`;
  return pattern.endsWith('/') ? module.startsWith(full) : module === full;
}

const rowOf = (file: string) =>
  TABLE.find(([row]) => {
    const name = nameOf(file);
    return row.endsWith('/') ? name.startsWith(row) : name === row;
  });

function allowed({ from, to, kind }: Import): boolean {
  return (rowOf(from)?.[1] ?? '').split(' ').some((entry) => {
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
      'models/mlp.ts -> src/graph (runtime)',
      'src/backends/wgsl.ts -> node:fs/promises (dynamic)',
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
          ['src/backends/device.ts', 'src/nir/hdf5.ts'].includes(file) &&
          entry.to === 'computed'
        ),
    );
    expect(forbidden.map(shown)).toEqual([]);
  });

  test('the rules that matter most can fail', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['src/rules/bp.ts', 'src/circuit/circuit'],
      ['src/rules/bp.ts', 'src/rules/rule'],
      ['src/ops/add.ts', 'src/graph'],
      ['src/backends/cpu.ts', 'src/graph'],
      ['src/backends/webgpu.ts', 'webgpu'],
      ['src/circuit/circuit.ts', 'src/simulate'],
      ['src/train.ts', 'models/mlp'],
      ['models/mlp.ts', 'src/simulate'],
      ['models/mlp.ts', 'src/level'],
      ['src/graph.ts', 'node:fs'],
      ['src/simulate.ts', 'node:fs'],
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

describe('what is loaded', () => {
  test('no module reaches itself', () => {
    const cyclic = files.map(nameOf).filter((name) => reach(name).has(name));
    expect(cyclic).toEqual([]);
  });

  test('the core runs in a page: no node: before it is asked for', () => {
    const core = [...reach('src/index'), ...reach('models/index')];
    expect(core).toContain('src/simulate');
    expect(core.filter((name) => name.startsWith('node:'))).toEqual([]);
    expect(core.filter((name) => name.startsWith('webgpu'))).toEqual([]);
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
