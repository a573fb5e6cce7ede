/**
 * Sums and maxima over the middle axis of [outer, n, inner] in WebAssembly, n
 * ascending, for any range of the outputs. Outputs that lie side by side are
 * made together, four vectors of them; where `inner` is 1, eight rows at once.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf } from '../formula/wasm/arena.ts';
import type { Steps } from '../formula/wasm/steps.ts';
import { runOf } from '../formula/wasm/team.ts';
import type { Params } from './kernel.ts';
import { loadDivisor, makeJob, rangeCode, runRange } from './ranges.ts';

export type Reduction = 'sum' | 'most';

/** Rows whose sums are made at once: their additions need not wait. */
const ROWS = 8;
/** Vectors of neighbouring outputs. */
const VECTORS = 4;
/** Terms of a row between two steps of its pointer. */
const UNROLLED = 4;

/** Words of a job. */
const WORDS = ['from', 'to', 'terms', 'inner', 'add'] as const;

/** A call of a reduction; false: not with these operands. */
export type Reduce = (
  input: FloatArray,
  out: FloatArray,
  params: Params<'outer' | 'n' | 'inner' | 'divisor'>,
  threads: number,
) => boolean;

/** `add`: to what is in the output. Null where there is no WebAssembly. */
export function wasmReduce(
  kind: Reduction,
  single: boolean,
  add: boolean,
): Reduce | null {
  const job = jobOf(kind, single);
  if (!job) return null;
  return (input, out, { outer, n, inner, divisor }, threads) => {
    const [from, to] = [addressOf(input), addressOf(out)];
    // A divisor that float32 does not have is not rounded in JavaScript.
    if (from < 0 || to < 0 || !job.setDivisor(divisor)) return false;
    job.words.set([from, to, n, inner, add ? 1 : 0]);
    runRange(job.code, job.address, outer * inner, n, threads);
    return true;
  };
}

/** Sums so many rows of `columns` neighbours; addresses in the arena. */
export type SumRows = (
  from: number,
  to: number,
  rows: number,
  columns: number,
) => void;

/** Null where there is no WebAssembly. */
export function wasmSumRows(single: boolean): SumRows | null {
  const job = jobOf('sum', single);
  if (!job) return null;
  const run = runOf(job.code);
  job.setDivisor(1);
  return (from, to, rows, columns) => {
    job.words.set([from, to, rows, columns]);
    run(job.address, 0, columns);
  };
}

const jobOf = (kind: Reduction, single: boolean) =>
  makeJob(kind, WORDS, single, () =>
    rangeCode(WORDS, single, (steps) => new ReduceCode(kind, steps).write()),
  );

/** What is made of a term x and of the sum so far; a NaN stays. */
const STEP = {
  sum: (sum: string) => `${sum} = ${sum} + x`,
  most: (most: string) =>
    `${most} = where(or(x > ${most}, x != x), x, ${most})`,
};

/** (job, first, n): the outputs first .. first + n - 1. */
class ReduceCode {
  private readonly kind: Reduction;
  private readonly steps: Steps;

  constructor(kind: Reduction, steps: Steps) {
    this.kind = kind;
    this.steps = steps;
  }

  write(): void {
    const { steps } = this;
    loadDivisor(steps, WORDS);
    // `to` goes on from output to output.
    steps.do(`to = first * ${steps.width} + to`);
    steps.if(
      'inner == 1',
      () => this.rows(),
      () => this.columns(),
    );
  }

  /** Rows one below the other, `terms` elements each. */
  private rows(): void {
    const { steps } = this;
    const { width } = steps;
    steps.do(`step = terms * ${width}`, 'row0 = from + first * step');
    for (const many of [ROWS, 1]) {
      const rows = Array.from({ length: many }, (_, r) => r);
      steps.take('count', many, () => {
        for (const r of rows.slice(1)) steps.do(`row${r} = row${r - 1} + step`);
        this.start(rows, (r, name) => steps.load(name, `row${r}`, 'one'));
        steps.do('left = terms');
        for (const unrolled of [UNROLLED, 1]) {
          steps.take('left', unrolled, () => {
            for (let k = 0; k < unrolled; k++) {
              for (const r of rows) {
                steps.load('x', `row${r}`, 'one', k * width);
                steps.let(STEP[this.kind](`sum${r}`));
              }
            }
            for (const r of rows) {
              steps.do(`row${r} = row${r} + ${unrolled * width}`);
            }
          });
        }
        for (const r of rows) this.store(r, r * width, 'one');
        // The next row begins where the last ends.
        steps.do(`to = to + ${many * width}`, `row0 = row${many - 1}`);
      });
    }
  }

  /** Outputs side by side, whose terms are `inner` elements apart. */
  private columns(): void {
    const { steps } = this;
    const { width, lanes } = steps;
    steps.do(`step = inner * ${width}`);
    steps.while('count != 0', () => {
      steps.do(
        'outer = first / inner',
        'column = rem(first, inner)',
        `start = outer * terms * step + column * ${width} + from`,
        'run = inner - column',
      );
      steps.if('count < run', () => steps.do('run = count'));
      steps.do('first = first + run', 'count = count - run');
      this.block(VECTORS, lanes);
      this.block(1, lanes);
      this.block(1, 1);
    });
  }

  /** So many vectors of outputs at once, as long as the run has them. */
  private block(many: number, lanes: number): void {
    const { steps } = this;
    const part = lanes === 1 ? 'one' : 'all';
    const vectors = Array.from({ length: many }, (_, v) => v);
    const bytes = many * lanes * steps.width;
    steps.take('run', many * lanes, () => {
      steps.do('at = start');
      this.start(vectors, (v, name) => steps.load(name, 'at', part, 16 * v));
      steps.do('left = terms');
      steps.take('left', 1, () => {
        for (const v of vectors) {
          steps.load('x', 'at', part, 16 * v);
          steps.let(STEP[this.kind](`sum${v}`));
        }
        steps.do('at = at + step');
      });
      for (const v of vectors) this.store(v, 16 * v, part);
      steps.do(`to = to + ${bytes}`, `start = start + ${bytes}`);
    });
  }

  private start(
    many: readonly number[],
    load: (k: number, name: string) => void,
  ): void {
    for (const k of many) {
      if (this.kind === 'most') load(k, `sum${k}`);
      else this.steps.let(`sum${k} = 0`);
    }
  }

  /** The result, divided, in the place or added to it. */
  private store(k: number, offset: number, part: 'all' | 'one'): void {
    const { steps, kind } = this;
    steps.let(`value = sum${k}${kind === 'most' ? '' : ' / divisor'}`);
    steps.if('add', () => {
      steps.load('x', 'to', part, offset);
      steps.let('value = x + value');
    });
    steps.store('value', 'to', part, offset);
  }
}
