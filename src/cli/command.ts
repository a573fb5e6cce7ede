/** What a command of the command line is, and the options many of them share. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Backend } from '../backends/backend.ts';
import { type BackendChoice, openBackend } from '../backends/open.ts';
import { messageOf, OptionError } from '../base/errors.ts';
import { SEED } from '../base/random.ts';
import type { DType } from '../base/tensor.ts';
import type { DelayForm } from '../graph/level.ts';
import type { Network } from '../network/network.ts';
import type { Rule } from '../rules/rule.ts';
import { ruleByName } from '../rules/table.ts';
import { checkMode, type Mode } from '../simulation/record.ts';
import type { Output } from './output.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
  readonly multiple?: boolean;
  /** One letter that stands for it. */
  readonly short?: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Values of options: texts, lists of texts, or true. */
export type Values = Readonly<Record<string, string | string[] | boolean>>;

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What may follow the options. */
  readonly operands: string;
  readonly options: Options;
  readonly examples: readonly string[];
  /** Returns the exit code. */
  run(context: Context): Promise<number>;
}

export interface Context {
  readonly values: Values;
  readonly operands: readonly string[];
  readonly out: Output;
}

export const common: Options = {
  json: { type: 'boolean', help: 'one JSON object a line on stdout' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
};

export const seeded: Options = {
  seed: {
    type: 'string',
    value: 'N',
    help: `seed of all randomness (${SEED})`,
  },
};

export const onBackend: Options = {
  backend: {
    type: 'string',
    value: 'NAME',
    help: 'auto, webgpu or cpu (auto: a graphics adapter, else the cpu)',
  },
  dtype: {
    type: 'string',
    value: 'T',
    help: 'f32 or f64 (f32; f64 only on the cpu)',
  },
};

export const withRule: Options = {
  rule: { type: 'string', value: 'NAME', help: 'learning rule (zil)' },
  param: {
    type: 'string',
    value: 'K=V',
    multiple: true,
    help: 'option of the rule, may be repeated (see isochron rules)',
  },
};

export const inMode: Options = {
  mode: {
    type: 'string',
    value: 'MODE',
    help: 'pruned, event-driven or clocked (pruned): same bits, different cost',
  },
};

export const inForm: Options = {
  form: {
    type: 'string',
    value: 'FORM',
    help: 'axonal, or explicit identity vertices (axonal)',
  },
};

/** Parses the arguments of a command. Throws OptionError. */
export function parse(
  command: Command,
  args: readonly string[],
): { values: Values; operands: string[] } {
  const options = { ...command.options, ...common };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, multiple, short }]) => [
          name,
          { type, multiple: multiple ?? false, ...(short ? { short } : {}) },
        ]),
      ) as ParseArgsConfig['options'],
    });
    if (positionals.length > 0 && command.operands === '') {
      throw new OptionError(`Unexpected "${positionals[0]}"`);
    }
    return { values: values as Values, operands: positionals };
  } catch (error) {
    const told = messageOf(error);
    const negative = /'(--[a-z-]+)' argument is ambiguous/.exec(told);
    if (negative) {
      throw new OptionError(
        `Option ${negative[1]} needs a value that does not start with a dash`,
      );
    }
    const first = told.split('. ')[0];
    throw new OptionError(`${first}: see isochron ${command.name} --help`);
  }
}

export function text(values: Values, name: string, otherwise: string): string {
  const value = values[name];
  return typeof value === 'string' ? value : otherwise;
}

/** A whole number within bounds, or undefined where it is not given. */
export function whole(
  values: Values,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = values[name];
  if (typeof value !== 'string') return undefined;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new OptionError(
      `Option --${name} = ${value}: give a whole number from ${least}` +
        (most === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${most}`),
    );
  }
  return number;
}

export function seedOf(values: Values): number {
  return whole(values, 'seed', 0, 2 ** 32 - 1) ?? SEED;
}

/** One of some words. */
export function oneOf<T extends string>(
  values: Values,
  name: string,
  words: readonly T[],
  otherwise: T,
): T {
  const value = text(values, name, otherwise);
  if (!words.includes(value as T)) {
    throw new OptionError(
      `Option --${name} = ${value}: give one of ${words.join(', ')}`,
    );
  }
  return value as T;
}

export function modeOf(values: Values): Mode {
  return checkMode(text(values, 'mode', 'pruned'), '--mode');
}

export function formOf(values: Values): DelayForm {
  return oneOf(values, 'form', ['axonal', 'explicit'], 'axonal');
}

/** Options of a rule from K=V texts. */
export function ruleOf(values: Values): Rule {
  const { make, options } = ruleByName(text(values, 'rule', 'zil'));
  const given = options.parse((values.param ?? []) as string[]);
  return make(given as Record<string, never>);
}

/** The number format that was asked for, if any. */
export function dtypeOf(values: Values): DType | undefined {
  return values.dtype === undefined
    ? undefined
    : oneOf<DType>(values, 'dtype', ['f32', 'f64'], 'f32');
}

/** Opens the backend that was asked for; says what was taken on stderr. */
export async function backendOf(
  values: Values,
  out: Output,
  open: typeof openBackend = openBackend,
): Promise<Backend> {
  const choice = oneOf<BackendChoice>(
    values,
    'backend',
    ['auto', 'webgpu', 'cpu'],
    'auto',
  );
  const { backend, note } = await open(choice, dtypeOf(values));
  if (note) out.note(note);
  out.note(`backend: ${backend.description}`);
  return backend;
}

/** The same for a network: float64 unless asked otherwise; `auto` measures. */
export async function networkBackendOf(
  network: () => Network,
  values: Values,
  out: Output,
): Promise<Backend> {
  const own = values.backend === undefined && values.dtype === undefined;
  const asked = own ? { ...values, backend: 'cpu', dtype: 'f64' } : values;
  const { backendFor } = await import('../network/run/open.ts');
  return backendOf(asked, out, (choice, dtype) =>
    choice === 'auto'
      ? backendFor(network(), choice, dtype)
      : openBackend(choice, dtype),
  );
}
