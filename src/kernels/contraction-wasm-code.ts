/**
 * The inner part of contractions in WebAssembly: sums over k of products, k
 * ascending, each product and each sum rounded by itself, so the bits are those
 * of plain loops. Operands are packed first: rows of A four by four, columns of
 * B in strips of 32 bytes (8 float32 or 4 float64), each so that the loop over k
 * reads it in order.
 *
 * Where elements lie is told by tables of byte offsets: of a line (a row of A, a
 * column of B), of a term k, and of a column of the output. Tables of lines and
 * columns go on beyond the end to whole tiles, with offsets that can be read.
 */

import { Code, hasSimd } from '../formula/wasm/code.ts';
import { Steps } from '../formula/wasm/steps.ts';

/** Rows of a tile. */
export const ROWS = 4;

/** Bytes of a strip's row. */
const STRIP = 32;

/** Columns of a strip. */
export const columnsOf = (single: boolean) => STRIP / (single ? 4 : 8);

/** What is done with the sum. */
export const FINISH = { store: 0, add: 1, columnBias: 2, rowBias: 3 } as const;

/** Words of a job, in order; all but the numbers are addresses. */
export const JOB = [
  'm',
  'n',
  'depth',
  /** Packed rows. */
  'a',
  'b',
  'lines',
  'terms',
  'out',
  /** Bytes between rows of the output. */
  'rowBytes',
  'columns',
  'finish',
  /** The bias. */
  'extra',
] as const;

/** Bytes that a strip and the tile that is stored one by one need. */
export const stripBytes = (depth: number) => (depth + ROWS) * STRIP;

/**
 * (source, lines, terms, depth, to, first, last): packs the tiles first .. last
 * - 1 of rows to `to`, [tile][k][ROWS].
 */
export function packCode(single: boolean): Uint8Array {
  const names = ['source', 'lines', 'terms', 'depth', 'to', 'first', 'last'];
  const code = new Code(names.map(() => 'i32' as const));
  const steps = new Steps(code, single, names);
  steps.do(
    // Bytes of a tile.
    `bytes = depth * ${ROWS * steps.width}`,
    'target = to + first * bytes',
    `line = lines + first * ${ROWS * 4}`,
  );
  repeat(steps, 'first', 'last', 1, () => {
    gather(code, steps, ROWS, 'source');
    steps.do(`line = line + ${ROWS * 4}`, 'target = target + bytes');
  });
  code.int(0);
  return code.module(true);
}

/** (job, first, last, scratch): does the strips first .. last - 1 of a job. */
export function productCode(single: boolean): Uint8Array {
  const names = ['job', 'first', 'last', 'scratch'];
  const code = new Code(names.map(() => 'i32' as const));
  const steps = new Steps(code, single, names);
  steps.words(JOB);
  new Strips(code, single, steps).write();
  code.int(0);
  return code.module(true);
}

/** Whether the engine runs them. */
export const hasProducts = (): boolean => hasSimd();

class Strips {
  private readonly code: Code;
  private readonly steps: Steps;
  private readonly shape: 'f32x4' | 'f64x2';
  private readonly width: number;
  private readonly columns: number;
  /** Sums of a tile: of ROWS rows, two vectors each. */
  private readonly sums = Array.from(
    { length: ROWS },
    (_, r) => [`sum${r}_0`, `sum${r}_1`] as const,
  );

  constructor(code: Code, single: boolean, steps: Steps) {
    this.code = code;
    this.steps = steps;
    this.shape = single ? 'f32x4' : 'f64x2';
    this.width = steps.width;
    this.columns = STRIP / this.width;
  }

  write(): void {
    const { code, steps, columns } = this;
    steps.do(
      `line = lines + first * ${columns * 4}`,
      `column = columns + first * ${columns * 4}`,
      // Columns that are left.
      `left = n - first * ${columns}`,
    );
    repeat(steps, 'first', 'last', 1, () => {
      steps.do('target = scratch');
      gather(code, steps, columns, 'b');
      // Whether the strip's columns are all there and lie side by side.
      steps.do(`whole = 1 - less(left, ${columns})`);
      steps.if('whole', () => {
        sideBySide(steps, 'column', columns);
      });
      this.rows();
      steps.do(
        `line = line + ${columns * 4}`,
        `column = column + ${columns * 4}`,
        `left = left - ${columns}`,
      );
    });
  }

  /** All rows of A times the strip. */
  private rows(): void {
    const { steps } = this;
    steps.do('panel = a', 'row = 0');
    repeat(steps, 'row', 'm', ROWS, () => {
      this.tile();
      steps.if(
        'whole',
        () => this.storeRows(),
        () => this.storeOneByOne(),
      );
    });
  }

  /** Sums of ROWS rows; `panel` goes on to the next. */
  private tile(): void {
    const { code, steps, sums, shape } = this;
    for (const name of sums.flat()) {
      code.vector(new Uint8Array(16));
      code.set(steps.vector(name));
    }
    steps.do('at = scratch', `end = scratch + depth * ${STRIP}`);
    steps.until('at != end', () => {
      steps.load('low', 'at', 'all');
      steps.load('high', 'at', 'all', 16);
      sums.forEach(([s0, s1], r) => {
        steps.load('a', 'panel', 'splat', r * this.width);
        for (const [name, right] of [
          [s0, 'low'],
          [s1, 'high'],
        ]) {
          code.get(
            steps.vector(name!),
            steps.vector('a'),
            steps.vector(right!),
          );
          code.op(`${shape}.mul`, `${shape}.add`);
          code.set(steps.vector(name!));
        }
      });
      steps.do(`panel = panel + ${ROWS * this.width}`, `at = at + ${STRIP}`);
    });
  }

