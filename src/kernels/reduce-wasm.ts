/**
 * Sums and maxima over the middle axis of [outer, n, inner] in WebAssembly, n
 * ascending, for any range of the outputs. Outputs that lie side by side are
 * made together, four vectors of them; where `inner` is 1, eight rows at once.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf, arrayInArena } from '../formula/wasm/arena.ts';
import { Code, hasSimd, type Plain } from '../formula/wasm/code.ts';
import { Steps } from '../formula/wasm/steps.ts';
import { runOf } from '../formula/wasm/team.ts';
import type { Params } from './kernel.ts';
import { runRange } from './ranges.ts';

export type Reduction = 'sum' | 'most';

/** Rows whose sums are made at once: their additions need not wait. */
const ROWS = 8;
/** Vectors of neighbouring outputs. */
const VECTORS = 4;
/** Terms of a row between two steps of its pointer. */
const UNROLLED = 4;

/** Words of a job; then comes the divisor. */
const WORDS = ['from', 'to', 'terms', 'inner', 'add'] as const;
const DIVISOR = 24;
const JOB_BYTES = 32;

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
  const made = makeJob(kind, single);
  if (!made) return null;
  const { code, job, words, divisors } = made;
  return (input, out, { outer, n, inner, divisor }, threads) => {
    const [from, to] = [addressOf(input), addressOf(out)];
    divisors[0] = divisor;
    // A divisor that float32 does not have is not rounded in JavaScript.
    if (from < 0 || to < 0 || divisors[0] !== divisor) return false;
    words[0] = from;
    words[1] = to;
    words[2] = n;
    words[3] = inner;
    words[4] = add ? 1 : 0;
    runRange(code, job, outer * inner, n, threads);
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
  const made = makeJob('sum', single);
  if (!made) return null;
  const { code, job, words, divisors } = made;
  const run = runOf(code);
  divisors[0] = 1;
  return (from, to, rows, columns) => {
    words[0] = from;
    words[1] = to;
    words[2] = rows;
    words[3] = columns;
    run(job, 0, columns);
  };
}

function makeJob(kind: Reduction, single: boolean) {
  const words = hasSimd() ? arrayInArena(Int32Array, JOB_BYTES / 4, 4) : null;
  if (!words) return null;
  const key = `${kind}${single}`;
  const code = codes.get(key) ?? new ReduceCode(kind, single).module();
  codes.set(key, code);
  const { buffer, byteOffset } = words;
  const divisors: FloatArray = new (single ? Float32Array : Float64Array)(
    buffer,
    byteOffset + DIVISOR,
    1,
  );
  return { code, job: addressOf(words), words, divisors };
}

const codes = new Map<string, Uint8Array>();

const [JOB, FIRST, LEFT] = [0, 1, 2];

/** (job, first, n): the outputs first .. first + n - 1. */
class ReduceCode {
  private readonly kind: Reduction;
  private readonly width: number;
  private readonly shape: 'f32x4' | 'f64x2';
  private readonly bits: '32' | '64';
  private readonly code = new Code(['i32', 'i32', 'i32']);
  private readonly steps = new Steps(this.code);
  private readonly job: Record<(typeof WORDS)[number], number>;
  private readonly divisor: number;
  private readonly sums: readonly number[];
  /** Where the term is that comes next: of rows, of each row. */
  private readonly pointers: readonly number[];
  /** Bytes from a term to the next. */
  private readonly step: number;
  private readonly left: number;
  private readonly run: number;
  private readonly value: number;

  constructor(kind: Reduction, single: boolean) {
    this.kind = kind;
    this.width = single ? 4 : 8;
    this.shape = single ? 'f32x4' : 'f64x2';
    this.bits = single ? '32' : '64';
    const { code } = this;
    this.job = this.steps.words(JOB, WORDS);
    this.divisor = code.local('v128');
    code.get(JOB);
    code.access(`v128.load${this.bits}_splat`, DIVISOR);
    code.set(this.divisor);
    this.sums = Array.from({ length: ROWS }, () => code.local('v128'));
    this.pointers = this.steps.locals(ROWS);
    [this.step, this.left, this.run] = this.steps.locals(3);
    this.value = code.local('v128');
  }

  module(): Uint8Array {
    const { code, job } = this;
    // `to` goes on from output to output.
    this.steps.set(job.to, () => {
      this.steps.scaled(FIRST, this.width);
      code.get(job.to);
      code.op('i32.add');
    });
    code.get(job.inner);
    code.int(1);
    code.op('i32.eq');
    code.open('if');
    this.rows();
    code.op('else');
    this.columns();
    code.op('end');
    code.int(0);
    return code.module(true);
  }

