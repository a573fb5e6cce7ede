/** Formulas: how they are read, and that all executions agree. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GraphError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import {
  type Expression,
  parseExpression,
} from '../../src/formula/expression.ts';
import { compileJs, elementary32, toJs } from '../../src/formula/js.ts';
import { toWgsl } from '../../src/formula/wgsl.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { Recorder } from '../../src/program/recorder.ts';
import { describeWebGpu, webgpu } from '../backends.ts';
import { fromBits, runOn, twin } from '../ops/programs.ts';

const NAMES = ['x', 'z', 'eps'];

function evaluate(e: Expression, values: number[], single = false): number {
  const body = `return ${toJs(e, single)};`;
  return compileJs(NAMES, body)(...values) as number;
}

/** The meaning of an expression, by walking the tree: independent of toJs. */
function meaning(e: Expression, values: number[]): number | boolean {
  const of = (inner: Expression) => Number(meaning(inner, values));
  switch (e.kind) {
    case 'number':
      return e.value;
    case 'name':
      return values[NAMES.indexOf(e.name)];
    case 'negate':
      return -of(e.operand);
    case 'call': {
      const [a, b, c] = e.args;
      if (e.name === 'where') return meaning(a, values) ? of(b) : of(c);
      const known: Record<string, (x: number) => number> = {
        abs: Math.abs,
        exp: Math.exp,
        sqrt: Math.sqrt,
        tanh: Math.tanh,
      };
      return known[e.name](of(a));
    }
    case 'binary': {
      const [a, b] = [of(e.left), of(e.right)];
      const known: Record<string, number | boolean> = {
        '+': a + b,
        '-': a - b,
        '*': a * b,
        '/': a / b,
        '<': a < b,
        '<=': a <= b,
        '>': a > b,
        '>=': a >= b,
        '==': a === b,
        '!=': a !== b,
      };
      return known[e.operator];
    }
  }
}

/** Text with no more parentheses than precedence asks for. */
function textOf(e: Expression, least = 0): string {
  switch (e.kind) {
    case 'number':
      return String(e.value);
    case 'name':
      return e.name;
    case 'negate':
      return `-${textOf(e.operand, 3)}`;
    case 'call':
      return `${e.name}(${e.args.map((arg) => textOf(arg)).join(', ')})`;
    case 'binary': {
      const own = '+-'.includes(e.operator)
        ? 1
        : '*/'.includes(e.operator)
          ? 2
          : 0;
      // Operators of one rank bind to the left.
      const text = `${textOf(e.left, own)} ${e.operator} ${textOf(e.right, own + 1)}`;
      return own < least ? `(${text})` : text;
    }
  }
}

const expressions = fc.letrec<{ value: Expression; test: Expression }>(
  (tie) => {
    const binary = (operators: string[]) =>
      fc.record({
        kind: fc.constant('binary' as const),
        operator: fc.constantFrom(...operators),
        left: tie('value'),
        right: tie('value'),
      });
    const call = (names: string[], ...args: fc.Arbitrary<Expression>[]) =>
      fc.record({
        kind: fc.constant('call' as const),
        name: fc.constantFrom(...names),
        args: fc.tuple(...args),
      });
    return {
      value: fc.oneof(
        { maxDepth: 5, depthSize: 'large' },
        fc.record({
          kind: fc.constant('name' as const),
          name: fc.constantFrom(...NAMES),
        }),
        fc.record({
          kind: fc.constant('number' as const),
          value: fc.constantFrom(0, 1, 0.5, 3, 1e-8, 12.25, 1e21),
        }),
        fc.record({
          kind: fc.constant('negate' as const),
          operand: tie('value'),
        }),
        binary(['+', '-', '*', '/']),
        call(['abs', 'exp', 'sqrt', 'tanh'], tie('value')),
        call(['where'], tie('test'), tie('value'), tie('value')),
      ),
      test: binary(['<', '<=', '>', '>=', '==', '!=']),
    };
  },
).value;

