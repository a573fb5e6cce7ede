/**
 * Greatest elements of windows in WebAssembly, a window in each lane. A place
 * outside the plane is taken for the nearest inside, which its window has too,
 * before it or next to it: the greatest element stays the same, and the first
 * of those that are equal.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf, arrayInArena, release } from '../formula/wasm/arena.ts';
import { Code, hasSimd } from '../formula/wasm/code.ts';
import { Steps } from '../formula/wasm/steps.ts';
import { type Params, u32 } from './kernel.ts';
import { runRange } from './ranges.ts';

/** Planes, the sizes of each before and after, and their square windows. */
export const WINDOWS = u32(
  ...(['planes', 'height', 'width', 'oh', 'ow'] as const),
  ...(['size', 'stride', 'padding'] as const),
);
export type Windows = Params<keyof typeof WINDOWS>;

/** Words of a job; sizes of rows and planes in bytes. */
const WORDS = [
  'x',
  /** Outputs, or sums of messages. */
  'out',
  'eps',
  'plane',
  'row',
  'height',
  'oh',
  'ow',
  'size',
  'stride',
  'padding',
  /** Bytes of the columns that outputs read: [size][outputs of a row]. */
  'table',
  'tableRow',
] as const;
type Word = (typeof WORDS)[number];

const codes = new Map<string, Uint8Array>();

/** A call, `eps` for messages; false: not with these operands. */
export type MaxPool = (
  operands: {
    readonly x: FloatArray;
    readonly out: FloatArray;
    readonly eps: FloatArray | null;
  },
  windows: Windows,
  threads: number,
) => boolean;

/**
 * The greatest elements, or the errors added to where they are. Null where
 * there is no WebAssembly.
 */
export function wasmMaxPool(message: boolean, single: boolean): MaxPool | null {
  const words = hasSimd() ? arrayInArena(Int32Array, WORDS.length, 4) : null;
  if (!words) return null;
  const key = `${message}${single}`;
  const code = codes.get(key) ?? new PoolCode(message, single).module();
  codes.set(key, code);
  const job = addressOf(words);
  const bytes = single ? 4 : 8;
  const tables = tablesOf(single);
  return ({ x, out, eps }, windows, threads) => {
    const at = [x, out, eps ?? x].map(addressOf);
    if (Math.min(...at) < 0) return false;
    const table = tables(windows);
    if (!table) return false;
    const { planes, height, width, oh, ow, size, stride, padding } = windows;
    const row = width * bytes;
    words.set([
      ...[...at, height * row, row, height, oh, ow, size, stride, padding],
      ...[addressOf(table), (4 * table.length) / size],
    ]);
    runRange(code, job, planes, oh * ow * size * size, threads, 1);
    return true;
  };
}

/** The table of the last sizes is kept: most kernels have one only. */
function tablesOf(single: boolean) {
  const [lanes, bytes] = single ? [4, 4] : [2, 8];
  let last = '';
  let table: Int32Array | null = null;
  return ({ width, ow, size, stride, padding }: Windows): Int32Array | null => {
    const key = `${[width, ow, size, stride, padding]}`;
    if (table && key === last) return table;
    if (table) release(table);
    last = key;
    const outputs = Math.ceil(ow / lanes) * lanes;
    table = arrayInArena(Int32Array, outputs * size, 4);
    for (let i = 0; table && i < table.length; i++) {
      const output = Math.min(i % outputs, ow - 1);
      const column = output * stride - padding + Math.floor(i / outputs);
      table[i] = Math.min(Math.max(column, 0), width - 1) * bytes;
    }
    return table;
  };
}

const [JOB, FIRST, LEFT] = [0, 1, 2];

/** (job, first, n): the planes first .. first + n - 1. */
class PoolCode {
  private readonly message: boolean;
  private readonly single: boolean;
  private readonly width: number;
  private readonly lanes: number;
  private readonly code = new Code(['i32', 'i32', 'i32']);
  private readonly steps = new Steps(this.code);
  private readonly job: Record<Word, number>;

  constructor(message: boolean, single: boolean) {
    this.message = message;
    this.single = single;
    this.width = single ? 4 : 8;
    this.lanes = 16 / this.width;
    this.job = this.steps.words(JOB, WORDS);
  }

  module(): Uint8Array {
    const { code, job, message, steps, width } = this;
    const [r, c, first, rowOut, planeOut] = steps.locals(5);
    steps.set(rowOut, () => steps.scaled(job.ow, width));
    steps.set(planeOut, () => {
      code.get(rowOut, job.oh);
      code.op('i32.mul');
    });
    const [inputs, results] = message
      ? [['x', 'out'] as const, job.eps]
      : [['x'] as const, job.out];
    for (const name of inputs) this.skip(job[name], job.plane);
    this.skip(results, planeOut);
    steps.while(LEFT, 1, () => {
      steps.each(r, job.oh, 1, () => {
        // The first row of the windows, below 0 where they stand out.
        steps.set(first, () => {
          code.get(r, job.stride);
          code.op('i32.mul');
          code.get(job.padding);
          code.op('i32.sub');
        });
        steps.each(c, job.ow, this.lanes, () => {
          this.group(first, c, results);
        });
        steps.add(results, rowOut);
      });
      for (const name of inputs) steps.add(job[name], job.plane);
    });
    code.int(0);
    return code.module(true);
  }