  /** Rows one below the other, `terms` elements each. */
  private rows(): void {
    const { code, job, pointers, step } = this;
    this.steps.set(step, () => this.steps.scaled(job.terms, this.width));
    this.steps.set(pointers[0], () => {
      code.get(job.from, FIRST, step);
      code.op('i32.mul', 'i32.add');
    });
    for (const many of [ROWS, 1]) {
      this.steps.while(LEFT, many, () => {
        for (let r = 1; r < many; r++) {
          this.steps.set(pointers[r], () => {
            code.get(pointers[r - 1], step);
            code.op('i32.add');
          });
        }
        this.start(many, (r) => {
          code.get(pointers[r]);
          code.access(`v128.load${this.bits}_zero`);
        });
        this.steps.set(this.left, () => code.get(job.terms));
        for (const unrolled of [UNROLLED, 1]) {
          this.steps.while(this.left, unrolled, () => {
            for (let k = 0; k < unrolled; k++) {
              for (let r = 0; r < many; r++) {
                this.add(r, () => {
                  code.get(pointers[r]);
                  code.access(`v128.load${this.bits}_zero`, k * this.width);
                });
              }
            }
            for (let r = 0; r < many; r++) {
              this.steps.advance(pointers[r], unrolled * this.width);
            }
          });
        }
        for (let r = 0; r < many; r++) this.store(r, r * this.width, true);
        this.steps.advance(job.to, many * this.width);
        // The next row begins where the last ends.
        this.steps.set(pointers[0], () => code.get(pointers[many - 1]));
      });
    }
  }

  /** Outputs side by side, whose terms are `inner` elements apart. */
  private columns(): void {
    const { code, job, step, run } = this;
    const [outer, column, from] = this.steps.locals(3);
    const lanes = 16 / this.width;
    this.steps.set(step, () => this.steps.scaled(job.inner, this.width));
    code.open('block');
    code.open('loop');
    code.get(LEFT);
    code.op('i32.eqz');
    code.branchIf(1);
    this.steps.set(outer, () => {
      code.get(FIRST, job.inner);
      code.op('i32.div_u');
    });
    this.steps.set(column, () => {
      code.get(FIRST, job.inner);
      code.op('i32.rem_u');
    });
    // from + (outer * terms * inner + column) * width
    this.steps.set(from, () => {
      code.get(outer, job.terms);
      code.op('i32.mul');
      code.get(step);
      code.op('i32.mul');
      this.steps.scaled(column, this.width);
      code.op('i32.add');
      code.get(job.from);
      code.op('i32.add');
    });
    this.steps.set(run, () => {
      code.get(job.inner, column);
      code.op('i32.sub');
    });
    code.get(LEFT, run);
    code.op('i32.lt_u');
    code.open('if');
    this.steps.set(run, () => code.get(LEFT));
    code.op('end');
    this.steps.add(FIRST, run);
    this.steps.set(LEFT, () => {
      code.get(LEFT, run);
      code.op('i32.sub');
    });
    this.block(VECTORS, lanes, from);
    this.block(1, lanes, from);
    this.block(1, 1, from);
    code.branch(0);
    code.op('end', 'end');
  }

  /** So many vectors of outputs at once, as long as the run has them. */
  private block(vectors: number, lanes: number, from: number): void {
    const { code, job, pointers, step } = this;
    const [at] = pointers;
    const one = lanes === 1;
    const load = one ? (`v128.load${this.bits}_zero` as const) : 'v128.load';
    this.steps.while(this.run, vectors * lanes, () => {
      this.steps.set(at, () => code.get(from));
      const term = (v: number) => {
        code.get(at);
        code.access(load, 16 * v);
      };
      this.start(vectors, term);
      this.steps.set(this.left, () => code.get(job.terms));
      this.steps.while(this.left, 1, () => {
        for (let v = 0; v < vectors; v++) this.add(v, () => term(v));
        this.steps.add(at, step);
      });
      for (let v = 0; v < vectors; v++) this.store(v, 16 * v, one);
      this.steps.advance(job.to, vectors * lanes * this.width);
      this.steps.advance(from, vectors * lanes * this.width);
    });
  }

  private start(many: number, term: (k: number) => void): void {
    const { code } = this;
    for (let k = 0; k < many; k++) {
      this.steps.set(this.sums[k], () => {
        if (this.kind === 'most') term(k);
        else code.vector(new Uint8Array(16));
      });
    }
  }

  private add(k: number, term: () => void): void {
    const { code, shape, value, sums } = this;
    if (this.kind === 'sum') {
      code.get(sums[k]);
      term();
      code.op(`${shape}.add`);
      code.set(sums[k]);
      return;
    }
    // A NaN stays: comparisons with it are false.
    term();
    code.tee(value);
    code.get(sums[k], value, sums[k]);
    code.op(`${shape}.gt`);
    code.get(value, value);
    code.op(`${shape}.ne`, 'v128.or', 'v128.bitselect');
    code.set(sums[k]);
  }

  /** The result, divided, in the place or added to it. */
  private store(k: number, offset: number, one: boolean): void {
    const { code, shape, value, job } = this;
    const bits = this.bits;
    this.steps.set(value, () => {
      code.get(this.sums[k]);
      if (this.kind === 'most') return;
      code.get(this.divisor);
      code.op(`${shape}.div` as Plain);
    });
    code.get(job.add);
    code.open('if');
    this.steps.set(value, () => {
      code.get(job.to);
      code.access(one ? `v128.load${bits}_zero` : 'v128.load', offset);
      code.get(value);
      code.op(`${shape}.add`);
    });
    code.op('end');
    code.get(job.to, value);
    code.access(one ? `v128.store${bits}_lane` : 'v128.store', offset);
  }
}