describe('formulas', () => {
  // Oracle: arithmetic as taught at school.
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['8 - 3 - 2', 3],
    ['16 / 4 / 2', 2],
    ['2 * 6 / 3', 4],
    ['-2 * 3', -6],
    ['2 * -3', -6],
    ['--2', 2],
    ['2 - -3', 5],
    ['1 - 2 + 3', 2],
    ['where(1 < 2, 5, 6)', 5],
    ['where(1 + 1 >= 3, 5, 6)', 6],
    ['where(2 == 2, where(1 != 1, 1, 2), 3)', 2],
    ['abs(-3) + sqrt(4)', 5],
    [' 1e-2*1E+2 ', 1],
    ['1.5e1', 15],
    ['x * z + eps', 11],
  ])('%s = %s', (text, value) => {
    expect(evaluate(parseExpression(text), [2, 3, 5])).toBe(value);
  });

  test.each([
    ['', /cannot be read/],
    ['1 +', /cannot be read/],
    ['(1 + 2', /cannot be read/],
    ['1 + 2)', /cannot be read at "\)"/],
    ['1 2', /cannot be read at "2"/],
    ['x ^ 2', /unknown character at ".*\^ 2"/],
    ['x; y', /unknown character/],
    ['x = 3', /unknown character/],
    ["x + 'a'", /unknown character/],
    ['x[0]', /unknown character/],
    ['x.y', /unknown character/],
    ['pow(x, 2)', /cannot be read/],
    ['where(x, 1)', /cannot be read/],
    ['exp(x, 2)', /cannot be read/],
    ['constructor(x)', /cannot be read/],
    ['exp()', /cannot be read/],
    ['* 2', /cannot be read at "\* 2"/],
    ['+ 2', /cannot be read/],
  ])('%j is refused', (text, message) => {
    expect(() => parseExpression(text)).toThrow(GraphError);
    expect(() => parseExpression(text)).toThrow(message);
  });

  // Oracle: the tree from which the text was written.
  test('written out and read again are the same tree', () => {
    fc.assert(
      fc.property(expressions, (e) => {
        expect(parseExpression(textOf(e))).toEqual(e);
      }),
      { numRuns: 500 },
    );
  });

  // Oracle: a walk over the tree.
  test('mean in JavaScript what their tree means', () => {
    const values = fc.tuple(fc.double(), fc.double(), fc.double());
    fc.assert(
      fc.property(expressions, values, (e, given) => {
        expect(evaluate(e, given)).toEqual(meaning(e, given));
      }),
      { numRuns: 500 },
    );
  });

  test('round to float32 after every operation', () => {
    const f = (text: string) =>
      evaluate(parseExpression(text), [1, 3, 2 ** -24], true);
    expect(f('x / z')).toBe(Math.fround(1 / 3));
    expect(f('x + eps')).toBe(1);
    expect(f('x + eps + eps')).toBe(1);
    expect(f('x + (eps + eps)')).toBe(Math.fround(1 + 2 ** -23));
    expect(f('0.1')).toBe(Math.fround(0.1));
    expect(f('sqrt(z)')).toBe(Math.fround(Math.sqrt(3)));
  });

  test('numbers in WGSL are float32 and say so', () => {
    const f = (text: string) => toWgsl(parseExpression(text));
    expect(f('1')).toBe('1.0f');
    expect(f('0.5')).toBe('0.5f');
    expect(f('1e21')).toMatch(/^1e\+21f$|^[\d.]+e\+?\d+f$/);
    expect(f('where(x > 0, x, 0)')).toBe('select(0.0f, x, (x > 0.0f))');
    expect(f('tanh(-x)')).toBe('tanh_((-x))');
  });
});

/**
 * As ops, populations and optimisers have them. Where operations are not
 * pinned lavapipe reassociates a * b + c * d + e. None divides by a literal:
 * SwiftShader makes that a product, pinned or not.
 */
