/**
 * Records programs: one presentation of a rule, or the forward sweep alone.
 * Nothing is run here. Names that a program uses beside the graph's own ids
 * start with @, which ids may not.
 */

import { type Option, oneOf, Schema } from '../base/schema.ts';
import type { Plastic } from '../circuit/circuit.ts';
import type { Probe } from '../circuit/probe.ts';
import { lossDivisor } from '../graph/graph.ts';
import type { Levelled } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import { addTo } from '../ops/add.ts';
import { lossByName, opByName } from '../ops/table.ts';
import { type Program, Recorder } from '../program/recorder.ts';
import { shareFeeds } from '../program/share.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from './optim.ts';

/** From the one that computes most to the one that computes least. */
export const MODES = ['clocked', 'event-driven', 'pruned'] as const;

/**
 * How much of a run is executed; the bits are the same.
 * - `clocked`: every population at every tick;
 * - `event-driven`: quiescent populations skipped;
 * - `pruned`, the default: also events dropped on which no plasticity or probe
 *   depends.
 */
export type Mode = (typeof MODES)[number];

const FORMER: ReadonlyMap<string, Mode> = new Map([
  ['event', 'event-driven'],
  ['live', 'pruned'],
]);

const known = oneOf(MODES, {
  default: 'pruned',
  help: 'same bits, different cost',
  placeholder: 'MODE',
});

/** The mode, as an option; a former name is told the new one. */
export const mode: Option<Mode, false> = {
  ...known,
  refused(value) {
    const now = FORMER.get(value as string);
    if (!now) return known.refused(value);
    return { value, allowed: `"${now}", as it is called now` };
  },
};

const modes = new Schema('recordPresentation', { mode });

/** One presentation of a rule, recorded, and what it changes. */
export interface Presentation {
  /** The kernel calls, tick by tick. */
  readonly program: Program;
  /** Updates of each parameter, by id. */
  readonly updates: ReadonlyMap<string, number>;
  /** The ticks at which they take place. */
  readonly updateTicks: ReadonlyMap<string, readonly number[]>;
  /** Parameters whose gradients are outputs, by id. */
  readonly gradients: readonly string[];
}

/** Name of an optimiser's state of a parameter. */
export const stateName = (state: string, id: string) => `@${state}/${id}`;

/** Name of an optimiser's rate at a parameter's n-th update of a presentation. */
export const rateName = (rate: string, id: string, n: number) =>
  `@${rate}/${id}/${n}`;

/** Name of a parameter's gradient among the outputs. */
export const gradientName = (id: string) => `gradient/${id}`;

/**
 * One presentation under a rule. With an optimiser the parameters change;
 * without, their gradients are outputs.
 */
export function recordPresentation(
  levelled: Levelled,
  rule: Rule,
  options: {
    /** How much of the run is recorded. */
    readonly mode: Mode;
    /** What changes parameters; null leaves their gradients as outputs. */
    readonly optimiser: Optimiser | null;
    /** States that are outputs at every tick. Default none. */
    readonly probes?: readonly Probe[];
  },
): Presentation {
  const { optimiser, probes = [] } = options;
  const { mode } = modes.read({ mode: options.mode });
  const { graph } = levelled;
  const recorder = new Recorder();
  const updates = new Map<string, number>();
  const updateTicks = new Map<string, number[]>();
  const sums = new Map<string, Ref>();
  rule.record({
    levelled,
    recorder,
    clocked: mode === 'clocked',
    horizon: mode === 'pruned',
    probes,
    onForward(mu, target) {
      const loss = lossByName.get(graph.loss.kind)!;
      const { shape } = graph.output;
      const divisor = lossDivisor(graph);
      const value = loss.value(recorder.emit, mu, target, shape, divisor);
      recorder.output('loss', value);
    },
    plasticity(parameter, gradient) {
      if (optimiser) {
        const n = updates.get(parameter.id) ?? 0;
        updates.set(parameter.id, n + 1);
        const ticks = updateTicks.get(parameter.id) ?? [];
        updateTicks.set(parameter.id, [...ticks, recorder.tick]);
        return update(recorder, optimiser, parameter, gradient, n);
      }
      const before = sums.get(parameter.id) ?? null;
      sums.set(parameter.id, addTo(recorder.emit, before, gradient));
      return null;
    },
  });
  if (!optimiser) {
    for (const { id, op, size } of levelled.vertices) {
      if (op !== 'param' || sums.has(id)) continue;
      sums.set(id, recorder.constant(size, 0));
    }
    for (const [id, sum] of sums) recorder.output(gradientName(id), sum);
  }
  return {
    program: recorder.finish({ live: mode === 'pruned' }),
    updates,
    updateTicks,
    gradients: [...sums.keys()],
  };
}

