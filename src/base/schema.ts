/**
 * Options, each declared once: from the declaration come the check, the
 * default, the text of a refusal, the reading of a command line, and the lines
 * of help and lists. A typo is an error, never a default.
 */

import { OptionError, show } from './errors.ts';

/** What is said of an option of any kind. */
export interface About<T> {
  /** What it means, in a few words: help adds words and default. */
  readonly help?: string;
  /** Its value if it is not given; without, it must be given ... */
  readonly default?: T;
  /** ... or may be left out. */
  readonly optional?: true;
  /** What happens if it is left out, for help: 'of the recipe'. */
  readonly otherwise?: string;
  readonly unit?: string;
  /** Whether the paper gives the default, or we chose it. */
  readonly from?: 'paper' | 'chosen';
  /** Where the default stands: 'Song 2020, Table 1'. */
  readonly source?: string;
  /** What stands for the value in help: N, FILE. */
  readonly placeholder?: string;
  /** One letter that stands for it on a command line. */
  readonly short?: string;
  /** A command line may tell it many times. */
  readonly repeated?: true;
}

/** Bounds of a number; `above` and `below` are not allowed themselves. */
export interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/**
 * An option, whose value is a T: undefined is one where the option may be left
 * out and has no default. Plain data but for `parse` and `refused`.
 */
export interface Option<T = unknown, Needed extends boolean = boolean>
  extends About<unknown>,
    Bounds {
  readonly kind: 'number' | 'whole' | 'flag' | 'text' | 'list' | 'other';
  readonly default?: T;
  readonly needed: Needed;
  /** What may be given, as after "give". */
  readonly allowed: string;
  /** The words that are allowed, where only some are. */
  readonly words?: readonly string[];
  /** The value that a text means; the text itself if it means none. */
  parse(text: string): unknown;
  /** What of a value does not fit, and what would; null if all fits. */
  refused(value: unknown): { value: unknown; allowed: string } | null;
}

/** The option of values T that is declared as A. */
type OptionOf<T, A> = A extends { default: T }
  ? Option<T, false>
  : A extends { optional: true }
    ? Option<T | undefined, false>
    : Option<T, true>;

function option<T, A>(
  about: A & About<T>,
  kind: Option['kind'],
  what: string,
  fits: (value: unknown) => boolean,
  more: Partial<Option> = {},
): OptionOf<T, A> {
  const allowed = about.unit ? `${what}, in ${about.unit}` : what;
  return {
    parse: (text: string) => text,
    refused: (value: unknown) => (fits(value) ? null : { value, allowed }),
    ...{ ...more, ...about, kind, allowed },
    needed: about.default === undefined && !about.optional,
  } as unknown as OptionOf<T, A>;
}

/** A finite number within bounds. */
export const number = <const A extends About<number> & Bounds = object>(
  about: A = {} as A,
) =>
  option<number, A>(
    about,
    'number',
    `a number${inWords(about)}`,
    (value) => Number.isFinite(value) && isWithin(value as number, about),
    { parse: parseNumber, placeholder: 'X' },
  );

/** A whole number within bounds, by default from 0 on. */
export const whole = <const A extends About<number> & Bounds = object>(
  about: A = {} as A,
) => {
  const bounds = { least: 0, ...about };
  return option<number, A>(
    about,
    'whole',
    `a whole number${inWords(bounds)}`,
    (value) => Number.isSafeInteger(value) && isWithin(value as number, bounds),
    { parse: parseNumber, placeholder: 'N' },
  );
};

/** true or false; false if nothing is said of it. */
export const flag = (about: About<boolean> = {}) =>
  option<boolean, { default: boolean }>(
    { default: false, ...about },
    'flag',
    'true or false',
    (value) => typeof value === 'boolean',
    { parse: (text) => (/^(true|false)$/.test(text) ? text === 'true' : text) },
  );

