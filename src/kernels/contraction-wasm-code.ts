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
type Job = (typeof JOB)[number];

/** Bytes that a strip and the tile that is stored one by one need. */
export const stripBytes = (depth: number) => (depth + ROWS) * STRIP;

/**
 * (source, lines, terms, depth, to, first, last): packs the tiles first .. last
 * - 1 of rows to `to`, [tile][k][ROWS].
 */
export function packCode(single: boolean): Uint8Array {
  const width = single ? 4 : 8;
  const code = new Code(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [source, lines, terms, depth, to, first, last] = [0, 1, 2, 3, 4, 5, 6];
  const [line, target, bytes] = [0, 1, 2].map(() => code.local('i32'));
  // Bytes of a tile.
  code.get(depth);
  code.int(ROWS * width);
  code.op('i32.mul');
  code.set(bytes);
  sum(code, () => product(code, first, bytes), to);
  code.set(target);
  sum(code, () => product(code, first, ROWS * 4, true), lines);
  code.set(line);
  repeat(code, first, last, 1, () => {
    gather(code, single, ROWS, { source, line, terms, depth, target });
    step(code, line, ROWS * 4);
    sum(code, () => code.get(target), bytes);
    code.set(target);
  });
  code.int(0);
  return code.module(true);
}

/** (job, first, last, scratch): does the strips first .. last - 1 of a job. */
export function productCode(single: boolean): Uint8Array {
  const code = new Code(['i32', 'i32', 'i32', 'i32']);
  const [job, first, last, scratch] = [0, 1, 2, 3];
  const local = {} as Record<Job, number>;
  JOB.forEach((name, k) => {
    local[name] = code.local('i32');
    code.get(job);
    code.access('i32.load', 4 * k);
    code.set(local[name]);
  });
  new Strips(code, single, local, scratch).write(first, last);
  code.int(0);
  return code.module(true);
}

/** Whether the engine runs them. */
export const hasProducts = (): boolean => hasSimd();

class Strips {
  private readonly code: Code;
  private readonly single: boolean;
  private readonly shape: 'f32x4' | 'f64x2';
  private readonly width: number;
  private readonly job: Readonly<Record<Job, number>>;
  private readonly scratch: number;
  /** Sums of a tile: of ROWS rows, two vectors each. */
  private readonly sums: readonly (readonly [number, number])[];
  private readonly line: number;
  private readonly column: number;
  private readonly row: number;
  private readonly at: number;
  /** Columns that are left. */
  private readonly left: number;

  constructor(
    code: Code,
    single: boolean,
    job: Readonly<Record<Job, number>>,
    scratch: number,
  ) {
    this.code = code;
    this.single = single;
    this.shape = single ? 'f32x4' : 'f64x2';
    this.width = single ? 4 : 8;
    this.job = job;
    this.scratch = scratch;
    this.sums = Array.from({ length: ROWS }, () => [
      code.local('v128'),
      code.local('v128'),
    ]);
    const locals = Array.from({ length: 5 }, () => code.local('i32'));
    [this.line, this.column, this.row, this.at, this.left] = locals;
  }

  write(first: number, last: number): void {
    const { code, job, line, column, left } = this;
    const columns = STRIP / this.width;
    sum(code, () => product(code, first, columns * 4, true), job.lines);
    code.set(line);
    sum(code, () => product(code, first, columns * 4, true), job.columns);
    code.set(column);
    code.get(job.n);
    product(code, first, columns, true);
    code.op('i32.sub');
    code.set(left);
    const whole = code.local('i32');
    repeat(code, first, last, 1, () => {
      const { b: source, terms, depth } = job;
      const target = this.scratch;
      gather(code, this.single, columns, {
        ...{ source, line, terms, depth, target },
      });
      this.isWhole(columns);
      code.set(whole);
      this.rows(whole, columns);
      step(code, line, columns * 4);
      step(code, column, columns * 4);
      step(code, left, -columns);
    });
  }

  /** Whether the strip's columns are all there and lie side by side. */
  private isWhole(columns: number): void {
    const { code, left, column } = this;
    code.get(left);
    code.int(columns);
    code.op('i32.ge_s');
    sideBySide(code, column, columns, this.width);
    code.op('i32.and');
  }

  /** All rows of A times the strip. */
  private rows(whole: number, columns: number): void {
    const { code, job, row } = this;
    const panel = code.local('i32');
    code.get(job.a);
    code.set(panel);
    code.int(0);
    code.set(row);
    repeat(code, row, job.m, ROWS, () => {
      this.tile(panel);
      code.get(whole);
      code.open('if');
      this.storeRows();
      code.op('else');
      this.storeOneByOne(columns);
      code.op('end');
    });
  }

  /** Sums of ROWS rows; `panel` goes on to the next. */
  private tile(panel: number): void {
    const { code, sums, shape } = this;
    const [at, end] = [code.local('i32'), code.local('i32')];
    const [low, high, a] = [0, 1, 2].map(() => code.local('v128'));
    for (const local of sums.flat()) {
      code.vector(new Uint8Array(16));
      code.set(local);
    }
    code.get(this.scratch);
    code.tee(at);
    product(code, this.job.depth, STRIP, true);
    code.op('i32.add');
    code.set(end);
    code.open('loop');
    code.get(at);
    code.access('v128.load');
    code.set(low);
    code.get(at);
    code.access('v128.load', 16);
    code.set(high);
    sums.forEach(([s0, s1], r) => {
      code.get(panel);
      const splat = this.single ? 'v128.load32_splat' : 'v128.load64_splat';
      code.access(splat, r * this.width);
      code.set(a);
      for (const [s, right] of [
        [s0, low],
        [s1, high],
      ]) {
        code.get(s, a, right);
        code.op(`${shape}.mul`, `${shape}.add`);
        code.set(s);
      }
    });
    step(code, panel, ROWS * this.width);
    step(code, at, STRIP);
    code.get(at, end);
    code.op('i32.ne');
    code.branchIf(0);
    code.op('end');
  }

  /** Puts the address of the first column's output in the present row. */
  private atRow(): void {
    const { code, job } = this;
    sum(
      code,
      () => sum(code, () => product(code, this.row, job.rowBytes), job.out),
      () => {
        code.get(this.column);
        code.access('i32.load');
      },
    );
    code.set(this.at);
  }

  /** Stores sums of whole strips. */
  private storeRows(): void {
    const { code, job, at, sums } = this;
    this.atRow();
    sums.forEach((pair, r) => {
      if (r > 0) step(code, at, () => code.get(job.rowBytes));
      this.ifRow(r, () => {
        pair.forEach((s, half) => {
          code.get(at);
          this.finish(s, { r, offset: 16 * half }, () => {
            // The bias of the strip's columns: as many bytes as before it.
            this.biasOfColumn();
            code.access('v128.load', 16 * half);
          });
          code.access('v128.store', 16 * half);
        });
      });
    });
  }

  /** Address of the bias of the strip's first column: n - left. */
  private biasOfColumn(): void {
    const { code, job, left } = this;
    code.get(job.n, left);
    code.op('i32.sub');
    code.int(this.width);
    code.op('i32.mul');
    code.get(job.extra);
    code.op('i32.add');
  }

  /** What is stored of sums `s`; the address of `out` is in `at`. */
  private finish(
    s: number,
    { r, offset }: { r: number | null; offset: number },
    columnBias: () => void,
  ): void {
    const { code, job, shape, at } = this;
    const value = code.local('v128');
    code.get(s);
    code.set(value);
    const add = (mode: number, put: () => void) => {
      code.get(job.finish);
      code.int(mode);
      code.op('i32.eq');
      code.open('if');
      code.get(value);
      put();
      code.op(`${shape}.add`);
      code.set(value);
      code.op('end');
    };
    add(FINISH.add, () => {
      code.get(at);
      if (r !== null) code.access('v128.load', offset);
      else code.access(this.single ? 'v128.load32_zero' : 'v128.load64_zero');
    });
    add(FINISH.columnBias, columnBias);
    add(FINISH.rowBias, () => {
      product(code, this.row, this.width, true);
      code.get(job.extra);
      code.op('i32.add');
      const splat = this.single ? 'v128.load32_splat' : 'v128.load64_splat';
      code.access(splat, (r ?? 0) * this.width);
    });
    code.get(value);
  }

  /** What is inside only where the tile's row r is one of the m. */
  private ifRow(r: number, inside: () => void): void {
    const { code, row, job } = this;
    code.get(row);
    code.int(r);
    code.op('i32.add');
    code.get(job.m);
    code.op('i32.lt_s');
    code.open('if');
    inside();
    code.op('end');
  }

  /** Stores the sums of a strip that ends or is broken. */
  private storeOneByOne(columns: number): void {
    const { code, job, sums, at } = this;
    const one = this.single ? '32' : '64';
    /** Where the tile is put down: behind the strip. */
    const tile = code.local('i32');
    sum(
      code,
      () => product(code, job.depth, STRIP, true),
      () => code.get(this.scratch),
    );
    code.set(tile);
    sums.forEach((pair, r) => {
      pair.forEach((s, half) => {
        code.get(tile, s);
        code.access('v128.store', r * STRIP + 16 * half);
      });
    });
    const s = code.local('v128');
    // Rows are in the code one by one, columns go round.
    sums.forEach((_, r) => {
      this.ifRow(r, () => {
        const [c, many, from, place] = [0, 1, 2, 3].map(() =>
          code.local('i32'),
        );
        code.int(0);
        code.set(c);
        code.int(columns);
        code.set(many);
        code.get(this.left, many);
        code.op('i32.lt_s');
        code.open('if');
        code.get(this.left);
        code.set(many);
        code.op('end');
        code.get(tile);
        code.set(from);
        code.get(this.column);
        code.set(place);
        repeat(code, c, many, 1, () => {
          code.get(from);
          code.access(`v128.load${one}_zero`, r * STRIP);
          code.set(s);
          code.get(place);
          code.access('i32.load');
          code.get(this.row);
          code.int(r);
          code.op('i32.add');
          code.get(job.rowBytes);
          code.op('i32.mul', 'i32.add');
          code.get(job.out);
          code.op('i32.add');
          code.tee(at);
          // Of a lane only: the others are not stored.
          this.finishOne(s, r, c);
          code.access(`v128.store${one}_lane`);
          step(code, from, this.width);
          step(code, place, 4);
        });
      });
    });
  }

  private finishOne(s: number, r: number, c: number): void {
    const { code } = this;
    const zero = this.single ? 'v128.load32_zero' : 'v128.load64_zero';
    const row = this.row;
    const own = code.local('i32');
    code.get(row);
    code.set(own);
    step(code, row, r);
    this.finish(s, { r: null, offset: 0 }, () => {
      this.biasOfColumn();
      product(code, c, this.width, true);
      code.op('i32.add');
      code.access(zero);
    });
    code.get(own);
    code.set(row);
  }
}

interface Gathered {
  readonly source: number;
  /** The first entry of the tile's lines. */
  readonly line: number;
  readonly terms: number;
  readonly depth: number;
  readonly target: number;
}

/** Copies `lanes` lines, side by side, term after term. */
function gather(
  code: Code,
  single: boolean,
  lanes: number,
  { source, line, terms, depth, target }: Gathered,
): void {
  const width = single ? 4 : 8;
  const scalar = single ? 'f32' : 'f64';
  const offsets = Array.from({ length: lanes }, (_, lane) => {
    const local = code.local('i32');
    code.get(line);
    code.access('i32.load', 4 * lane);
    code.get(source);
    code.op('i32.add');
    code.set(local);
    return local;
  });
  const [term, to, end, at] = [0, 1, 2, 3].map(() => code.local('i32'));
  code.get(terms);
  code.set(term);
  code.get(target);
  code.set(to);
  sum(code, () => product(code, depth, 4, true), terms);
  code.set(end);
  sideBySide(code, line, lanes, width);
  code.open('if');
  repeat(code, term, end, 4, () => {
    code.get(term);
    code.access('i32.load');
    code.get(offsets[0]);
    code.op('i32.add');
    code.set(at);
    for (let byte = 0; byte < lanes * width; byte += 16) {
      code.get(to, at);
      code.access('v128.load', byte);
      code.access('v128.store', byte);
    }
    step(code, to, lanes * width);
  });
  code.op('else');
  repeat(code, term, end, 4, () => {
    code.get(term);
    code.access('i32.load');
    code.set(at);
    offsets.forEach((offset, lane) => {
      code.get(to, at, offset);
      code.op('i32.add');
      code.access(`${scalar}.load`);
      code.access(`${scalar}.store`, lane * width);
    });
    step(code, to, lanes * width);
  });
  code.op('end');
}

/** Whether so many entries of a table are `width` bytes apart. */
function sideBySide(
  code: Code,
  table: number,
  entries: number,
  width: number,
): void {
  code.int(1);
  for (let k = 1; k < entries; k++) {
    code.get(table);
    code.access('i32.load', 4 * k);
    code.get(table);
    code.access('i32.load', 4 * (k - 1));
    code.op('i32.sub');
    code.int(width);
    code.op('i32.eq', 'i32.and');
  }
}

type Put = () => void;

/** Puts a product of two locals, or of a local and a number. */
function product(code: Code, a: number, b: number, literal = false): void {
  code.get(a);
  if (literal) code.int(b);
  else code.get(b);
  code.op('i32.mul');
}

function sum(code: Code, a: Put, b: Put | number): void {
  a();
  if (typeof b === 'number') code.get(b);
  else b();
  code.op('i32.add');
}

function step(code: Code, local: number, by: number | Put): void {
  if (by === 0) return;
  code.get(local);
  if (typeof by === 'number') code.int(by);
  else by();
  code.op('i32.add');
  code.set(local);
}

/** While local < end, both from 0 on: the body, and local goes on. */
function repeat(
  code: Code,
  local: number,
  end: number,
  by: number,
  body: Put,
): void {
  code.open('block');
  code.get(local, end);
  code.op('i32.ge_u');
  code.branchIf(0);
  code.open('loop');
  body();
  step(code, local, by);
  code.get(local, end);
  code.op('i32.lt_u');
  code.branchIf(0);
  code.op('end', 'end');
}
