import { type FieldsOf, oneOf, Schema } from '../base/schema.ts';
import { type Graph, GraphBuilder } from './graph.ts';
import { leastDelay } from './least-delay.ts';
import type { Vertex } from './vertex.ts';

/** The edge between a vertex and one input slot of a consumer. */
export interface Axon {
  /** The vertex whose value is read and to which errors return. */
  readonly from: Vertex;
  /** The consumer: the vertex that reads it and sends errors back. */
  readonly to: Vertex;
  /** Which input of the consumer. */
  readonly slot: number;
  /** Steps that values and errors take: its number of identity vertices. */
  readonly delay: number;
}

/**
 * How a graph is levelled.
 * - 'longest-path': least number of levels K, every vertex as near to the
 *   output as can be;
 * - 'least-delay': the same K with the least delay memory, the sum of
 *   delay x size over all axons that carry errors;
 * - 'none': levels by longest path, but every delay 0 (an ablation).
 */
export type Levelling = 'longest-path' | 'least-delay' | 'none';

/**
 * Where the delays are: 'axonal' leaves the graph as it is; 'explicit' puts
 * identity vertices on its edges, populations of their own.
 */
export type DelayForm = 'axonal' | 'explicit';

/**
 * A graph with the levels of its vertices and the delays of its axons, which
 * make the errors that a vertex receives meet at one instant.
 */
export interface Levelled {
  /** The graph; of the explicit form the one with identity vertices. */
  readonly graph: Graph;
  /** How its delays were chosen. */
  readonly levelling: Levelling;
  /** Where its delays are. */
  readonly form: DelayForm;
  /** Kept vertices, in topological order. */
  readonly vertices: readonly Vertex[];
  /** Level of each kept vertex; the output has 0. */
  readonly levels: ReadonlyMap<Vertex, number>;
  /** Highest level. */
  readonly depth: number;
  /**
   * Axons, by consumer in ascending level, then descending topological
   * index, then slot: the canonical order of sums over consumers.
   */
  readonly axons: readonly Axon[];
  /** Vertices that the output does not depend on. */
  readonly dropped: readonly Vertex[];
}

export interface LevelOptions {
  /**
   * Which delays: those of longest paths, the fewest in all, or none. Default
   * 'longest-path'.
   */
  readonly levelling?: Levelling;
  /** Delays of axons, or explicit identity vertices. Default 'axonal'. */
  readonly form?: DelayForm;
}

export const form = oneOf(['axonal', 'explicit'], {
  default: 'axonal',
  help: 'delays of axons, or identity vertices',
  placeholder: 'FORM',
});

export const levelling = oneOf(['longest-path', 'least-delay', 'none'], {
  default: 'longest-path',
  help: 'which delays',
  placeholder: 'HOW',
});

const levelOptions = new Schema('level', {
  levelling,
  form,
} satisfies FieldsOf<LevelOptions>);

/**
 * Levels a graph: longest paths, and delays on the axons that skip levels
 * (Salvatori 2022, supplement, with longest paths in place of the distances of
 * his Algorithm 2). Throws OptionError.
 */
export function level(graph: Graph, options: LevelOptions = {}): Levelled {
  const { levelling, form } = levelOptions.read(options);
  const levels = longestPaths(graph);
  if (levelling === 'least-delay') leastDelay(graph, levels);
  const vertices = graph.vertices.filter((vertex) => levels.has(vertex));
  const dropped = graph.vertices.filter((vertex) => !levels.has(vertex));
  const axons = canonicalAxons(vertices, levels, levelling !== 'none');
  const depth = Math.max(...levels.values());
  const levelled = {
    graph,
    levelling,
    form: 'axonal' as const,
    vertices,
    levels,
    depth,
    axons,
    dropped,
  };
  return form === 'explicit' ? withIdentities(levelled) : levelled;
}

/** Level = length of the longest path to the output; unreachable: absent. */
function longestPaths(graph: Graph): Map<Vertex, number> {
  const levels = new Map<Vertex, number>([[graph.output, 0]]);
  for (let i = graph.output.index; i >= 0; i--) {
    const vertex = graph.vertices[i]!;
    const own = levels.get(vertex);
    if (own === undefined) continue;
    for (const input of vertex.inputs) {
      levels.set(input, Math.max(levels.get(input) ?? 0, own + 1));
    }
  }
  return levels;
}

