/** What an experiment can be told: named values with their origin, checked. */

import { OptionError } from '../base/errors.ts';

export type Value = string | number | boolean | readonly (string | number)[];

export interface Parameter {
  /** As it is unless told; its kind is the kind of every value. */
  readonly value: Value;
  readonly help: string;
  /** The paper's value, or one that it does not give. */
  readonly from: 'paper' | 'chosen';
  /** The texts that are allowed. */
  readonly oneOf?: readonly string[];
  /** Least number that is allowed. */
  readonly least?: number;
  readonly whole?: boolean;
}

/** Most of anything that is counted: more would fill the memory. */
const MOST = 1_000_000;

export type Parameters = Readonly<Record<string, Parameter>>;

/** The values of a run. */
export class Settings {
  readonly values: Readonly<Record<string, Value>>;
  private readonly of: string;

  /** Throws OptionError for names and values that the experiment has not. */
  constructor(
    of: string,
    parameters: Parameters,
    told: Readonly<Record<string, string>> = {},
  ) {
    this.of = of;
    const values: Record<string, Value> = {};
    for (const [name, parameter] of Object.entries(parameters)) {
      values[name] = parameter.value;
    }
    for (const [name, text] of Object.entries(told)) {
      if (!Object.hasOwn(parameters, name)) {
        throw new OptionError(
          `Experiment ${of} has no parameter "${name}": it has ` +
            (Object.keys(parameters).join(', ') || 'none'),
          { name },
        );
      }
      values[name] = read(name, text, parameters[name]);
    }
    this.values = values;
  }

  number(name: string): number {
    return this.get(name, 'number') as number;
  }

  text(name: string): string {
    return this.get(name, 'string') as string;
  }

  flag(name: string): boolean {
    return this.get(name, 'boolean') as boolean;
  }

  numbers(name: string): readonly number[] {
    return this.get(name, 'object') as readonly number[];
  }

  texts(name: string): readonly string[] {
    return this.get(name, 'object') as readonly string[];
  }

  private get(name: string, kind: string): Value {
    const value = this.values[name];
    // Kinds are those of the accessors above.
    const own: string = typeof value;
    if (own === kind) return value;
    throw new Error(`experiment ${this.of} reads "${name}" as ${kind}`);
  }
}

function read(name: string, text: string, parameter: Parameter): Value {
  const { value } = parameter;
  if (Array.isArray(value)) {
    const parts = text === '' ? [] : text.split(',').map((p) => p.trim());
    if (parts.length === 0) {
      throw new OptionError(
        `Parameter ${name} has no values: give some, as ${name}=${value.join()}`,
        { name },
      );
    }
    const kind = value[0];
    return parts.map((part) => readOne(name, part, kind, parameter));
  }
  return readOne(name, text, value as string | number | boolean, parameter);
}

function readOne<T extends string | number | boolean>(
  name: string,
  text: string,
  like: T,
  { oneOf, least, whole }: Parameter,
): T {
  const wrong = (remedy: string) =>
    new OptionError(`Parameter ${name} = "${text}": ${remedy}`, { name });
  if (typeof like === 'number') {
    const number = Number(text);
    const fits =
      text !== '' &&
      Number.isFinite(number) &&
      (least === undefined || number >= least) &&
      (!whole || number <= MOST) &&
      (!whole || Number.isInteger(number));
    if (fits) return number as T;
    const kind = whole ? 'a whole number' : 'a number';
    const from = least === undefined ? '' : ` >= ${least}`;
    throw wrong(`give ${kind}${from}${whole ? `, at most ${MOST}` : ''}`);
  }
  if (typeof like === 'boolean') {
    if (text === 'true' || text === 'false') return (text === 'true') as T;
    throw wrong('give true or false');
  }
  if (oneOf && !oneOf.includes(text)) {
    throw wrong(`use one of ${oneOf.join(', ')}`);
  }
  return text as T;
}
