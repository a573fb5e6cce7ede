import { type Fields, number, oneOf, type Schema } from '../base/schema.ts';
import {
  Circuit,
  type CircuitOptions,
  type Plasticity,
} from '../circuit/circuit.ts';
import type { Probe } from '../circuit/probe.ts';
import type { Levelled, Levelling } from '../graph/level.ts';
import type { Ref } from '../kernels/kernel.ts';
import type { Recorder } from '../program/recorder.ts';

/** What a rule is given to record one presentation. */
export interface Task {
  /** The graph with its levels and delays. */
  readonly levelled: Levelled;
  /** Where what the rule computes is recorded. */
  readonly recorder: Recorder;
  /** What becomes of gradients: optimiser, or only their sum. */
  readonly plasticity: Plasticity;
  /** Told of the output's prediction and target after the forward sweep. */
  readonly onForward?: (mu: Ref, target: Ref) => void;
  /** Populations, or the energy, to be recorded tick by tick. */
  readonly probes: readonly Probe[];
  /** Every population at every tick, or only where events are. */
  readonly clocked: boolean;
  /** Leave out what can no longer reach a result. Default false. */
  readonly horizon?: boolean;
}

/** A rule in the list of rules. */
export interface RuleEntry {
  readonly name: string;
  /** For people, in a list. */
  readonly title: string;
  /** The options that it takes. */
  readonly options: Schema<Fields>;
  /** Makes the rule. Throws OptionError. */
  readonly make: (options: Record<string, never>) => Rule;
}

/** Options of every rule on circuits. */
export interface PrecisionOptions {
  /** Precisions Pi: all 1, or learned, one for each neuron. Default 'one'. */
  readonly precision?: 'one' | 'learned';
}

/** Options of rules that can start away from eps = 0. */
export interface NoisyOptions extends PrecisionOptions {
  /** Standard deviation of noise on the initial values, >= 0. Default 0. */
  readonly sigma?: number;
}

export const precision = oneOf(['one', 'learned'], {
  default: 'one',
  help: 'precisions of the neurons',
});

export const sigma = number({
  least: 0,
  default: 0,
  help: 'noise on the initial values',
});

/**
 * A learning rule: it records one presentation of a graph as kernel calls, and
 * what becomes of its gradients is the optimiser's business. `zil`, `fazil`,
 * `il`, `ipc` and `bp` make one.
 */
export interface Rule {
  /** Its name in the list, such as zil. */
  readonly name: string;
  /** Equal to BP to the bit on every graph, with the options it was made of. */
  readonly exact: boolean;
  /** Delays that it needs. */
  readonly levelling: Levelling;
  /** Options it was made of, for people and results. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether runs start away from eps = 0 by noise of this size. */
  readonly sigma: number;
  /** Whether it runs on a circuit, whose populations can be probed. */
  readonly hasCircuit: boolean;
  /** Whether populations have precisions, which learn with the parameters. */
  readonly learnsPrecisions: boolean;
  /**
   * Records one presentation: forward sweep, error, plasticity. Computes no
   * number.
   */
  record(task: Task): void;
}

/** A rule that drives a circuit, and can be stepped tick by tick. */
export interface CircuitRule extends Rule {
  /** The circuit on which it runs. */
  circuit(task: Task): Circuit;
  /** Drives one presentation; yields the tick that has begun. */
  run(circuit: Circuit): Generator<number>;
}

/**
 * A rule on circuits, made of how the circuit's populations move and of what
 * drives it tick by tick.
 */
export function circuitRule(
  spec: Omit<
    CircuitRule,
    'record' | 'circuit' | 'sigma' | 'hasCircuit' | 'learnsPrecisions'
  > & {
    /** How the populations move. */
    readonly dynamics: Omit<CircuitOptions, 'clocked' | 'horizon' | 'noise'>;
    /** Standard deviation of noise on the initial values. Default 0. */
    readonly sigma?: number;
  },
): CircuitRule {
  const { dynamics, sigma = 0, ...rest } = spec;
  const rule: CircuitRule = {
    ...rest,
    sigma,
    hasCircuit: true,
    learnsPrecisions: dynamics.precision === 'learned',
    circuit: ({ levelled, recorder, clocked, horizon = false, ...more }) =>
      new Circuit(
        levelled,
        recorder,
        { ...dynamics, clocked, horizon, noise: sigma > 0 },
        more,
      ),
    record(task) {
      for (const _ of rule.run(rule.circuit(task)));
    },
  };
  return rule;
}
