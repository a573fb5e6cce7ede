/**
 * Greatest elements of windows in WebAssembly, a window in each lane. A place
 * outside the plane is taken for the nearest inside, which its window has too,
 * before it or next to it: the greatest element stays the same, and the first
 * of those that are equal.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf, arrayInArena, release } from '../formula/wasm/arena.ts';
import type { Code } from '../formula/wasm/code.ts';
import type { Steps } from '../formula/wasm/steps.ts';
import { type Params, u32 } from './kernel.ts';
import { makeJob, rangeCode, runRange } from './ranges.ts';

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
  const job = makeJob(message ? 'pool message' : 'pool', WORDS, single, () =>
    rangeCode(WORDS, single, (...of) => new PoolCode(message, ...of).write()),
  );
  if (!job) return null;
  const bytes = single ? 4 : 8;
  const tables = tablesOf(single);
  return ({ x, out, eps }, windows, threads) => {
    const at = [x, out, eps ?? x].map(addressOf);
    if (Math.min(...at) < 0) return false;
    const table = tables(windows);
    if (!table) return false;
    const { planes, height, width, oh, ow, size, stride, padding } = windows;
    const row = width * bytes;
    job.words.set([
      ...[...at, height * row, row, height, oh, ow, size, stride, padding],
      ...[addressOf(table), (4 * table.length) / size],
    ]);
    const weight = oh * ow * size * size;
    runRange(job.code, job.address, planes, weight, threads, 1);
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

/** (job, first, n): the planes first .. first + n - 1. */
class PoolCode {
  private readonly message: boolean;
  private readonly steps: Steps;
  private readonly code: Code;

  constructor(message: boolean, steps: Steps, code: Code) {
    this.message = message;
    this.steps = steps;
    this.code = code;
  }

  write(): void {
    const { message, steps } = this;
    steps.do(
      `rowOut = ow * ${steps.width}`,
      'x = x + first * plane',
      ...(message ? ['out = out + first * plane'] : []),
      `results = ${message ? 'eps' : 'out'} + first * rowOut * oh`,
    );
    steps.take('count', 1, () => {
      steps.each('r', 'oh', 1, () => {
        // The first row of the windows, below 0 where they stand out.
        steps.do('top = r * stride - padding');
        steps.each('c', 'ow', steps.lanes, () => this.group());
        steps.do('results = results + rowOut');
      });
      steps.do('x = x + plane');
      if (message) steps.do('out = out + plane');
    });
  }

  /** As many windows as there are lanes, from column c of the outputs on. */
  private group(): void {
    const { message, steps } = this;
    const toFirst = () => {
      this.rowOf();
      steps.do('entry = c * 4 + table');
    };
    steps.do('dy = 0');
    toFirst();
    this.gather('most');
    if (message) this.places('best');
    steps.each('dy', 'size', 1, () => {
      toFirst();
      steps.each('dx', 'size', 1, () => {
        this.gather('value');
        // A NaN wins, the first of them.
        steps.let(
          'wins = or(value > most, and(value != value, most == most))',
          'most = where(wins, value, most)',
        );
        if (message) {
          this.places('at');
          steps.let('best = where(wins, at, best)');
        }
        steps.do('entry = entry + tableRow');
      });
    });
    if (message) this.scatter();
    else {
      const { width } = steps;
      this.each((lane) => steps.storeLane('most', 'to', lane, lane * width));
    }
  }

  /** Bytes from the plane's start to a row of the windows. */
  private rowOf(): void {
    const { steps } = this;
    steps.do('place = top + dy');
    steps.if('less(place, 0)', () => steps.do('place = 0'));
    steps.if('place >= height', () => steps.do('place = height - 1'));
    steps.do('place = place * row');
  }

  /** The elements at the table's columns in a row. */
  private gather(to: string): void {
    for (let lane = 0; lane < this.steps.lanes; lane++) {
      const at = `load(entry + ${4 * lane}) + (place + x)`;
      this.steps.loadLane(to, at, lane);
    }
  }

  /** Where they are in the plane, in bytes, in both words of wide lanes. */
  private places(name: string): void {
    const { code, steps } = this;
    const to = steps.vector(name);
    const single = steps.lanes === 4;
    steps.put('entry');
    code.access(single ? 'v128.load' : 'v128.load64_zero');
    steps.put('place');
    code.op('i32x4.splat', 'i32x4.add');
    code.set(to);
    if (single) return;
    code.get(to, to);
    code.words(0, 0, 1, 1);
    code.set(to);
  }

  /** For each window that there is: from c on, at most as many as lanes. */
  private each(inside: (lane: number) => void) {
    const { steps } = this;
    steps.do(`to = c * ${steps.width} + results`);
    for (let lane = 0; lane < steps.lanes; lane++) {
      steps.if(`c + ${lane} < ow`, () => inside(lane));
    }
  }

  /** Adds each window's error where its greatest element is. */
  private scatter(): void {
    const { code, steps } = this;
    const { lanes, width } = steps;
    this.each((lane) => {
      code.get(steps.vector('best'));
      code.word(lanes === 4 ? lane : 2 * lane);
      code.set(steps.local('won'));
      steps.do('won = won + out');
      steps.load('sum', 'won', 'one');
      steps.load('value', 'to', 'one', lane * width);
      steps.let('sum = sum + value');
      steps.store('sum', 'won', 'one');
    });
  }
}