  /** Stores sums of whole strips. */
  private storeRows(): void {
    const { steps, sums } = this;
    // The first column's output in the present row.
    steps.do('at = out + row * rowBytes + load(column)');
    sums.forEach((pair, r) => {
      if (r > 0) steps.do('at = at + rowBytes');
      this.ifRow(r, () => {
        pair.forEach((name, half) => {
          this.finish(name, { r, part: 'all', offset: 16 * half }, () => {
            // The bias of the strip's columns: as many bytes as before it.
            steps.load('more', this.bias, 'all', 16 * half);
          });
          steps.store('value', 'at', 'all', 16 * half);
        });
      });
    });
  }

  /** Address of the bias of the strip's first column. */
  private get bias(): string {
    return `(n - left) * ${this.width} + extra`;
  }

  /** `value`: what is stored of a sum; the address of `out` is in `at`. */
  private finish(
    name: string,
    { r, part, offset }: { r: number; part: 'all' | 'one'; offset: number },
    columnBias: () => void,
  ): void {
    const { steps } = this;
    steps.let(`value = ${name}`);
    const add = (mode: number, load: () => void) => {
      steps.if(`finish == ${mode}`, () => {
        load();
        steps.let('value = value + more');
      });
    };
    add(FINISH.add, () => steps.load('more', 'at', part, offset));
    add(FINISH.columnBias, columnBias);
    add(FINISH.rowBias, () => {
      const at = `row * ${this.width} + extra`;
      steps.load('more', at, 'splat', r * this.width);
    });
  }

  /** What is inside only where the tile's row r is one of the m. */
  private ifRow(r: number, inside: () => void): void {
    this.steps.if(`row + ${r} < m`, inside);
  }

  /** Stores the sums of a strip that ends or is broken. */
  private storeOneByOne(): void {
    const { steps, sums, width, columns } = this;
    // Where the tile is put down: behind the strip.
    steps.do(`tile = depth * ${STRIP} + scratch`);
    sums.forEach((pair, r) => {
      pair.forEach((name, half) => {
        steps.store(name, 'tile', 'all', r * STRIP + 16 * half);
      });
    });
    steps.do(`many = ${columns}`);
    steps.if('less(left, many)', () => steps.do('many = left'));
    // Rows are in the code one by one, columns go round.
    sums.forEach((_, r) => {
      this.ifRow(r, () => {
        steps.do('c = 0', 'from = tile', 'place = column');
        repeat(steps, 'c', 'many', 1, () => {
          steps.load('sum', 'from', 'one', r * STRIP);
          steps.do(`at = load(place) + (row + ${r}) * rowBytes + out`);
          // Of a lane only: the others are not stored.
          this.finish('sum', { r, part: 'one', offset: 0 }, () => {
            steps.load('more', `${this.bias} + c * ${width}`, 'one');
          });
          steps.store('value', 'at', 'one');
          steps.do(`from = from + ${width}`, 'place = place + 4');
        });
      });
    });
  }
}

/**
 * Copies `lanes` lines of a source, side by side, term after term: those from
 * `line` on to `target`.
 */
function gather(code: Code, steps: Steps, lanes: number, source: string): void {
  const { width } = steps;
  const scalar = width === 4 ? 'f32' : 'f64';
  const offsets = Array.from({ length: lanes }, (_, lane) => `offset${lane}`);
  offsets.forEach((name, lane) => {
    steps.do(`${name} = load(line + ${4 * lane}) + ${source}`);
  });
  steps.do('term = terms', 'put = target', 'end = terms + depth * 4');
  steps.do('whole = 1');
  sideBySide(steps, 'line', lanes);
  steps.if(
    'whole',
    () =>
      repeat(steps, 'term', 'end', 4, () => {
        steps.do('at = load(term) + offset0');
        for (let byte = 0; byte < lanes * width; byte += 16) {
          steps.load('x', 'at', 'all', byte);
          steps.store('x', 'put', 'all', byte);
        }
        steps.do(`put = put + ${lanes * width}`);
      }),
    () =>
      repeat(steps, 'term', 'end', 4, () => {
        steps.do('at = load(term)');
        offsets.forEach((offset, lane) => {
          steps.put('put');
          steps.put(`at + ${offset}`);
          code.access(`${scalar}.load`);
          code.access(`${scalar}.store`, lane * width);
        });
        steps.do(`put = put + ${lanes * width}`);
      }),
  );
}

/** `whole` stays 1 where so many entries of a table are an element apart. */
function sideBySide(steps: Steps, table: string, entries: number): void {
  for (let k = 1; k < entries; k++) {
    const [next, last] = [`${table} + ${4 * k}`, `${table} + ${4 * (k - 1)}`];
    steps.do(
      `whole = whole * (load(${next}) - load(${last}) == ${steps.width})`,
    );
  }
}

/** While name < end: the body, and the name goes on. */
function repeat(
  steps: Steps,
  name: string,
  end: string,
  by: number,
  body: () => void,
): void {
  steps.if(`${name} < ${end}`, () => {
    steps.until(`${name} < ${end}`, () => {
      body();
      steps.do(`${name} = ${name} + ${by}`);
    });
  });
}
