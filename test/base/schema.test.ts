/** Oracle: what each kind of option says that it takes. */

import { describe, expect, expectTypeOf, test } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import {
  either,
  type FieldsOf,
  flag,
  lineOf,
  list,
  maybe,
  number,
  oneOf,
  Schema,
  text,
  whole,
} from '../../src/base/schema.ts';

interface TrialOptions {
  readonly gamma?: number;
  readonly rate: number;
  readonly steps?: number;
  readonly learn?: 'end' | number;
  readonly form?: 'axonal' | 'explicit';
  readonly noisy?: boolean;
  readonly share?: number;
  readonly delays?: readonly number[];
  readonly forms?: readonly ('a' | 'b')[];
  readonly file?: string;
  readonly each?: (n: number) => void;
}

const trial = new Schema('trial', {
  gamma: number({ above: 0, default: 0.1, help: 'step', unit: 'ms' }),
  rate: number({ help: 'rate of learning' }),
  steps: whole({ least: 1, optional: true, otherwise: 'K' }),
  learn: either([oneOf(['end'], {}), whole({ least: 1 })], {
    default: 'end',
    help: 'when parameters learn',
  }),
  form: oneOf(['axonal', 'explicit'], { default: 'axonal', help: 'delays' }),
  noisy: flag({ help: 'with noise' }),
  share: number({ least: 0, below: 1, default: 0 }),
  delays: list(number({ least: 0, most: 9 }), { default: [1, 2] }),
  forms: list(oneOf(['a', 'b'], {}), { optional: true }),
  file: text({ optional: true }),
  each: maybe('a function', (value) => typeof value === 'function'),
} satisfies FieldsOf<TrialOptions>);

const read = (options: TrialOptions) => trial.read(options);

describe('values', () => {
  test('are those given, else the defaults', () => {
    const values = read({ rate: 2 });
    expect(values).toEqual({
      gamma: 0.1,
      rate: 2,
      learn: 'end',
      form: 'axonal',
      noisy: false,
      share: 0,
      delays: [1, 2],
    });
    expect(Object.keys(values)).toEqual(Object.keys(trial.fields));
    expect(read({ rate: 1, gamma: undefined }).gamma).toBe(0.1);
    expect(read({ rate: 1, learn: 3, forms: ['b'] }).learn).toBe(3);
  });

  test('have types that say what may be undefined', () => {
    const values = read({ rate: 2 });
    expectTypeOf(values.gamma).toEqualTypeOf<number>();
    expectTypeOf(values.steps).toEqualTypeOf<number | undefined>();
    expectTypeOf(values.learn).toEqualTypeOf<number | 'end'>();
    expectTypeOf(values.form).toEqualTypeOf<'axonal' | 'explicit'>();
    expectTypeOf(values.forms).toEqualTypeOf<
      readonly ('a' | 'b')[] | undefined
    >();
    // @ts-expect-error: an option that must be given
    expect(() => trial.read({})).toThrow('trial needs option rate: give a num');
    const other = {
      gamma: number({ default: 1 }),
      more: number({ default: 1 }),
    };
    // @ts-expect-error: one that the interface has not, and one that it lacks
    other satisfies FieldsOf<{ gamma?: number; less?: number }>;
    const words = new Schema('t', { gamma: text({ default: '' }) });
    // @ts-expect-error: another type
    expect(() => words.read({ gamma: 1 })).toThrow('give a text');
  });

  test.each([
    ['gamma', 0, 'Option gamma = 0: give a number above 0, in ms'],
    ['gamma', '1', 'Option gamma = "1": give a number above 0, in ms'],
    ['gamma', null, 'Option gamma = null: give a number above 0, in ms'],
    ['rate', Number.NaN, 'Option rate = NaN: give a number'],
    ['steps', 1.5, 'Option steps = 1.5: give a whole number >= 1'],
    ['learn', 0, 'Option learn = 0: give end or a whole number >= 1'],
    ['form', 'other', 'form = "other": give one of axonal, explicit'],
    ['noisy', 1, 'Option noisy = 1: give true or false'],
    ['share', 1, 'Option share = 1: give a number >= 0 and below 1'],
    ['delays', [1, 10], 'Option delays = 10: give a number from 0 to 9'],
    ['delays', [], 'Option delays = []: give a list, each a number from 0'],
    ['forms', 'a', 'forms = "a": give a list, each one of a, b'],
    ['file', 3, 'Option file = 3: give a text'],
    ['each', 3, 'Option each = 3: give a function'],
  ])('%s = %j is refused', (name, value, message) => {
    const refused = () => read({ rate: 1, [name]: value });
    expect(refused).toThrow(OptionError);
    expect(refused).toThrow(message);
    try {
      refused();
    } catch (error) {
      const { data } = error as OptionError;
      expect(data).toMatchObject({ of: 'trial', name });
      expect(data).toHaveProperty('allowed');
      expect(Array.isArray(value) || Object.is(data.value, value)).toBe(true);
    }
  });

  test.each(['gama', 'toString', 'constructor', '__proto__'])(
    '"%s" is no option',
    (name) => {
      const given = Object.defineProperty({ rate: 1 }, name, {
        value: 1,
        enumerable: true,
      });
      const message = `trial has no option "${name}": it takes gamma, rate, s`;
      expect(() => read(given)).toThrow(message);
      expect(() => trial.parse([`${name}=1`])).toThrow(message);
    },
  );

  test('nothing but an object holds options', () => {
    expect(() => read(null as never)).toThrow('takes an object, not null');
    expect(() => read('x' as never)).toThrow('takes an object, not "x"');
  });
});