/** Any text, such as the name of a file. */
export const text = <const A extends About<string> = object>(
  about: A = {} as A,
) =>
  option<string, A>(
    about,
    'text',
    'a text',
    (value) => typeof value === 'string',
    { placeholder: 'TEXT' },
  );

/** One of some words. */
export const oneOf = <
  const T extends string,
  const A extends About<NoInfer<T>> = object,
>(
  words: readonly T[],
  about: A = {} as A,
) =>
  option<T, A>(
    about,
    'text',
    words.length === 1 ? words[0]! : `one of ${words.join(', ')}`,
    (value) => words.includes(value as T),
    { words, placeholder: 'NAME' },
  );

/** At least one value of a kind; a text has commas between them. */
export const list = <T, const A extends About<readonly NoInfer<T>[]>>(
  of: Option<T>,
  about: A,
) => {
  const { words, placeholder, allowed: each } = of;
  const allowed = `a list, each ${each}`;
  return option<readonly T[], A>(about, 'list', allowed, () => true, {
    words,
    placeholder: `${placeholder},...`,
    parse: (text) =>
      text === '' ? [] : text.split(',').map((part) => of.parse(part.trim())),
    refused(value) {
      if (!Array.isArray(value) || value.length === 0)
        return { value, allowed };
      return value.map(of.refused).find((refusal) => refusal) ?? null;
    },
  });
};

/** What one of some options takes. */
export const either = <
  O extends Option,
  const A extends About<NoInfer<ValueOf<O>>>,
>(
  options: readonly O[],
  about: A,
) =>
  option<ValueOf<O>, A>(
    about,
    'other',
    options.map(({ allowed }) => allowed).join(' or '),
    (value) => options.some((each) => !each.refused(value)),
    {
      placeholder: options.map((each) => each.placeholder).join('|'),
      parse: (text) =>
        options
          .map((each) => each.parse(text))
          .find((value) => value !== text) ?? text,
    },
  );

export const isObject = (value: unknown) => Object(value) === value;
export const isFunction = (value: unknown) => typeof value === 'function';

/** A value of any other type, which only a program can give. */
export const made = <T>(
  allowed: string,
  fits: (value: unknown) => boolean,
  about: About<T> = {},
) => option(about, 'other', allowed, fits) as unknown as Option<T, true>;

/** The same where it may be left out. */
export const maybe = <T>(
  allowed: string,
  fits: (value: unknown) => boolean,
  about: About<T> = {},
) =>
  made(allowed, fits, { ...about, optional: true }) as unknown as Option<
    T | undefined,
    false
  >;

/** Options by name, as they are declared. */
export type Fields = Readonly<Record<string, Option>>;

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** All values, after defaults. */
export type Values<F> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** What may be given. */
export type Given<F> = Partial<Values<F>> & {
  readonly [K in keyof F as F[K] extends Option<unknown, true>
    ? K
    : never]: ValueOf<F[K]>;
};

/**
 * The options that an interface needs: `{...} satisfies FieldsOf<ZilOptions>`;
 * `read` checks the other way that the interface has no more than those.
 */
export type FieldsOf<I> = {
  readonly [K in keyof I]-?: Option<
    I[K],
    undefined extends I[K] ? false : true
  >;
};

/** The options of something. */
export class Schema<const F extends Fields> {
  /** Whose options they are, as it stands at the start of a sentence. */
  readonly of: string;
  /** In the order of help and lists. */
  readonly fields: F;
  /** What stands before a name in a sentence: 'Parameter ', 'Option --'. */
  private readonly before: string;

  constructor(of: string, fields: F, before = 'Option ') {
    this.of = of;
    this.fields = fields;
    this.before = before;
  }

