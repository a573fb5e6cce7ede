/**
 * Loops and counters as instructions: what functions over ranges of elements
 * are made of, besides arithmetic.
 */

import type { Code } from './code.ts';

/** Puts an i32 on the stack. */
type Value = () => void;

export class Steps {
  private readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  /** So many new locals. */
  locals(many: number): number[] {
    return Array.from({ length: many }, () => this.code.local('i32'));
  }

  /** The 32-bit words of a job, by name, whose address is in a local. */
  words<Word extends string>(
    job: number,
    names: readonly Word[],
  ): Record<Word, number> {
    const words = {} as Record<Word, number>;
    names.forEach((name, k) => {
      words[name] = this.code.local('i32');
      this.set(words[name], () => {
        this.code.get(job);
        this.code.access('i32.load', 4 * k);
      });
    });
    return words;
  }

  set(local: number, value: Value): void {
    value();
    this.code.set(local);
  }

  /** Adds to a local what is in another. */
  add(local: number, other: number): void {
    this.code.get(local, other);
    this.code.op('i32.add');
    this.code.set(local);
  }

  /** Adds a number to a local. */
  advance(local: number, by: number): void {
    this.code.get(local);
    this.code.int(by);
    this.code.op('i32.add');
    this.code.set(local);
  }

  /** Puts a local times a number on the stack. */
  scaled(local: number, by: number): void {
    this.code.get(local);
    this.code.int(by);
    this.code.op('i32.mul');
  }

  /** `inside` as long as so many are left; it takes them off. */
  while(left: number, least: number, inside: () => void): void {
    const { code } = this;
    code.open('block');
    code.open('loop');
    code.get(left);
    code.int(least);
    code.op('i32.lt_u');
    code.branchIf(1);
    inside();
    this.advance(left, -least);
    code.branch(0);
    code.op('end', 'end');
  }

  /** `inside` for `at` from 0 to below `end`, by so many. */
  each(at: number, end: number, by: number, inside: () => void): void {
    const { code } = this;
    this.set(at, () => code.int(0));
    code.open('block');
    code.open('loop');
    code.get(at, end);
    code.op('i32.ge_s');
    code.branchIf(1);
    inside();
    this.advance(at, by);
    code.branch(0);
    code.op('end', 'end');
  }
}
