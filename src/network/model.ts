import { OptionError, show } from '../base/errors.ts';
import {
  type FieldsOf,
  isFunction,
  isObject,
  made,
  maybe,
  Schema,
  text,
} from '../base/schema.ts';
import {
  depthOf,
  namesIn,
  type OwnFunctions,
  parseExpression,
} from '../formula/expression.ts';
import type { PerNeuron } from './values.ts';

/**
 * What a population computes each tick, written as formulas. From one text
 * come the float64 reference, its float32 twin and the WGSL, so a model
 * cannot mean different things on different backends.
 *
 * In each tick: `lets` in order, then all of `update` at once from the state
 * before the tick and what arrives in it, then `spike` on the new state, then
 * `reset` where it holds, then `outputs` of the state as it is then.
 */
export interface PopulationModel {
  /** Its name, such as lif, for people and errors. */
  readonly name: string;
  /** Where projections arrive; the first is the one meant if none is named. */
  readonly ports: readonly string[];
  /** Parameters with their usual values; a population may give its own. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Units of parameters and state, for people. */
  readonly units?: Readonly<Record<string, string>>;
  /** Constants of the formulas made of parameters and dt (ms), in float64. */
  readonly derived?: (
    parameters: Readonly<Record<string, number>>,
    dt: number,
  ) => Record<string, number>;
  /** State variables with their usual start: a number, or a parameter's name. */
  readonly state: Readonly<Record<string, number | string>>;
  /** Random numbers, new for each neuron and tick. */
  readonly noise?: Readonly<Record<string, 'normal' | 'uniform'>>;
  /** Functions of one's own that formulas call, in TypeScript and WGSL. */
  readonly functions?: OwnFunctions;
  /** Intermediate results. */
  readonly lets?: readonly (readonly [name: string, formula: string])[];
  /** New state; a variable that is not named keeps its value. */
  readonly update: Readonly<Record<string, string>>;
  /** A comparison on the new state; a model without it sends no spikes. */
  readonly spike?: string;
  /** State of a neuron that has just sent a spike. */
  readonly reset?: Readonly<Record<string, string>>;
  /** Graded values that are sent; the first is the one meant. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Throws where parameters cannot be used. */
  readonly check?: (parameters: Readonly<Record<string, number>>) => void;
}

const isTable = (table: unknown) => isObject(table) && !Array.isArray(table);
const isText = (value: unknown) => typeof value === 'string';
const isFormulas = (table: unknown) =>
  isTable(table) && Object.values(table as object).every(isText);

const formulas = 'formulas (texts) by name';

/** The parts of a model, which must be of their kinds. */
const parts = {
  name: text(),
  ports: made('a list of names', Array.isArray),
  parameters: made('numbers by name', isTable),
  units: maybe('texts by name', isTable),
  derived: maybe('a function', isFunction),
  state: made('starts by name', isTable),
  noise: maybe('kinds by name', isTable),
  functions: maybe('functions by name', isTable),
  lets: maybe('a list of [name, formula]', Array.isArray),
  update: made(formulas, isFormulas),
  spike: maybe(
    "a comparison, as 'v > threshold'",
    (spike) => isText(spike) && /[<>=]/.test(spike as string),
  ),
  reset: maybe(formulas, isFormulas),
  outputs: maybe(formulas, isFormulas),
  check: maybe('a function', isFunction),
} satisfies FieldsOf<PopulationModel>;

const NAME = /^[A-Za-z]\w*$/;

/** Operations, one in another, that parsers of WGSL follow with ease. */
const DEEPEST = 40;

/** Names that formulas use otherwise. */
const TAKEN = ['dt'];

/**
 * Checks a model: known keys, names that can stand in formulas and mean one
 * thing, formulas that can be read and use known names only.
 *
 * @throws OptionError, and GraphError from a formula
 */