  /** Goes to the first plane of the range. */
  private skip(local: number, bytes: number): void {
    const { code } = this;
    this.steps.set(local, () => {
      code.get(local, FIRST, bytes);
      code.op('i32.mul', 'i32.add');
    });
  }

  /** As many windows as there are lanes, from column c of the outputs on. */
  private group(first: number, c: number, results: number): void {
    const { code, job, message, single, steps } = this;
    const shape = single ? 'f32x4' : 'f64x2';
    const [value, most, wins, at, best] = [0, 1, 2, 3, 4].map(() =>
      code.local('v128'),
    );
    const [dy, dx, row, table] = steps.locals(4);
    const toFirst = () => {
      this.rowOf(first, dy, row);
      steps.set(table, () => {
        steps.scaled(c, 4);
        code.get(job.table);
        code.op('i32.add');
      });
    };
    steps.set(dy, () => code.int(0));
    toFirst();
    this.gather(row, table, most);
    if (message) this.places(row, table, best);
    steps.each(dy, job.size, 1, () => {
      toFirst();
      steps.each(dx, job.size, 1, () => {
        this.gather(row, table, value);
        // A NaN wins, the first of them.
        code.get(value, most, value, most);
        code.op(`${shape}.gt`);
        code.get(value, value);
        code.op(`${shape}.ne`);
        code.get(most, most);
        code.op(`${shape}.eq`, 'v128.and', 'v128.or');
        code.tee(wins);
        code.op('v128.bitselect');
        code.set(most);
        if (message) {
          this.places(row, table, at);
          code.get(at, best, wins);
          code.op('v128.bitselect');
          code.set(best);
        }
        steps.add(table, job.tableRow);
      });
    });
    if (message) this.scatter(c, results, best);
    else this.store(c, results, most);
  }

  /** Bytes from the plane's start to a row of the windows. */
  private rowOf(first: number, dy: number, row: number): void {
    const { code, job } = this;
    code.get(first, dy);
    code.op('i32.add');
    code.tee(row);
    code.int(0);
    code.op('i32.lt_s');
    code.open('if');
    this.steps.set(row, () => code.int(0));
    code.op('end');
    code.get(row, job.height);
    code.op('i32.ge_s');
    code.open('if');
    this.steps.set(row, () => {
      code.get(job.height);
      code.int(1);
      code.op('i32.sub');
    });
    code.op('end');
    this.steps.set(row, () => {
      code.get(row, job.row);
      code.op('i32.mul');
    });
  }

  /** The elements at the table's columns in a row. */
  private gather(row: number, table: number, to: number): void {
    const { code, job, lanes } = this;
    const bits = this.single ? '32' : '64';
    for (let lane = 0; lane < lanes; lane++) {
      code.get(table);
      code.access('i32.load', 4 * lane);
      code.get(row, job.x);
      code.op('i32.add', 'i32.add');
      if (lane === 0) code.access(`v128.load${bits}_zero`);
      else {
        code.get(to);
        code.access(`v128.load${bits}_lane`, 0, lane);
      }
      code.set(to);
    }
  }

  /** Where they are in the plane, in bytes, in both words of wide lanes. */
  private places(row: number, table: number, to: number): void {
    const { code, single } = this;
    code.get(table);
    code.access(single ? 'v128.load' : 'v128.load64_zero');
    code.set(to);
    code.get(row);
    code.op('i32x4.splat');
    code.get(to);
    code.op('i32x4.add');
    code.set(to);
    if (single) return;
    code.get(to, to);
    code.words(0, 0, 1, 1);
    code.set(to);
  }

  /** For each window that there is: from c on, at most as many as lanes. */
  private each(
    c: number,
    results: number,
    inside: (lane: number, at: number) => void,
  ) {
    const { code, job, lanes, width } = this;
    const at = code.local('i32');
    this.steps.set(at, () => {
      code.get(c);
      code.int(width);
      code.op('i32.mul');
      code.get(results);
      code.op('i32.add');
    });
    for (let lane = 0; lane < lanes; lane++) {
      code.get(c);
      code.int(lane);
      code.op('i32.add');
      code.get(job.ow);
      code.op('i32.lt_s');
      code.open('if');
      inside(lane, at);
      code.op('end');
    }
  }

  private store(c: number, results: number, most: number): void {
    const { code, width } = this;
    const bits = this.single ? '32' : '64';
    this.each(c, results, (lane, at) => {
      code.get(at, most);
      code.access(`v128.store${bits}_lane`, lane * width, lane);
    });
  }

  /** Adds each window's error where its greatest element is. */
  private scatter(c: number, results: number, best: number): void {
    const { code, job, width, single } = this;
    const bits = single ? '32' : '64';
    const to = code.local('i32');
    const sum = code.local('v128');
    this.each(c, results, (lane, at) => {
      code.get(best);
      code.word(single ? lane : 2 * lane);
      code.get(job.out);
      code.op('i32.add');
      code.set(to);
      code.get(to);
      code.access(`v128.load${bits}_zero`);
      code.get(at);
      code.access(`v128.load${bits}_zero`, lane * width);
      code.op(single ? 'f32x4.add' : 'f64x2.add');
      code.set(sum);
      code.get(to, sum);
      code.access(`v128.store${bits}_lane`);
    });
  }
}