/** Parameters that take the same rates, as they are updated alike. */
export type RateGroup = readonly string[];

/**
 * A presentation in which parameters of as many updates so far, and as many in
 * it, share their feeds of rates: those of the first of each group.
 */
export function withSharedRates(
  recorded: Presentation,
  optimiser: Optimiser | null,
  updatesSoFar: (id: string) => number,
): Presentation & { readonly groups: readonly RateGroup[] } {
  const { program, updates } = recorded;
  const groups = new Map<string, string[]>();
  const alias = new Map<string, string>();
  for (const [id, count] of updates) {
    const key = `${updatesSoFar(id)}/${count}`;
    const group = groups.get(key) ?? [];
    group.push(id);
    groups.set(key, group);
    for (const rate of optimiser?.rates ?? []) {
      for (let n = 0; n < count; n++) {
        alias.set(rateName(rate, id, n), rateName(rate, group[0]!, n));
      }
    }
  }
  return {
    ...recorded,
    program: shareFeeds(program, (name) => alias.get(name) ?? name),
    groups: [...groups.values()],
  };
}

/** Name of a vertex's value among the outputs of a forward sweep. */
export const activationName = (id: string) => `activation/${id}`;

/** The forward sweep alone: `prediction`, and the values of other vertices. */
export function recordForward(
  levelled: Levelled,
  ids: readonly string[] = [],
): Program {
  const recorder = new Recorder();
  const refs = new Map<Vertex, Ref>();
  for (const vertex of levelled.vertices) {
    const { id, op, size, shape, attrs, inputs } = vertex;
    const operands = inputs.map((input) => ({
      ref: refs.get(input) as Ref,
      shape: input.shape,
    }));
    const ref =
      op === 'input'
        ? recorder.feed(id, size)
        : op === 'param'
          ? recorder.resident(id, size)
          : opByName.get(op)!.forward(recorder.emit, operands, attrs, shape);
    refs.set(vertex, ref);
  }
  // The output is the last of the vertices that it depends on.
  const output = levelled.vertices.at(-1) as Vertex;
  recorder.output('prediction', refs.get(output) as Ref);
  for (const [{ id }, ref] of refs) {
    if (ids.includes(id)) recorder.output(activationName(id), ref);
  }
  return recorder.finish({ live: true });
}

/** One update of a parameter, the n-th of its presentation. */
function update(
  recorder: Recorder,
  optimiser: Optimiser,
  { id, size }: Plastic,
  gradient: Ref,
  n: number,
): Ref {
  const { kernel, states, rates, constants } = optimiser;
  const names = [...states.map((state) => stateName(state, id)), id];
  recorder.commit(() => {
    for (const name of names) recorder.resident(name, size);
    const made = kernel.emit(
      recorder.emit,
      [
        recorder.current(id),
        gradient,
        ...names.slice(0, -1).map((name) => recorder.current(name)),
        ...rates.map((rate) => recorder.feed(rateName(rate, id, n), 1)),
      ],
      constants,
    );
    return names.map((name, i) => [name, made[i]!] as const);
  });
  return recorder.current(id);
}
