/** Samples of text: a trained model writes on, character by character. */

import { type OnBackend, withBackend } from '../backends/open.ts';
import { OptionError, ShapeError } from '../base/errors.ts';
import { Random, seed } from '../base/random.ts';
import {
  type FieldsOf,
  isObject,
  made,
  maybe,
  number,
  Schema,
  text,
  type Values,
  whole,
} from '../base/schema.ts';
import { yielder } from '../base/turns.ts';
import { decodeText, encodeText } from '../data/text.ts';
import { type Graph, inputsOf } from '../graph/graph.ts';
import type { Rule } from '../rules/rule.ts';
import { Simulation } from '../simulation/simulate.ts';
import { startFrom, type Weights } from './learner.ts';
import { largest } from './score.ts';

/** A trained model: what it is, and its weights. */
export interface TrainedModel extends OnBackend {
  /** The graph for a batch of one. */
  readonly graph: Graph;
  /** The rule that it was trained by. */
  readonly rule: Rule;
  /** Values of parameters by id; others start as the graph says. */
  readonly weights: ReadonlyMap<string, Weights>;
}

/** Options of `sampleText`. */
export interface SampleOptions {
  /**
   * A simulation, or a trained model, of a graph for a batch of one: inputs `x1`
   * .. `xT` (one-hot) or `tokens` [1, T], and an output row for each of the T
   * characters. `Simulation.variant` makes one on the parameters of another.
   */
  readonly simulation: Simulation | TrainedModel;
  /** The vocabulary, in the order of the outputs. */
  readonly characters: readonly string[];
  /** What comes before; the first character of the vocabulary if empty. Default ''. */
  readonly prompt?: string;
  /** Characters to write, a whole number >= 0. */
  readonly length: number;
  /** >= 0: 1 draws as the model says, less is bolder; 0 takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** Seed of what is drawn, a whole number below 2^32. Default 1. */
  readonly seed?: number;
  /** Ends it early, with what is written by then. */
  readonly stop?: AbortSignal;
}

const sampleOptions = new Schema('sampleText', {
  simulation: made('a simulation or a trained model', isObject),
  characters: made('a list of characters', Array.isArray),
  prompt: text({ default: '' }),
  length: whole(),
  temperature: number({ least: 0, default: 1 }),
  seed,
  stop: maybe('an AbortSignal', isObject),
} satisfies FieldsOf<SampleOptions>);

/**
 * Writes on from a prompt, which is not part of the result. The model sees
 * the last T characters, from its first position on, so that positions are
 * used as they were in training. The same seed gives the same text.
 */
export async function sampleText(options: SampleOptions): Promise<string> {
  const own = sampleOptions.read(options);
  const { simulation } = own;
  if (simulation instanceof Simulation) return write(simulation, own);
  const { graph, rule, weights } = simulation;
  return withBackend(simulation, async (backend) => {
    const opened = Simulation.open(graph, { rule, backend });
    try {
      return await write(startFrom(opened, weights), own);
    } finally {
      opened.destroy();
    }
  });
}

async function write(
  simulation: Simulation,
  options: Values<typeof sampleOptions.fields>,
): Promise<string> {
  const { characters, prompt, length, temperature, seed, stop } = options;
  const reader = readerOf(simulation, characters.length);
  const start = prompt === '' ? characters.slice(0, 1) : prompt;
  const seen = [...encodeText(start, characters)];
  const from = seen.length;
  const random = new Random(seed, 'sample');
  const yieldNow = yielder();
  while (seen.length - from < length) {
    await yieldNow();
    if (stop?.aborted) break;
    const window = seen.slice(-reader.places);
    const output = await simulation.predict(reader.feeds(window));
    const at = (window.length - 1) * characters.length;
    const row = output.subarray(at, at + characters.length);
    seen.push(draw(row, temperature, random));
  }
  return decodeText(seen.slice(from), characters);
}

interface Reader {
  /** T: characters that are seen at once. */
  readonly places: number;
  /** Values of the inputs; places after the last character are 0. */
  feeds(window: readonly number[]): Record<string, ArrayLike<number>>;
}

/** How a graph reads text. Throws OptionError, ShapeError. */
function readerOf({ graph }: Simulation, width: number): Reader {
  // An input with values of its own, as a first state, is no text.
  const all = inputsOf(graph).filter(({ id }) => !graph.data.has(id));
  const inputs = all.filter(({ id }) => id !== 'step');
  const tokens = inputs.find(({ id }) => id === 'tokens');
  const places = tokens?.size ?? inputs.length;
  const fits = inputs.every(({ id, size }) =>
    tokens
      ? inputs.length === 1
      : size === width && inputs.some((_, t) => id === `x${t + 1}`),
  );
  if (places === 0 || !fits) {
    throw new OptionError(
      `The model reads ${inputs.map((v) => `${v.id} of ${v.size}`).join(', ')}, ` +
        `not tokens, nor x1, x2, ... of ${width} each: sample a model of ` +
        'text, with a batch of 1',
      { inputs: inputs.map(({ id, size }) => ({ id, size })), width },
    );
  }
  if (graph.output.size !== places * width) {
    throw new ShapeError(
      `The model has ${graph.output.size} outputs but ${places} characters of ` +
        `${width} kinds need ${places * width}: give a row for each place`,
      { outputs: graph.output.size, places, width },
    );
  }
  const counts = all.length > inputs.length;
  const step: Record<string, ArrayLike<number>> = counts ? { step: [1] } : {};
  return {
    places,
    feeds(window) {
      if (tokens) {
        const numbers = new Float32Array(places);
        numbers.set(window);
        return { tokens: numbers, ...step };
      }
      const feeds = { ...step };
      for (let t = 0; t < places; t++) {
        const x = new Float32Array(width);
        if (t < window.length) x[window[t]!] = 1;
        feeds[`x${t + 1}`] = x;
      }
      return feeds;
    },
  };
}

/** One place by its part of softmax(values / temperature). */
function draw(
  values: ArrayLike<number>,
  temperature: number,
  random: Random,
): number {
  const best = largest(values);
  if (temperature === 0) return best;
  const parts = Array.from(values, (value) =>
    Math.exp((value - values[best]!) / temperature),
  );
  let left = random.uniform() * parts.reduce((sum, part) => sum + part, 0);
  const at = parts.findIndex((part) => {
    left -= part;
    return left < 0;
  });
  // Rounding may leave nothing to be chosen.
  return at < 0 ? best : at;
}