const FORMULAS = [
  'x + 0.25 * (eps - z)',
  '0.75 * eps + 0.25 * z + (x - z)',
  'where(x > 0, eps, 0) + where(z <= 0.5, x, -z)',
  'eps * (z * (1 - z)) / (1 + abs(x))',
  '0.5 * ((x - z) * (x - z)) - 2 * -eps',
  '1 / (1 + exp(-x)) + tanh(z * eps) * 1e-3',
];

/** Every exponent and sign with some of each, and where branches meet. */
const EDGES = [
  ...Array.from({ length: 512 }, (_, top) =>
    [0, 1, 0x2aaaaa, 0x3504f2, 0x3504f3, 0x400000, 0x7fffff].map((low) =>
      fromBits(top * 2 ** 23 + low),
    ),
  ).flat(),
  ...[0.625, 9, Math.PI / 4, Math.PI / 2, 88.72283, 87.33654, 131072].flatMap(
    (x) =>
      Array.from({ length: 64 }, (_, k) =>
        Math.fround((k % 2 ? x : -x) * (1 + (k - 32) * 2 ** -23)),
      ),
  ),
];

describeWebGpu('formulas on WebGPU', () => {
  // Oracle: the same functions in JavaScript.
  test('have the elementary functions of the CPU, wherever branches meet', async () => {
    const names = ['exp', 'log', 'tanh', 'sin', 'cos', 'tan'] as const;
    const kernel = mapKernel({
      name: 'test/elementary',
      each: ['x'],
      outputs: names.map((name) => [name, `${name}(x)`] as const),
    });
    const backend = await webgpu();
    const software = backend.gpu.info.isSoftware;
    // Some adapters take the smallest numbers for 0.
    const usual = EDGES.filter((x) => !(Math.abs(x) < 2 ** -126));
    const recorder = new Recorder();
    const x = recorder.feed('x', usual.length);
    kernel.emit(recorder.emit, [x]).forEach((ref, i) => {
      recorder.output(names[i], ref);
    });
    const program = recorder.finish({ live: true });
    const given = new Map([['x', Float32Array.from(usual)]]);
    const got = await runOn(backend, program, given);
    const flushed = (y: number) => (Math.abs(y) < 2 ** -126 ? 0 : y);
    for (const name of names) {
      const mine = Array.from(got.get(name) ?? [], flushed);
      const wanted = usual.map((x) => flushed(elementary32()[name](x)));
      if (software) expect(mine, name).toEqual(wanted);
      else expect(mine.length).toBe(wanted.length);
    }
  });

  // Oracle: the float32 form on the CPU.
  test('have the bits of the CPU', async () => {
    const size = 4096;
    const kernel = mapKernel({
      name: 'test/formulas',
      each: NAMES,
      outputs: FORMULAS.slice(0, 5).map((text, i) => [`y${i}`, text] as const),
    });
    const last = mapKernel({
      name: 'test/formula',
      each: NAMES,
      outputs: [['y', FORMULAS[5]]],
    });
    const recorder = new Recorder();
    const refs = NAMES.map((name) => recorder.feed(name, size));
    for (const k of [kernel, last]) {
      k.emit(recorder.emit, refs).forEach((ref, i) => {
        recorder.output(`${k.name} ${i}`, ref);
      });
    }
    const program = recorder.finish({ live: true });
    const given = new Map(
      NAMES.map((name) => {
        const random = new Random(3, name);
        return [
          name,
          Float32Array.from({ length: size }, () => 2 * random.normal()),
        ];
      }),
    );
    const backend = await webgpu();
    const got = await runOn(backend, program, given);
    for (const [name, wanted] of twin(program, given)) {
      const mine = Array.from(got.get(name) ?? []);
      if (backend.gpu.info.isSoftware) expect(mine).toEqual(Array.from(wanted));
      else
        for (const [i, y] of mine.entries())
          expect(y).toBeCloseTo(wanted[i], 4);
    }
  });
});