describe('texts', () => {
  test('mean values', () => {
    const texts = ['gamma=0.5', 'rate=-1', 'learn=7', 'noisy=true', 'file=a=b'];
    const given = trial.parse([...texts, 'delays=1, 2,3', 'forms=a']);
    expect({ ...given }).toEqual({
      ...{ gamma: 0.5, rate: -1, learn: 7, noisy: true, file: 'a=b' },
      ...{ delays: [1, 2, 3], forms: ['a'] },
    });
    expect(trial.read(given).gamma).toBe(0.5);
    expect({ ...trial.parse({ learn: 'end' }) }).toEqual({ learn: 'end' });
  });

  test.each([
    ['gamma=', 'Option gamma = "": give a number'],
    ['gamma=x', 'Option gamma = "x": give a number'],
    ['steps=2.5', 'Option steps = 2.5: give a whole number'],
    ['learn=never', 'Option learn = "never": give end or a whole number'],
    ['noisy=yes', 'Option noisy = "yes": give true or false'],
    ['delays=', 'Option delays = []: give a list, each a number'],
    ['delays=1,,2', 'Option delays = "": give a number'],
    ['forms=a,c', 'Option forms = "c": give one of a, b'],
  ])('%s is refused when read', (pair, message) => {
    const given = trial.parse(['rate=1', pair]);
    expect(() => trial.read(given)).toThrow(message);
  });

  test.each(['gamma', '=1', ''])('"%s" has no name or no value', (pair) => {
    expect(() => trial.parse([pair])).toThrow(`"${pair}": give NAME=VALUE`);
  });
});

test('a line of help tells meaning, words, default', () => {
  const { gamma, form, noisy, steps, delays } = trial.fields;
  expect(lineOf(gamma)).toBe('step (0.1)');
  expect(lineOf(form)).toBe('delays: axonal, explicit (axonal)');
  expect(lineOf(noisy)).toBe('with noise');
  expect(lineOf(steps)).toBe(' (K)');
  expect(lineOf(delays)).toBe(' (1,2)');
});

test('parameters are told with what they are of', () => {
  const fields = { g: whole({ most: 9, default: 5 }) };
  const circuit = new Schema('Circuit loop', fields, 'Parameter ');
  expect(() => circuit.read({ g: 10 })).toThrow(
    'Parameter g = 10 of circuit loop: give a whole number from 0 to 9',
  );
  expect(() => circuit.parse({ h: '1' })).toThrow(
    'Circuit loop has no parameter "h": it takes g',
  );
  const command = new Schema('check', fields, 'Option --');
  expect(() => command.read({ g: -1 })).toThrow('Option --g = -1: give a');
  expect(command.error('g', 3, 'too many').message).toBe(
    'Option --g = 3: too many',
  );
});
