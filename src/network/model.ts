/**
 * What a population computes each tick, written as formulas. From one text
 * come the float64 reference, its float32 twin and the WGSL, so a model
 * cannot mean different things on different backends.
 *
 * In each tick: `lets` in order, then all of `update` at once from the state
 * before the tick and what arrives in it, then `spike` on the new state, then
 * `reset` where it holds, then `outputs` of the state as it is then.
 */

import { OptionError, show } from '../base/errors.ts';
import { checkKeys } from '../base/options.ts';
import {
  depthOf,
  namesIn,
  type OwnFunctions,
  parseExpression,
} from '../formula/expression.ts';

export interface PopulationModel {
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

const KEYS = [
  'name',
  'ports',
  'parameters',
  'units',
  'derived',
  'state',
  'noise',
  'functions',
  'lets',
  'update',
  'spike',
  'reset',
  'outputs',
  'check',
];

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
    );
  }
  checkKeys('A population model', model, KEYS);
  checkParts(model);
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

/** Checks that the parts of a model are of the kinds that they must be. */
function checkParts(model: PopulationModel): void {
  const isTable = (table: unknown) =>
    typeof table === 'object' && table !== null && !Array.isArray(table);
  const formulas = (table: unknown) =>
    isTable(table) &&
    Object.values(table as object).every((f) => typeof f === 'string');
  const { ports, lets, spike, reset, outputs } = model;
  const parts: [string, boolean, string][] = [
    ['name', typeof model.name === 'string', 'a text'],
    ['ports', Array.isArray(ports), 'a list of names'],
    ['parameters', isTable(model.parameters), 'numbers by name'],
    ['state', isTable(model.state), 'starts by name'],
    ['update', formulas(model.update), 'formulas (texts) by state variable'],
    ['reset', !reset || formulas(reset), 'formulas (texts) by state variable'],
    ['outputs', !outputs || formulas(outputs), 'formulas (texts) by name'],
    ['lets', !lets || Array.isArray(lets), 'a list of [name, formula]'],
    [
      'spike',
      spike === undefined || (typeof spike === 'string' && /[<>=]/.test(spike)),
      "a comparison, as 'v > threshold'",
    ],
  ];
  for (const [part, fits, kind] of parts) {
    if (fits) continue;
    throw new OptionError(
      `Model ${show(model.name)}: its ${part} must be ${kind}, not ` +
        show(model[part as keyof PopulationModel]),
      { part },
    );
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

/** Whether the population sends spikes. */
export const isSpiking = (model: PopulationModel) => model.spike !== undefined;

/** Names of the graded outputs, the usual one first. */
export const outputsOf = (model: PopulationModel): string[] =>
  Object.keys(model.outputs ?? {});
