/** What a learning rule is, and how a rule on circuits is made. */

import {
  Circuit,
  type CircuitOptions,
  type Plasticity,
} from '../circuit/circuit.ts';
import type { Probe } from '../circuit/probe.ts';
import { OptionError, show } from '../errors.ts';
import type { Levelled, Levelling } from '../level.ts';
import type { Ref } from '../ops/kernel.ts';
import type { Recorder } from '../program/recorder.ts';

/** What a rule is given to record one presentation. */
export interface Task {
  readonly levelled: Levelled;
  readonly recorder: Recorder;
  /** What becomes of gradients: optimiser, or only their sum. */
  readonly plasticity: Plasticity;
  /** Told of the output's prediction and target after the forward sweep. */
  readonly onForward?: (mu: Ref, target: Ref) => void;
  readonly probes: readonly Probe[];
  /** Every population at every tick, or only where events are. */
  readonly clocked: boolean;
}

export interface Rule {
  readonly name: string;
  /** Equal to BP to the bit on every graph, with the options it was made of. */
  readonly exact: boolean;
  /** Delays that it needs. */
  readonly levelling: Levelling;
  /** Options it was made of, for people and results. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether runs start away from eps = 0 by noise of this size. */
  readonly sigma: number;
  record(task: Task): void;
}

/** A rule that drives a circuit, and can be stepped tick by tick. */
export interface CircuitRule extends Rule {
  /** The circuit on which it runs. */
  circuit(task: Task): Circuit;
  /** Drives one presentation; yields the tick that has begun. */
  run(circuit: Circuit): Generator<number>;
}

export function circuitRule(
  spec: Omit<CircuitRule, 'record' | 'circuit' | 'sigma'> & {
    readonly dynamics: Omit<CircuitOptions, 'clocked' | 'noise'>;
    readonly sigma?: number;
  },
): CircuitRule {
  const { dynamics, sigma = 0, ...rest } = spec;
  const rule: CircuitRule = {
    ...rest,
    sigma,
    circuit: ({ levelled, recorder, clocked, plasticity, probes, onForward }) =>
      new Circuit(
        levelled,
        recorder,
        { ...dynamics, clocked, noise: sigma > 0 },
        { plasticity, probes, onForward },
      ),
    record(task) {
      for (const _ of rule.run(rule.circuit(task)));
    },
  };
  return rule;
}

/** Checks an option that must be a number above 0. */
export function positive(name: string, value: number): number {
  if (!(Number.isFinite(value) && value > 0)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a number above 0`,
    );
  }
  return value;
}

/** Checks an option that must be a whole number of ticks. */
export function wholeTicks(name: string, value: number, least = 0): number {
  if (!Number.isInteger(value) || value < least) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a whole number >= ${least}`,
    );
  }
  return value;
}

/** Checks an option that must be 0 or above. */
export function notNegative(name: string, value: number): number {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a number >= 0`,
    );
  }
  return value;
}

/** Checks an option that must be one of some words (or true and false). */
export function oneOf<T extends string | boolean>(
  name: string,
  value: T,
  words: readonly T[],
): T {
  if (!words.includes(value)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give ${words.join(' or ')}`,
    );
  }
  return value;
}
