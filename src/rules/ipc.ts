import { type FieldsOf, Schema, whole } from '../base/schema.ts';
import { type InferenceOptions, il, inference } from './il.ts';
import { type CircuitRule, precision, type RuleEntry, sigma } from './rule.ts';

/** Options of `ipc`. */
export interface IpcOptions extends InferenceOptions {
  /** Inference steps a presentation, T, a whole number >= 1. Default 20. */
  readonly steps?: number;
}

const ipcOptions = new Schema('ipc', {
  ...inference,
  steps: whole({ least: 1, default: 20, help: 'inference steps T' }),
  sigma,
  precision,
} satisfies FieldsOf<IpcOptions>);

/**
 * iPC, incremental predictive coding (Salvatori 2024): values and parameters
 * move together, every parameter at every inference step. It is inference
 * learning whose plasticity does not wait for the values to settle.
 * Throws OptionError.
 */
export function ipc(options: IpcOptions = {}): CircuitRule {
  const own = ipcOptions.read(options);
  return { ...il({ ...own, plasticity: 1 }), name: 'ipc', options: own };
}

export const ipcEntry: RuleEntry = {
  name: 'ipc',
  title: 'incremental predictive coding: parameters learn at every step',
  options: ipcOptions,
  make: ipc,
};
