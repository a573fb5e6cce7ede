/** Oracle: what each kind of parameter says that it takes. */

import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { experiments } from '../../src/experiments/table.ts';
import { type Parameters, Settings } from '../../src/studies/settings.ts';

const parameters: Parameters = {
  steps: { value: 5, help: '', from: 'paper', least: 1, whole: true },
  gamma: { value: 0.1, help: '', from: 'chosen', least: 0.001 },
  shift: { value: -1, help: '', from: 'chosen' },
  form: {
    value: 'axonal',
    help: '',
    from: 'chosen',
    oneOf: ['axonal', 'explicit'],
  },
  name: { value: 'x', help: '', from: 'chosen' },
  noisy: { value: false, help: '', from: 'chosen' },
  gammas: { value: [0.5, 1], help: '', from: 'chosen', least: 0 },
  depths: { value: [2], help: '', from: 'chosen', least: 1, whole: true },
  forms: { value: ['a'], help: '', from: 'chosen', oneOf: ['a', 'b'] },
};
const read = (told: Record<string, string>) =>
  new Settings('trial', parameters, told);

describe('values', () => {
  test('are those of the parameters unless told', () => {
    const settings = read({});
    expect(settings.number('steps')).toBe(5);
    expect(settings.text('form')).toBe('axonal');
    expect(settings.flag('noisy')).toBe(false);
    expect(settings.numbers('gammas')).toEqual([0.5, 1]);
    expect(settings.texts('forms')).toEqual(['a']);
    const all = Object.entries(parameters).map(([k, { value }]) => [k, value]);
    expect(settings.values).toEqual(Object.fromEntries(all));
  });

  test('are read by the kind of their own', () => {
    const settings = read({
      ...{ steps: '7', gamma: '1e-2', shift: '-0.5', form: 'explicit' },
      ...{ name: '', noisy: 'true', gammas: '0, 1.5,2', forms: 'b,a' },
    });
    expect(settings.values).toEqual({
      ...{ steps: 7, gamma: 0.01, shift: -0.5, form: 'explicit', name: '' },
      ...{ noisy: true, gammas: [0, 1.5, 2], depths: [2], forms: ['b', 'a'] },
    });
  });

  test('read as another kind are a fault of the experiment', () => {
    expect(() => read({}).text('steps')).toThrow(/reads "steps" as string/);
    expect(() => read({}).number('nosuch')).toThrow(/reads "nosuch"/);
  });
});

describe('wrong values are told with what would be right', () => {
  test.each<[string, string, RegExp]>([
    ['nosuch', '1', /trial has no parameter "nosuch": it has steps, gamma,/],
    ['toString', '1', /no parameter "toString"/],
    ['steps', '0', /steps = "0": give a whole number >= 1, at most/],
    ['steps', '2.5', /steps = "2.5": give a whole number >= 1, at most/],
    ['steps', '', /steps = "": give a whole number/],
    ['steps', 'many', /steps = "many": give a whole number/],
    ['steps', 'Infinity', /steps = "Infinity"/],
    ['gamma', '0', /gamma = "0": give a number >= 0.001/],
    ['gamma', 'NaN', /gamma = "NaN"/],
    ['shift', '1,2', /shift = "1,2": give a number$/],
    ['form', 'other', /form = "other": use one of axonal, explicit/],
    ['form', '', /form = "": use one of/],
    ['noisy', 'yes', /noisy = "yes": give true or false/],
    ['gammas', '', /gammas has no values: give some, as gammas=0.5,1/],
    ['gammas', '1,,2', /gammas = "": give a number >= 0/],
    ['gammas', '1,-1', /gammas = "-1": give a number >= 0/],
    ['depths', '2,3.5', /depths = "3.5": give a whole number >= 1, at most/],
    ['forms', 'a,c', /forms = "c": use one of a, b/],
  ])('%s=%s', (name, text, told) => {
    const reading = () => read({ [name]: text });
    expect(reading).toThrow(OptionError);
    expect(reading).toThrow(told);
  });
});

describe('every experiment', () => {
  test.each(experiments.map((one) => [one.name, one] as const))(
    '%s: its sizes are settings, its pieces have keys of their own',
    (name, { parameters, quick, full, pieces }) => {
      for (const told of [{}, quick, full]) {
        const settings = new Settings(name, parameters, told);
        const keys = pieces(settings, [1, 2]).map(({ key }) => key);
        expect(keys.length).toBeGreaterThan(0);
        expect(new Set(keys).size).toBe(keys.length);
      }
      for (const { help, from } of Object.values(parameters)) {
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
