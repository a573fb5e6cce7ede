/** What a command of the command line is, and the options many of them share. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Backend, dtype } from '../backends/backend.ts';
import { backendName, openBackend } from '../backends/open.ts';
import { messageOf, OptionError } from '../base/errors.ts';
import { seed } from '../base/random.ts';
import {
  type Fields,
  flag,
  list,
  Schema,
  text,
  type Values,
} from '../base/schema.ts';
import { form } from '../graph/level.ts';
import type { Network } from '../network/network.ts';
import type { Rule } from '../rules/rule.ts';
import { ruleByName } from '../rules/table.ts';
import { mode } from '../simulation/record.ts';
import type { Output } from './output.ts';

interface About {
  readonly name: string;
  readonly summary: string;
  /** What may follow the options. */
  readonly operands: string;
  readonly examples: readonly string[];
}

export interface Command extends About {
  readonly options: Fields;
  /** Returns the exit code. */
  run(context: Context<never>): Promise<number>;
}

/** What a command is run with: its options F by name. */
export interface Context<F = unknown> {
  readonly values: Values<F>;
  /** Names of the options that were told. */
  readonly told: ReadonlySet<string>;
  readonly operands: readonly string[];
  readonly out: Output;
}

/** A command, whose values have the types of its options. */
export const command = <const F extends Fields>(
  made: About & {
    readonly options: F;
    run(context: Context<F>): Promise<number>;
  },
): Command => made;

export const common = {
  json: flag({ help: 'one JSON object a line on stdout' }),
  help: flag({ short: 'h', help: 'this text' }),
};

export const seeded = { seed };
export const inMode = { mode };
export const inForm = { form };
export const onBackend = { backend: backendName, dtype };

/** Options of a rule or a study, as NAME=VALUE. */
export const parameters = (help: string) =>
  list(text({ placeholder: 'K=V' }), {
    ...{ optional: true, repeated: true, placeholder: 'K=V', help },
  });

export const withRule = {
  rule: text({ default: 'zil', placeholder: 'NAME', help: 'learning rule' }),
  param: parameters('option of the rule, may be repeated (see isochron rules)'),
};

/** The name of a file or folder. */
export const file = (help: string, placeholder = 'FILE') =>
  text({ optional: true, placeholder, help });

/** The name of a folder that is there by default. */
export const folder = (help: string, usual: string) =>
  text({ default: usual, placeholder: 'DIR', help });

/** Options of a command, as errors tell of them. */
export const schemaOf = <const F extends Fields>(name: string, options: F) =>
  new Schema(name, options, 'Option --');

/** Parses the arguments of a command; null if help is asked. Throws OptionError. */
export function parse(
  { name, options, operands }: Command,
  args: readonly string[],
  out: Output,
): Context | null {
  const fields: Fields = { ...options, ...common };
  const asked = asTold(name, fields, args);
  const { positionals } = asked;
  const { values }: { values: Record<string, unknown> } = asked;
  if (positionals.length > 0 && operands === '') {
    throw unexpected(positionals[0]!, `see isochron ${name} --help`);
  }
  if (values.help) return null;
  const given = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? fields[name]!.parse(value) : value,
  ]);
  return {
    values: schemaOf(name, fields).read(Object.fromEntries(given)),
    told: new Set(Object.keys(values)),
    operands: positionals,
    out,
  };
}

/** What was told of each option: texts, lists of texts, or true. */
function asTold(name: string, fields: Fields, args: readonly string[]) {
  const config = Object.entries(fields).map(
    ([name, { kind, repeated, short }]) => [
      name,
      {
        type: kind === 'flag' ? 'boolean' : 'string',
        multiple: repeated ?? false,
        ...(short ? { short } : {}),
      },
    ],
  );
  const options: ParseArgsConfig['options'] = Object.fromEntries(config);
  try {
    return parseArgs({
      ...{ args: [...args], allowPositionals: true, strict: true, options },
    });
  } catch (error) {
    const told = messageOf(error);
    const negative = /'(--[a-z-]+)' argument is ambiguous/.exec(told);
    throw new OptionError(
      negative
        ? `Option ${negative[1]} needs a value that does not start with a dash`
        : `${told.split('. ')[0]}: see isochron ${name} --help`,
      { of: name, allowed: Object.keys(fields) },
    );
  }
}

/** The error of an operand, or of an option beside another. */
export const unexpected = (value: string, remedy: string) =>
  new OptionError(`Unexpected "${value}": ${remedy}`, { value });

/** The error of options that do not go together. */
export const oneOfThem = (...names: readonly string[]) =>
  new OptionError(
    `Options ${names.map((name) => `--${name}`).join(' and ')}: give one of them`,
    { names },
  );

/** The rule that was asked for, of its options. Throws OptionError. */
export function ruleOf(values: Values<typeof withRule>): Rule {
  const { make, options } = ruleByName(values.rule);
  return make(options.parse(values.param ?? []) as Record<string, never>);
}

type OnBackend = Pick<Context<typeof onBackend>, 'values' | 'told' | 'out'>;

/** Opens the backend that was asked for; says what was taken on stderr. */
export async function backendOf(
  { values, out }: Omit<OnBackend, 'told'>,
  open: typeof openBackend = openBackend,
): Promise<Backend> {
  const { backend, note } = await open(values.backend, values.dtype);
  if (note) out.note(note);
  out.note(`backend: ${backend.description}`);
  return backend;
}

/** The same for a network: float64 unless asked otherwise; `auto` measures. */
export async function networkBackendOf(
  { values, told, out }: OnBackend,
  network: () => Network,
): Promise<Backend> {
  const own = !told.has('backend') && !told.has('dtype');
  const asked = own ? ({ backend: 'cpu', dtype: 'f64' } as const) : values;
  const { backendFor } = await import('../network/run/open.ts');
  return backendOf({ values: asked, out }, (choice, dtype) =>
    choice === 'auto'
      ? backendFor(network(), choice, dtype)
      : openBackend(choice, dtype),
  );
}