  /** All values, in the order of the declaration. Throws OptionError. */
  read(given: Given<F>): Values<F> {
    const { of, fields, noun } = this;
    checkNames(of, given, this.names, noun);
    const read = ([name, option]: [string, Option]) => {
      const { default: usual, needed, allowed } = option;
      const value = given[name] === undefined ? usual : given[name];
      if (value === undefined && needed) {
        throw new OptionError(`${of} needs ${noun} ${name}: give ${allowed}`, {
          ...{ of, name, value, allowed },
        });
      }
      const refusal = value === undefined ? null : option.refused(value);
      if (!refusal) return [name, value];
      throw this.error(name, refusal.value, `give ${refusal.allowed}`);
    };
    return Object.fromEntries(Object.entries(fields).map(read)) as Values<F>;
  }

  /** What texts mean, `name=value` each or by name; `read` checks it. */
  parse(texts: readonly string[] | Readonly<Record<string, string>>): Given<F> {
    const pairs = Array.isArray(texts)
      ? texts.map(pair)
      : Object.entries(texts);
    // No prototype: `__proto__` is an unknown option like any other.
    const given: Record<string, unknown> = Object.create(null);
    for (const [name, text] of pairs) {
      if (Object.hasOwn(this.fields, name)) {
        given[name] = this.fields[name]!.parse(text);
      } else throw unknownName(this.of, name, this.names, this.noun);
    }
    return given as Given<F>;
  }

  /** The error of a value that cannot be used: fact, value, then `remedy`. */
  error(name: keyof F & string, value: unknown, remedy: string): OptionError {
    const { of, before } = this;
    // A function is named by whoever calls it.
    const phrase = of.includes(' ');
    const at = phrase ? ` of ${of[0]!.toLowerCase()}${of.slice(1)}` : '';
    return new OptionError(
      `${before}${name} = ${show(value)}${at}: ${remedy}`,
      { of, name, value, allowed: this.fields[name]!.allowed },
    );
  }

  private get noun(): string {
    return this.before.split(' ')[0]!.toLowerCase();
  }

  private get names(): string[] {
    return Object.keys(this.fields);
  }
}

/** Checks that an object has no key but those known. Throws OptionError. */
export function checkNames(
  of: string,
  given: object,
  names: readonly string[],
  noun = 'option',
): void {
  if (typeof given !== 'object' || given === null) {
    const data = { of, value: given, allowed: names };
    throw new OptionError(`${of} takes an object, not ${show(given)}`, data);
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw unknownName(of, name, names, noun);
  }
}

const unknownName = (
  of: string,
  name: string,
  allowed: readonly string[],
  noun: string,
) =>
  new OptionError(
    `${of} has no ${noun} "${name}": it takes ${allowed.join(', ') || 'none'}`,
    { of, name, allowed },
  );

/** An option in a line of help: what it means, its words, its default. */
export function lineOf(option: Option): string {
  const { help = '', words, otherwise, default: usual } = option;
  const all = words ? `${help}: ${words.join(', ')}` : help;
  if (otherwise === undefined && (usual === undefined || usual === false))
    return all;
  return `${all} (${otherwise ?? usual})`;
}

/** The name and the value of `name=value`. Throws OptionError. */
function pair(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new OptionError(`Option --param ${show(text)}: give NAME=VALUE`, {
    ...{ name: 'param', value: text, allowed: 'NAME=VALUE' },
  });
}

/** A text that is no number stays one, for the check to refuse. */
function parseNumber(text: string): number | string {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : text;
}

const isWithin = (
  value: number,
  {
    least = -Infinity,
    above = -Infinity,
    most = Infinity,
    below = Infinity,
  }: Bounds,
) => value >= least && value > above && value <= most && value < below;

/** Bounds as they stand after "a number". */
function inWords({ least, above, most, below }: Bounds): string {
  if (least !== undefined && most !== undefined) {
    return ` from ${least} to ${most}`;
  }
  const bounds = { '>=': least, above, '<=': most, below };
  const said = Object.entries(bounds).filter(([, at]) => at !== undefined);
  return said.map(([word, at]) => ` ${word} ${at}`).join(' and');
}
