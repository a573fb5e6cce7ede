/**
 * Functions of WebAssembly as steps written in text: whole numbers (addresses,
 * counters), vectors, and loops over them.
 */

import { type Expression, INNER, parseExpression } from '../expression.ts';
import { Formulas } from '../wasm-formula.ts';
import { type Access, Code, type Plain } from './code.ts';

/** Functions of whole numbers: `a % b`, the word at an address, a < b signed. */
const INTEGER = { rem: 2, load: 1, less: 2 } as const;

/** Numbers from 0 to 2^32 - 1; sums and products are modulo 2^32. */
const OPERATORS: Readonly<Record<string, Plain>> = {
  '+': 'i32.add',
  '-': 'i32.sub',
  '*': 'i32.mul',
  '/': 'i32.div_u',
  '<': 'i32.lt_u',
  '>=': 'i32.ge_u',
  '==': 'i32.eq',
  '!=': 'i32.ne',
};

/** Formulas of vectors also join conditions. */
const VECTOR = { ...INNER, or: 2, and: 2 };

const OPPOSITE: Readonly<Record<string, string>> = {
  ...{ '<': '>=', '>=': '<', '==': '!=', '!=': '==' },
};

interface Line {
  readonly name: string | undefined;
  readonly value: Expression;
}

/** Lines that were read: kernels are alike, and written when first needed. */
const read = new Map<object, Map<string, Line>>();

function parsed(
  line: string,
  functions: Readonly<Record<string, number>>,
): Line {
  const known = read.get(functions) ?? new Map<string, Line>();
  read.set(functions, known);
  let made = known.get(line);
  if (!made) {
    const [, name, text] = /^(?:(\w+) = )?(.*)$/.exec(line) as string[];
    made = { name, value: parseExpression(text!, {}, functions) };
    known.set(line, made);
  }
  return made;
}

/** How vectors lie in memory: whole, of one element, of one for all lanes. */
export type Part = 'all' | 'one' | 'splat';

export class Steps {
  /** Bytes of an element, and elements of a vector. */
  readonly width: number;
  readonly lanes: number;
  readonly formulas: Formulas;
  private readonly code: Code;
  private readonly names = new Map<string, number>();
  private readonly bits: '32' | '64';

  /**
   * `names` are the function's first parameters; of `all` formulas, parts that
   * come more than once are computed once.
   */
  constructor(
    code: Code,
    single: boolean,
    names: readonly string[],
    all: readonly Expression[] = [],
  ) {
    this.code = code;
    this.formulas = new Formulas(code, single, all);
    this.width = single ? 4 : 8;
    this.lanes = 16 / this.width;
    this.bits = single ? '32' : '64';
    names.forEach((name, k) => {
      this.names.set(name, k);
    });
  }

  /** The local of a whole number, 0 at first. */
  local(name: string): number {
    const local = this.names.get(name) ?? this.code.local('i32');
    this.names.set(name, local);
    return local;
  }

  /** The local of a vector. */
  vector(name: string): number {
    return this.formulas.local(name);
  }

  /** Whole numbers anew, each line `name = formula`. */
  do(...lines: readonly string[]): void {
    for (const line of lines) {
      const { name, value } = parsed(line, INTEGER);
      this.integer(value);
      this.code.set(this.local(name!));
    }
  }

  /** Puts a whole number on the stack. */
  put(text: string | number): void {
    if (typeof text === 'number') this.code.int(text);
    else this.integer(parsed(text, INTEGER).value);
  }

  /** Vectors anew, each line `name = formula`. */
  let(...lines: readonly string[]): void {
    for (const line of lines) {
      const { name, value } = parsed(line, VECTOR);
      this.formulas.pass();
      this.formulas.let(name!, value);
    }
  }

  /** Words of a job at the address that is called `job`, by their names. */
  words(names: readonly string[]): void {
    names.forEach((name, k) => {
      this.do(`${name} = load(job + ${4 * k})`);
    });
  }

