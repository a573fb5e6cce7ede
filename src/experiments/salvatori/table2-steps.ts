/** Training steps under several rules, in turns, and the calls they make. */

import type { Backend } from '../../backends/backend.ts';
import type { Graph } from '../../graph/graph.ts';
import { feedsFor } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { sgd } from '../../simulation/optim.ts';
import { Simulation } from '../../simulation/simulate.ts';
import type { Context } from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { quartiles, ratiosOf, timeRounds } from './rounds.ts';
import type { Size, Timed } from './table2-models.ts';

export type Table2Row = {
  readonly experiment: 'table2';
  readonly model: string;
  readonly size: string;
  readonly weights: number;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly rule: RuleName;
  /** Inference steps of one training step; null for rules without them. */
  readonly inferenceSteps: number | null;
  /** Of one training step: median and quartiles over rounds, ms. */
  readonly ms: number;
  readonly msLower: number;
  readonly msUpper: number;
  readonly rounds: number;
  /** Time over BP's in the same round: median and quartiles. */
  readonly toBp: number;
  readonly toBpLower: number;
  readonly toBpUpper: number;
  /** The same over the models of the paper, from and to. */
  readonly paperLeast: number | null;
  readonly paperMost: number | null;
  /** Kernel calls of the recorded step, and what a backend makes of them. */
  readonly calls: number;
  readonly launches: number;
  /** Calls of a kernel more or fewer than in BP's step. */
  readonly callsOff: number;
  /** What theory says of the calls; null: nothing. */
  readonly expectedOff: number | null;
  /** Working memory beside the parameters. */
  readonly bytes: number;
  readonly holds: boolean;
};

export const RULES = ['bp', 'zil', 'il fixed', 'il'] as const;
export type RuleName = (typeof RULES)[number];

/** Of its Table 2, ratios over all its models. */
const PAPER: Readonly<Partial<Record<RuleName, readonly [number, number]>>> = {
  zil: [1, 1.03],
  il: [74, 160],
};

function rulesOf(settings: Settings): Record<RuleName, Rule> {
  const steps = settings.number('steps');
  const gamma = settings.number('gamma');
  return {
    bp: bp(),
    zil: zil(),
    'il fixed': il({ steps, gamma, prediction: 'fixed' }),
    il: il({ steps, gamma }),
  };
}

interface Opened {
  readonly name: RuleName;
  readonly simulation: Simulation;
  /** Calls of the recorded step by kernel. */
  readonly kernels: ReadonlyMap<string, number>;
  readonly launches: number;
  readonly bytes: number;
}

export async function measure(
  { name, title, make }: Timed,
  { settings, seed }: { settings: Settings; seed: number },
  { backend, signal, progress }: Context,
): Promise<Table2Row[]> {
  const size = settings.text('size') as Size;
  const graph = make(size);
  const rules = rulesOf(settings);
  const feeds = feedsFor(graph, seed);
  const opened: Opened[] = [];
  try {
    for (const rule of RULES) {
      signal.throwIfAborted();
      progress(0, `${rule} is prepared`);
      const lr = settings.number('lr');
      opened.push(
        await open(rule, graph, { of: rules[rule], backend, lr, seed }),
      );
    }
    const weights = await opened[0].simulation.allParameters();
    const times = await timeRounds(
      opened.map(({ name, simulation }) => ({
        name,
        // IL may diverge: its weights must not carry that on.
        prepare: () => {
          for (const [id, value] of weights) simulation.setParameter(id, value);
        },
        run: () => simulation.step(feeds),
      })),
      {
        rounds: settings.number('rounds'),
        budget: 1000 * settings.number('seconds'),
        signal,
        progress,
      },
    );
    const [base] = opened;
    return opened.map((each): Table2Row => {
      const own = times.get(each.name)!;
      const ms = quartiles(own);
      const toBp = quartiles(ratiosOf(own, times.get('bp')!));
      const callsOff = kernelsOff(each.kernels, base.kernels);
      const inferring = each.name === 'il' || each.name === 'il fixed';
      const [paperLeast, paperMost] = PAPER[each.name] ?? [null, null];
      return {
        experiment: 'table2',
        model: name,
        size: title(size),
        weights: weightsOf(graph),
        backend: backend.name,
        dtype: backend.dtype,
        seed,
        rule: each.name,
        inferenceSteps: inferring ? settings.number('steps') : null,
        ms: ms.median,
        msLower: ms.lower,
        msUpper: ms.upper,
        rounds: own.length,
        toBp: toBp.median,
        toBpLower: toBp.lower,
        toBpUpper: toBp.upper,
        ...{ paperLeast, paperMost },
        calls: [...each.kernels.values()].reduce((n, count) => n + count, 0),
        launches: each.launches,
        callsOff,
        expectedOff: inferring ? null : 0,
        bytes: each.bytes,
        holds: inferring || callsOff === 0,
      };
    });
  } finally {
    for (const { simulation } of opened) simulation.destroy();
  }
}

async function open(
  name: RuleName,
  graph: Graph,
  of: { of: Rule; backend: Backend; lr: number; seed: number },
): Promise<Opened> {
  const { of: rule, backend, lr, seed } = of;
  const optimiser = sgd({ lr });
  const simulation = Simulation.open(graph, { rule, backend, optimiser, seed });
  try {
    const kernels = new Map<string, number>();
    for (const { kernel } of simulation.record().program.calls) {
      kernels.set(kernel.name, (kernels.get(kernel.name) ?? 0) + 1);
    }
    const { launches, bytes } = await simulation.cost();
    return { name, simulation, kernels, launches, bytes };
  } catch (error) {
    simulation.destroy();
    throw error;
  }
}

/** Calls by kernel that one step makes more or fewer than another. */
export function kernelsOff(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): number {
  const names = new Set([...one.keys(), ...other.keys()]);
  let off = 0;
  for (const name of names) {
    off += Math.abs((one.get(name) ?? 0) - (other.get(name) ?? 0));
  }
  return off;
}

function weightsOf({ vertices }: Graph): number {
  return vertices.reduce((n, v) => n + (v.op === 'param' ? v.size : 0), 0);
}
