/** Oracle: what each kind of parameter says that it takes. */

import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { flag, Schema, text } from '../../src/base/schema.ts';
import { experiments } from '../../src/experiments/table.ts';
import {
  choice,
  choices,
  count,
  counts,
  size,
  sizes,
} from '../../src/studies/parameters.ts';

const trial = new Schema(
  'Experiment trial',
  {
    steps: count(5, '', { from: 'paper' }),
    gamma: size(0.1, '', { least: 0.001 }),
    shift: size(-1, ''),
    form: choice(['axonal', 'explicit'], 'axonal', ''),
    name: text({ default: 'x' }),
    noisy: flag(),
    gammas: sizes([0.5, 1], '', { least: 0 }),
    depths: counts([2], ''),
    forms: choices(['a', 'b'], '', ['a']),
  },
  'Parameter ',
);
const read = (told: Record<string, string>) => trial.read(trial.parse(told));

describe('values', () => {
  test('are those of the parameters unless told', () => {
    expect(read({})).toEqual({
      ...{ steps: 5, gamma: 0.1, shift: -1, form: 'axonal', name: 'x' },
      ...{ noisy: false, gammas: [0.5, 1], depths: [2], forms: ['a'] },
    });
  });

  test('are read by the kind of their own', () => {
    const settings = read({
      ...{ steps: '7', gamma: '1e-2', shift: '-0.5', form: 'explicit' },
      ...{ name: '', noisy: 'true', gammas: '0, 1.5,2', forms: 'b,a' },
    });
    expect(settings).toEqual({
      ...{ steps: 7, gamma: 0.01, shift: -0.5, form: 'explicit', name: '' },
      ...{ noisy: true, gammas: [0, 1.5, 2], depths: [2], forms: ['b', 'a'] },
    });
  });
});

describe('wrong values are told with what would be right', () => {
  test.each<[string, string, RegExp]>([
    ['nosuch', '1', /trial has no parameter "nosuch": it takes steps, gamma,/],
    ['toString', '1', /no parameter "toString"/],
    [
      'steps',
      '0',
      /steps = 0 of experiment trial: give a whole number from 1 to 1000000/,
    ],
    ['steps', '2.5', /steps = 2.5 of .*: give a whole number from 1 to/],
    ['steps', '', /steps = "" of .*: give a whole number/],
    ['steps', 'many', /steps = "many" of .*: give a whole number/],
    ['steps', 'Infinity', /steps = "Infinity"/],
    ['gamma', '0', /gamma = 0 of .*: give a number >= 0.001/],
    ['gamma', 'NaN', /gamma = "NaN"/],
    ['shift', '1,2', /shift = "1,2" of .*: give a number$/],
    ['form', 'other', /form = "other" of .*: give one of axonal, explicit/],
    ['form', '', /form = "" of .*: give one of/],
    ['noisy', 'yes', /noisy = "yes" of .*: give true or false/],
    ['gammas', '', /gammas = \[\] of .*: give a list, each a number >= 0/],
    ['gammas', '1,,2', /gammas = "" of .*: give .*a number >= 0/],
    ['gammas', '1,-1', /gammas = -1 of .*: give .*a number >= 0/],
    ['depths', '2,3.5', /depths = 3.5 of .*: give .*a whole number from 1 to/],
    ['forms', 'a,c', /forms = "c" of .*: give .*one of a, b/],
  ])('%s=%s', (name, text, told) => {
    const reading = () => read({ [name]: text });
    expect(reading).toThrow(OptionError);
    expect(reading).toThrow(told);
  });
});

describe('every experiment', () => {
  test.each(experiments.map((one) => [one.name, one] as const))(
    '%s: its sizes are settings, its pieces have keys of their own',
    (_, { schema, quick = {}, full = {}, pieces }) => {
      for (const told of [{}, quick, full]) {
        const values = schema.read(schema.parse(told));
        const keys = pieces(values, [1, 2]).map(({ key }) => key);
        expect(keys.length).toBeGreaterThan(0);
        expect(new Set(keys).size).toBe(keys.length);
      }
      for (const { help, from } of Object.values(schema.fields)) {
        expect(help).not.toBe('');
        expect(['paper', 'chosen']).toContain(from);
      }
    },
  );

  test('has a name of its own', () => {
    const names = experiments.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