  /** Reads a vector, so many bytes behind an address. */
  load(name: string, at: string, part: Part, offset = 0): void {
    const one = { one: 'zero', splat: 'splat', all: '' }[part];
    this.put(at);
    this.code.access(
      (one ? `v128.load${this.bits}_${one}` : 'v128.load') as Access,
      offset,
    );
    this.code.set(this.vector(name));
  }

  /** Writes a vector, or its first element. */
  store(name: string, at: string, part: Exclude<Part, 'splat'>, offset = 0) {
    this.put(at);
    this.code.get(this.vector(name));
    this.code.access(
      part === 'one' ? `v128.store${this.bits}_lane` : 'v128.store',
      offset,
    );
  }

  /** Reads an element into a lane. */
  loadLane(name: string, at: string, lane: number): void {
    if (lane === 0) {
      this.load(name, at, 'one');
      return;
    }
    this.put(at);
    this.code.get(this.vector(name));
    this.code.access(`v128.load${this.bits}_lane`, 0, lane);
    this.code.set(this.vector(name));
  }

  /** Writes the element of a lane. */
  storeLane(name: string, at: string, lane: number, offset = 0): void {
    this.put(at);
    this.code.get(this.vector(name));
    this.code.access(`v128.store${this.bits}_lane`, offset, lane);
  }

  if(condition: string, yes: () => void, no?: () => void): void {
    this.put(condition);
    this.code.open('if');
    yes();
    if (no) {
      this.code.op('else');
      no();
    }
    this.code.op('end');
  }

  /** `inside` as long as a comparison of two names or numbers holds. */
  while(condition: string, inside: () => void): void {
    const { code } = this;
    code.open('block');
    code.open('loop');
    const [left, operator, right] = condition.split(' ');
    this.put(`${left} ${OPPOSITE[operator!]} ${right}`);
    code.branchIf(1);
    inside();
    code.branch(0);
    code.op('end', 'end');
  }

  /** The same where it holds at first: once at least. */
  until(condition: string, inside: () => void): void {
    this.code.open('loop');
    inside();
    this.put(condition);
    this.code.branchIf(0);
    this.code.op('end');
  }

  /** `inside` as long as so many are left; it takes them off. */
  take(left: string, least: number, inside: () => void): void {
    this.while(`${left} >= ${least}`, () => {
      inside();
      this.do(`${left} = ${left} - ${least}`);
    });
  }

  /** `inside` for `at` from 0 to below `end`, by so many. */
  each(at: string, end: string, by: number, inside: () => void): void {
    this.do(`${at} = 0`);
    this.while(`${at} < ${end}`, () => {
      inside();
      this.do(`${at} = ${at} + ${by}`);
    });
  }

  private integer(e: Expression): void {
    const { code } = this;
    if (e.kind === 'number') code.int(e.value);
    else if (e.kind === 'name') code.get(this.known(e.name));
    else if (e.kind === 'binary') {
      this.integer(e.left);
      this.integer(e.right);
      code.op(OPERATORS[e.operator]!);
    } else if (e.kind === 'call' && e.name === 'load') {
      const [at, offset] = placeOf(e.args[0]!);
      this.integer(at);
      code.access('i32.load', offset);
    } else if (e.kind === 'call') {
      for (const arg of e.args) this.integer(arg);
      code.op(e.name === 'rem' ? 'i32.rem_u' : 'i32.lt_s');
    }
  }

  private known(name: string): number {
    const local = this.names.get(name);
    if (local === undefined) throw new Error(`No step has set ${name}`);
    return local;
  }
}

/** A function of whole numbers, by their names, which gives 0. */
export function stepsOf(
  names: readonly string[],
  single: boolean,
  write: (steps: Steps, code: Code) => void,
): Code {
  const code = new Code(names.map(() => 'i32' as const));
  write(new Steps(code, single, names), code);
  code.int(0);
  return code;
}

/** An address, and the bytes behind it. */
function placeOf(e: Expression): readonly [Expression, number] {
  return e.kind === 'binary' && e.operator === '+' && e.right.kind === 'number'
    ? [e.left, e.right.value]
    : [e, 0];
}
