/** Oracle: the list of rules, and what each says it takes. */

import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { ipc } from '../../src/rules/ipc.ts';
import { makeRule, rules } from '../../src/rules/table.ts';
import { zil } from '../../src/rules/zil.ts';

/** Per rule and option, values that it cannot use. */
const wrong: Readonly<Record<string, Readonly<Record<string, unknown[]>>>> = {
  zil: {
    gamma: [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1'],
    sigma: [-0.1, Number.NaN, Number.POSITIVE_INFINITY, '1'],
    plasticity: ['never', '', 'end', 3, null],
    levelled: ['no', 0],
    precision: ['some', '', 1, null],
  },
  fazil: {
    trigger: ['layer', '', 1, null],
    steps: [0, -1, 1.5, Number.NaN, '3', null],
    precision: ['some', '', 1, null],
  },
  il: {
    gamma: [0, -0.1, Number.NaN, Number.POSITIVE_INFINITY, '1'],
    steps: [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3'],
    prediction: ['frozen', '', 1, null],
    plasticity: [0, -1, 1.5, 'never', '', null],
    sigma: [-0.1, Number.NaN, '1'],
    precision: ['some', '', 1, null],
  },
  ipc: {
    gamma: [0, -0.1, Number.NaN, '1'],
    steps: [0, -1, 1.5, '3'],
    prediction: ['frozen', '', 1, null],
    sigma: [-0.1, Number.NaN, '1'],
    precision: ['some', '', 1, null],
  },
};

const cases = Object.entries(wrong).flatMap(([rule, options]) =>
  Object.entries(options).flatMap(([name, values]) =>
    values.map((value) => [rule, name, value] as const),
  ),
);

describe('an option that a rule cannot use is an OptionError', () => {
  test.each(cases)('%s, %s = %j', (rule, name, value) => {
    const make = () => makeRule(rule, { [name]: value });
    expect(make).toThrow(OptionError);
    // Fact, value, remedy: the text names the option.
    expect(make).toThrow(name);
  });

  test('every option of every rule is covered', () => {
    for (const { name, options } of rules) {
      expect(Object.keys(wrong[name] ?? {}).sort()).toEqual(
        Object.keys(options.fields).sort(),
      );
    }
  });

  test.each(['', 'ZIL', '__proto__', 'toString'])(
    'no rule is called "%s"',
    (name) => {
      expect(() => makeRule(name)).toThrow(OptionError);
      expect(() => makeRule(name)).toThrow('zil');
    },
  );

  test.each(['learningRate', 'toString', 'constructor'])(
    'no rule takes the option "%s"',
    (key) => {
      for (const { name } of rules) {
        expect(() => makeRule(name, { [key]: 1 })).toThrow(OptionError);
        expect(() => makeRule(name, { [key]: 1 })).toThrow(`"${key}"`);
      }
    },
  );
});

describe('a rule says what it is made of', () => {
  test('its name, and the defaults of its options', () => {
    for (const { name, options } of rules) {
      const rule = makeRule(name);
      expect(rule.name).toBe(name);
      expect(Object.keys(rule.options).sort()).toEqual(
        Object.keys(options.fields).sort(),
      );
    }
    expect(zil().options).toEqual({
      gamma: 1,
      levelled: true,
      plasticity: 'level',
      sigma: 0,
      precision: 'one',
    });
    expect(il().options).toEqual({
      gamma: 0.1,
      steps: 100,
      prediction: 'recomputed',
      plasticity: 'end',
      sigma: 0,
      precision: 'one',
    });
    expect(fazil().options).toEqual({
      trigger: 'population',
      steps: 'K',
      precision: 'one',
    });
    expect(ipc().options).toEqual({
      gamma: 0.1,
      steps: 20,
      prediction: 'recomputed',
      sigma: 0,
      precision: 'one',
    });
  });

  test('and whether all its conditions hold', () => {
    const exact = rules.filter(({ name }) => makeRule(name).exact);
    expect(exact.map(({ name }) => name)).toEqual(['bp', 'zil', 'fazil']);
    expect(zil({ gamma: 0.5 }).exact).toBe(false);
    expect(zil({ levelled: false }).exact).toBe(false);
    expect(zil({ sigma: 0.1 }).exact).toBe(false);
    expect(zil({ plasticity: 'last' }).exact).toBe(false);
    expect(zil({ precision: 'learned' }).exact).toBe(false);
    expect(fazil({ precision: 'learned' }).exact).toBe(false);
    expect(fazil({ trigger: 'unit' }).exact).toBe(false);
  });
});