export function checkModel(model: PopulationModel): void {
  if (typeof model !== 'object' || model === null) {
    throw new OptionError(
      `A population model is an object of formulas, such as lif or leaky(), not ` +
        (typeof model === 'function' ? 'a function: call it' : show(model)),
      { value: model },
    );
  }
  const of = `Model ${show(model.name)}`;
  new Schema(of, parts, 'Part ').read(model);
  const { name, state, parameters, ports } = model;
  const fail = (text: string): never => {
    throw new OptionError(`Model "${name}" ${text}`, { model: name });
  };
  for (const [name, { parameters, js, wgsl }] of Object.entries(
    model.functions ?? {},
  )) {
    const whole =
      NAME.test(name) &&
      parameters.every((parameter) => NAME.test(parameter)) &&
      typeof js === 'function' &&
      typeof wgsl === 'string';
    if (whole) continue;
    throw new OptionError(
      `Function "${name}" of model "${model.name}" needs parameters (names), ` +
        'js (a function) and wgsl (the body of one)',
      { model: model.name, name },
    );
  }
  const seen = new Set(TAKEN);
  const add = (known: string) => {
    if (!NAME.test(known)) {
      fail(`has the name ${show(known)}: use letters, digits and _`);
    }
    if (known in {}) fail(`uses the name "${known}", which objects have`);
    if (seen.has(known)) fail(`uses the name "${known}" twice`);
    seen.add(known);
  };
  for (const each of [
    ...Object.keys(parameters),
    ...Object.keys(derivedOf(model, parameters, 1)),
    ...Object.keys(state),
    ...ports,
    ...Object.keys(model.noise ?? {}),
  ]) {
    add(each);
  }
  const check = (formula: string) => {
    const parsed = parseExpression(formula, model.functions);
    if (depthOf(parsed) > DEEPEST) {
      fail(
        `nests ${depthOf(parsed)} operations in one formula, and compilers of ` +
          `WGSL take ${DEEPEST}: split it into lets`,
      );
    }
    for (const used of namesIn(parsed)) {
      if (!seen.has(used)) {
        fail(
          `uses "${used}" in "${formula}", which it does not have: there are ` +
            [...seen].join(', '),
        );
      }
    }
  };
  for (const [made, formula] of model.lets ?? []) {
    check(formula);
    add(made);
  }
  for (const table of [model.update, model.reset ?? {}]) {
    for (const [variable, formula] of Object.entries(table)) {
      if (!Object.hasOwn(state, variable)) {
        fail(`sets "${variable}", which is no state variable`);
      }
      check(formula);
    }
  }
  if (model.reset && !model.spike) fail('has a reset but no spike');
  if (model.spike) check(model.spike);
  for (const [output, formula] of Object.entries(model.outputs ?? {})) {
    if (!NAME.test(output)) fail(`has an output ${show(output)}`);
    check(formula);
  }
  for (const [variable, start] of Object.entries(state)) {
    const known =
      typeof start === 'number'
        ? Number.isFinite(start)
        : Object.hasOwn(parameters, start);
    if (!known) {
      fail(
        `starts "${variable}" at ${show(start)}: give a number or parameter`,
      );
    }
  }
}

/** Derived constants, checked to be numbers. */
export function derivedOf(
  model: PopulationModel,
  parameters: Readonly<Record<string, number>>,
  dt: number,
): Record<string, number> {
  return model.derived?.(parameters, dt) ?? {};
}

/**
 * The constants that a population's formulas use, by name: parameters, what is
 * derived of them, dt. One number for all neurons, or one for each.
 *
 * @throws OptionError, NonFiniteError
 */
export function constantsOf(
  population: {
    readonly name: string;
    readonly size: number;
    readonly model: PopulationModel;
    readonly options: {
      readonly parameters?: Readonly<Record<string, PerNeuron>>;
    };
  },
  dt: number,
  numbers: (
    what: string,
    given: PerNeuron,
    stream: string,
  ) => number | Float64Array,
): Map<string, number | Float64Array> {
  const { name, size, model, options } = population;
  const given = Object.entries(model.parameters).map(
    ([parameter, usual]) =>
      [
        parameter,
        numbers(
          `Parameter ${parameter} of "${name}"`,
          options.parameters?.[parameter] ?? usual,
          `${name}/parameters/${parameter}`,
        ),
      ] as const,
  );
  const at = (neuron: number) =>
    Object.fromEntries(
      given.map(([parameter, value]) => [
        parameter,
        typeof value === 'number' ? value : value[neuron]!,
      ]),
    );
  const varies = given.some(([, value]) => typeof value !== 'number');
  const neurons = varies
    ? Array.from({ length: size }, (_, i) => at(i))
    : [at(0)];
  for (const parameters of neurons) model.check?.(parameters);
  const made = neurons.map((parameters) => derivedOf(model, parameters, dt));
  const derived = Object.keys(made[0]!).map((constant) => {
    const values = Float64Array.from(made, (each) => each[constant]!);
    const same = values.every((value) => value === values[0]);
    return [constant, same ? values[0]! : values] as const;
  });
  const used = usedNames(model);
  const all = [...given, ...derived, ['dt', dt] as const];
  const constants = new Map(all.filter(([constant]) => used.has(constant)));
  for (const [constant, value] of constants) {
    for (const each of typeof value === 'number' ? [value] : value) {
      if (Number.isFinite(each)) continue;
      throw new OptionError(
        `Constant ${constant} of "${name}" is ${each}: its parameters cannot ` +
          'be used together',
        { population: name, constant, value: each },
      );
    }
  }
  return constants;
}

/** Names that the formulas of a model use. */
function usedNames(model: PopulationModel): Set<string> {
  const formulas = [
    ...(model.lets ?? []).map(([, formula]) => formula),
    ...Object.values(model.update),
    ...Object.values(model.reset ?? {}),
    ...Object.values(model.outputs ?? {}),
    ...(model.spike ? [model.spike] : []),
  ];
  return new Set(
    formulas.flatMap((f) => namesIn(parseExpression(f, model.functions))),
  );
}

/** Whether the population sends spikes. */
export const isSpiking = (model: PopulationModel) => model.spike !== undefined;

/** Names of the graded outputs, the usual one first. */
export const outputsOf = (model: PopulationModel): string[] =>
  Object.keys(model.outputs ?? {});
