/** Which node of NIR a population is. */

import { OptionError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import type { Shape, Tensor } from '../base/tensor.ts';
import type { PopulationModel } from '../network/model.ts';
import { leaky, lif, relay } from '../network/models.ts';
import type { Population, Projection } from '../network/network.ts';
import { type PerNeuron, perNeuron, spreadOver } from '../network/values.ts';
import { origins } from './convert.ts';
import { ELEMENTWISE, type NirNode } from './graph.ts';
import { nirAffine, nirModels, seconds } from './models.ts';

export interface Core {
  readonly node: NirNode;
  readonly input: Shape;
  readonly output: Shape;
  /** Whether the node holds the synapses of all that leads into it. */
  readonly mapped: boolean;
}

/** Most numbers in the dense matrices of a graph: 1 GiB of float64. */
export const MOST_WEIGHTS = 2 ** 27;

/**
 * The node of a population. `whole`: all that arrives is edges of the NIR
 * graph that it was made of.
 *
 * @throws OptionError
 */
export function coreOf(
  population: Population,
  arriving: readonly Projection[],
  whole: boolean,
  seed: number,
): Core {
  const { name, size, model, source } = population;
  const origin = origins.get(population);
  const metadata = origin?.node.metadata
    ? { metadata: origin.node.metadata }
    : {};
  const shape = origin ? origin.shapes.output : [size];
  const plain = (node: NirNode): Core => {
    return { node, input: shape, output: shape, mapped: false };
  };
  const tensor = (data: ArrayLike<number>): Tensor => ({ shape, data });
  if (source) {
    if (source.kind !== 'live' && source.options.trials) {
      throw new OptionError(
        `Source "${name}" gives several trials, which NIR cannot say: write a ` +
          'network of one',
        { population: name },
      );
    }
    return plain({ type: 'Input', shape, ...metadata });
  }
  const values = (parameter: string) => valuesOf(population, parameter, seed);
  const full = (value: number) => new Float64Array(size).fill(value);
  const inSeconds = (parameter: string) =>
    Float64Array.from(values(parameter), seconds);
  checkStart(population, seed);

  const own = Object.entries(nirModels).find(([, one]) => same(one, model));
  if (own) {
    const [type] = own;
    const parameters = ELEMENTWISE[type]!.map((parameter) => [
      parameter,
      tensor(values(parameter)),
    ]);
    const fields = Object.fromEntries(parameters);
    return plain({ type, ...fields, ...metadata } as unknown as NirNode);
  }
  if (same(lif, model)) {
    checkLif(population, arriving, values('refractory'));
    return plain({
      type: 'LIF',
      tau: tensor(inSeconds('tau')),
      r: tensor(values('r')),
      v_leak: tensor(values('E')),
      v_threshold: tensor(values('threshold')),
      v_reset: tensor(values('reset')),
    });
  }
  if (same(leaky(), model)) {
    return plain({
      type: 'LI',
      tau: tensor(inSeconds('tau')),
      r: tensor(full(1)),
      v_leak: tensor(full(0)),
    });
  }
  const passes = same(relay, model);
  if (!passes && !same(nirAffine, model)) {
    throw new OptionError(
      `Population "${name}" of model "${model.name}" has no counterpart in ` +
        'NIR: use lif, leaky(), relay or the models of NIR',
      { population: name, model: model.name },
    );
  }
  if (origin && whole && !isPort(origin.node, origin.nested)) {
    const { node, shapes } = origin;
    return { node, ...shapes, mapped: true };
  }
  if (origin?.node.type === 'Output' && !origin.nested) {
    return plain({ type: 'Output', shape, ...metadata });
  }
  if (passes) {
    return plain({ type: 'Scale', scale: tensor(values('gain')), ...metadata });
  }
  // An identity with a bias, of one axis.
  if (size * size > MOST_WEIGHTS) {
    throw new OptionError(
      `Population "${name}" adds a bias to ${size} neurons, for which NIR needs ` +
        `a matrix of more than ${MOST_WEIGHTS} numbers: use fewer`,
      { population: name },
    );
  }
  const weight = new Float64Array(size * size);
  for (let i = 0; i < size; i++) weight[i * size + i] = 1;
  return {
    node: {
      type: 'Affine',
      weight: { shape: [size, size], data: weight },
      bias: { shape: [size], data: values('bias') },
    },
    input: [size],
    output: [size],
    mapped: false,
  };
}

/** Ports pass on what arrives: no node of NIR is needed for their edges. */
const isPort = (node: NirNode, nested: boolean) =>
  node.type === 'Input' || (node.type === 'Output' && nested);

/** Whether two models compute the same; parameters' values aside. */
function same(known: PopulationModel, model: PopulationModel): boolean {
  const parts = (one: PopulationModel) =>
    JSON.stringify([
      Object.keys(one.parameters),
      String(one.derived),
      one.ports,
      one.state,
      one.lets ?? [],
      one.update,
      one.spike ?? null,
      one.reset ?? {},
      one.outputs ?? {},
      one.noise ?? {},
      Object.keys(one.functions ?? {}),
    ]);
  return known === model || parts(known) === parts(model);
}

/** A parameter of each neuron; what is float32 stays it. */
function valuesOf(
  { name, size, model, options }: Population,
  parameter: string,
  seed: number,
): Float32Array | Float64Array {
  const given = options.parameters?.[parameter];
  const drawn = perNeuron(
    `Parameter ${parameter} of "${name}"`,
    given ?? model.parameters[parameter]!,
    size,
    new Random(seed, `${name}/parameters/${parameter}`),
  );
  const all = spreadOver(drawn, size);
  return given instanceof Float32Array ? Float32Array.from(all) : all;
}

function checkLif(
  { name }: Population,
  arriving: readonly Projection[],
  refractory: ArrayLike<number>,
): void {
  for (const { name: projection, port } of arriving) {
    if (port === 'current') continue;
    throw new OptionError(
      `Projection "${projection}" arrives on port ${port} of "${name}", which ` +
        'steps v at once; NIR has currents only: use port current',
      { projection, port },
    );
  }
  const rest = Array.from(refractory).find((ms) => ms !== 0);
  if (rest === undefined) return;
  throw new OptionError(
    `Population "${name}" rests ${rest} ms after a spike, which NIR cannot ` +
      'say: set refractory to 0',
    { population: name, refractory: rest },
  );
}

/** NIR has no initial state: it must be the one a reader would take. */
function checkStart(population: Population, seed: number): void {
  const { name, size, model, options } = population;
  const numbers = (given: PerNeuron, stream: string) => {
    const random = new Random(seed, stream);
    return spreadOver(
      perNeuron(`Start of "${name}"`, given, size, random),
      size,
    );
  };
  for (const [variable, given] of Object.entries(options.start ?? {})) {
    const usual = model.state[variable]!;
    const rest =
      typeof usual === 'number'
        ? numbers(usual, '')
        : valuesOf(population, usual, seed);
    const start = numbers(given, `${name}/start/${variable}`);
    if (start.every((value, i) => value === rest[i])) continue;
    throw new OptionError(
      `Population "${name}" starts with a ${variable} of its own, which NIR ` +
        'cannot say: let it start at rest',
      { population: name, variable },
    );
  }
  for (const [output, given] of Object.entries(options.history ?? {})) {
    if (numbers(given, `${name}/history/${output}`).every((x) => x === 0)) {
      continue;
    }
    throw new OptionError(
      `Population "${name}" has a history of ${output}, which NIR cannot say: ` +
        'leave it out',
      { population: name, output },
    );
  }
}
