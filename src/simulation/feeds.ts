/** What a presentation is fed: data inputs, the target, and noise if any. */

import { OptionError, ShapeError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { checkFinite, type DType } from '../base/tensor.ts';
import { type Graph, indexBound, inputsOf } from '../graph/graph.ts';
import type { Levelled } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';

/** Values by id of a data input; `target` for the clamped output. */
export type Feeds = Readonly<Record<string, ArrayLike<number>>>;

/** How noise is drawn where none is fed; sigma 0 is no noise. */
export interface Noise {
  readonly sigma: number;
  readonly seed: number;
  /** Number of the presentation. */
  readonly presentation: number;
}

/**
 * All values of one presentation by name, checked: nothing may be fed before
 * everything is known to be right. Throws OptionError for an unknown or
 * missing name, ShapeError, NonFiniteError.
 */
export function presentationFeeds(
  graph: Graph,
  levelled: Levelled,
  feeds: Feeds,
  noise: Noise,
  dtype: DType,
): Map<string, ArrayLike<number>> {
  const { output } = levelled.graph;
  const data = levelled.vertices.filter(({ op }) => op === 'input');
  const hidden = levelled.vertices.filter((v) => !v.isLeaf && v !== output);
  const noisy = noise.sigma > 0 ? hidden : [];
  checkNames(
    graph,
    feeds,
    noisy.map(({ id }) => noiseName(id)),
  );
  return new Map([
    ...data.map(
      (vertex) => [vertex.id, inputFeed(graph, vertex, feeds, dtype)] as const,
    ),
    ['target', checkedFeed('target', output.size, feeds, dtype)],
    ...noisy.map(({ id, size }) => {
      const name = noiseName(id);
      const given = Object.hasOwn(feeds, name);
      const values = given
        ? checkedFeed(name, size, feeds, dtype)
        : draw(name, size, noise);
      return [name, values] as const;
    }),
  ]);
}

const noiseName = (id: string) => `noise/${id}`;

/** A data input that was dropped may be fed: nothing reads it. */
function checkNames(graph: Graph, feeds: Feeds, more: readonly string[]): void {
  if (typeof feeds !== 'object' || feeds === null) {
    throw new OptionError('No data was given: pass values by name', {
      value: feeds,
    });
  }
  const ids = inputsOf(graph).map(({ id }) => id);
  const known = [...ids, 'target', ...more];
  for (const name of Object.keys(feeds)) {
    if (!known.includes(name)) {
      throw new OptionError(
        `No data input "${name}": there are ${known.join(', ')}`,
        { name },
      );
    }
  }
}

/** Values of the data inputs alone, for a forward sweep. Throws the same. */
export function inputFeeds(
  graph: Graph,
  levelled: Levelled,
  feeds: Feeds,
  dtype: DType,
): Map<string, ArrayLike<number>> {
  checkNames(graph, feeds, []);
  const data = levelled.vertices.filter(({ op }) => op === 'input');
  return new Map(
    data.map((vertex) => [vertex.id, inputFeed(graph, vertex, feeds, dtype)]),
  );
}

/** Values of a data input: fed, or those that came with the graph. */
function inputFeed(
  graph: Graph,
  { id, size }: Vertex,
  feeds: Feeds,
  dtype: DType,
): ArrayLike<number> {
  const own = graph.data.get(id);
  const given = Object.hasOwn(feeds, id) || !own ? feeds : { [id]: own.data };
  const values = checkedFeed(id, size, given, dtype);
  const below = indexBound(graph, id);
  if (below === null) return values;
  for (let i = 0; i < values.length; i++) {
    if (Number.isInteger(values[i]) && values[i]! >= 0 && values[i]! < below) {
      continue;
    }
    throw new OptionError(
      `"${id}" holds ${values[i]} at element ${i}, but what reads it takes ` +
        `whole numbers: feed some from 0 to ${below - 1}`,
      { id, element: i, below },
    );
  }
  return values;
}

/** Values of a name. Throws OptionError, ShapeError, NonFiniteError. */
function checkedFeed(
  name: string,
  size: number,
  feeds: Feeds,
  dtype: DType,
): ArrayLike<number> {
  const data = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
  if (!data) {
    throw new OptionError(`No values for "${name}": feed ${size} numbers`, {
      name,
    });
  }
  if (data.length !== size) {
    throw new ShapeError(
      `"${name}" needs ${size} numbers but got ${data.length}: pass one flat ` +
        'list in row-major order',
      { name, size, length: data.length },
    );
  }
  checkFinite(name, data, dtype);
  return data;
}

/** Drawn anew for each presentation. */
function draw(name: string, size: number, noise: Noise): Float64Array {
  const random = new Random(noise.seed, `${name}/${noise.presentation}`);
  return Float64Array.from(
    { length: size },
    () => noise.sigma * random.normal(),
  );
}
