/**
 * iPC, incremental predictive coding (Salvatori 2024): values and parameters
 * move together, every parameter at every inference step. It is inference
 * learning whose plasticity does not wait for the values to settle.
 */

import { checkKeys } from '../base/options.ts';
import { type IlOptions, il } from './il.ts';
import type { CircuitRule } from './rule.ts';

export type IpcOptions = Omit<IlOptions, 'plasticity'>;

export function ipc(options: IpcOptions = {}): CircuitRule {
  const keys = ['gamma', 'steps', 'prediction', 'sigma', 'precision'];
  checkKeys('ipc', options, keys);
  const rule = il({ steps: 20, ...options, plasticity: 1 });
  const { plasticity: _, ...own } = rule.options;
  return { ...rule, name: 'ipc', options: own };
}