function canonicalAxons(
  vertices: readonly Vertex[],
  levels: ReadonlyMap<Vertex, number>,
  delayed: boolean,
): Axon[] {
  const level = (vertex: Vertex) => levels.get(vertex) as number;
  const consumers = [...vertices].sort(
    (a, b) => level(a) - level(b) || b.index - a.index,
  );
  return consumers.flatMap((to) =>
    to.inputs.map((from, slot) => ({
      from,
      to,
      slot,
      // A data input needs no error, so no delays.
      delay: delayed && from.op !== 'input' ? level(from) - level(to) - 1 : 0,
    })),
  );
}

/**
 * The same circuit with identity vertices in place of delays. Each chain
 * belongs to one axon and takes its place in the order of sums.
 */
function withIdentities(levelled: Levelled): Levelled {
  const builder = new GraphBuilder();
  const made = new Map<Vertex, Vertex>();
  const levels = new Map<Vertex, number>();
  const delays = new Map<Vertex, number[]>();
  for (const { to, slot, delay } of levelled.axons) {
    const list = delays.get(to) ?? [];
    list[slot] = delay;
    delays.set(to, list);
  }
  /** Last vertex of the chain before each (consumer, slot), or the source. */
  const chains = new Map<string, Vertex[]>();
  for (const vertex of levelled.vertices) {
    const level = levelled.levels.get(vertex) as number;
    const inputs = vertex.inputs.map((input, slot) => {
      let end = made.get(input) as Vertex;
      const count = delays.get(vertex)?.[slot] ?? 0;
      const chain: Vertex[] = [];
      for (let n = 1; n <= count; n++) {
        const id = `${input.id}>${vertex.id}.${slot}#${n}`;
        end = builder.apply('identity', [end], {}, id);
        levels.set(end, level + 1 + count - n);
        chain.push(end);
      }
      chains.set(`${vertex.index}.${slot}`, chain);
      return end;
    });
    const copy =
      vertex.op === 'input'
        ? builder.input(vertex.id, vertex.shape)
        : vertex.op === 'param'
          ? builder.param(
              vertex.id,
              vertex.shape,
              levelled.graph.inits.get(vertex.id),
            )
          : builder.apply(vertex.op, inputs, vertex.attrs, vertex.id);
    made.set(vertex, copy);
    levels.set(copy, level);
  }
  const { graph } = levelled;
  const built = builder.output(
    made.get(graph.output) as Vertex,
    graph.loss.kind,
    { reduction: graph.loss.reduction },
  );
  const axons = levelled.axons.flatMap(({ from, to, slot }) => {
    const path = [
      made.get(from) as Vertex,
      ...(chains.get(`${to.index}.${slot}`) as Vertex[]),
      made.get(to) as Vertex,
    ];
    // From the consumer back: a valid order for a reverse pass too.
    return path
      .slice(1)
      .map((next, i) => ({
        from: path[i]!,
        to: next,
        slot: i === path.length - 2 ? slot : 0,
        delay: 0,
      }))
      .reverse();
  });
  return {
    ...levelled,
    form: 'explicit',
    graph: { ...built, data: graph.data },
    vertices: built.vertices,
    levels,
    axons,
  };
}

/** Identity vertices (= delays) of a levelling, and the memory they take. */
export function delayCost(levelled: Levelled): {
  /** Identity vertices of all axons together. */
  steps: number;
  /** Their elements: delay x size of all axons. */
  elements: number;
} {
  let steps = 0;
  let elements = 0;
  for (const { from, delay } of levelled.axons) {
    steps += delay;
    elements += delay * from.size;
  }
  return { steps, elements };
}

/** One line for each vertex that was dropped, or null. */
export function droppedWarning(levelled: Levelled): string | null {
  if (levelled.dropped.length === 0) return null;
  const ids = levelled.dropped.map((vertex) => `"${vertex.id}"`).join(', ');
  return (
    `Dropped ${levelled.dropped.length} vertices that the output ` +
    `"${levelled.graph.output.id}" does not depend on: ${ids}`
  );
}
