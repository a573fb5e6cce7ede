/** Tables of synapses as the kernels read them. */

import { type Synapses, sorted } from '../synapses.ts';
import { partsOf } from './delivery.ts';
import type { DelayRange } from './schedule.ts';

export interface Table {
  /** Where the synapses of each source (or target) begin, part after part. */
  readonly rows: Uint32Array;
  /** The other end and the delay of each synapse, in turn. */
  readonly ends: Uint32Array;
  /** Synapse of the recipe at each address of the table. */
  readonly order: Uint32Array;
  /** Parts of the targets; 1 on a CPU. */
  readonly parts: number;
  /** Whether a source reaches a target twice with one delay. */
  readonly serial: boolean;
  /** Of each target, where its list begins; then (address, source) of synapses. */
  readonly incoming?: Uint32Array;
}

/** By source, for the delivery of spikes. */
export function bySource(
  { pre, post, delay }: Synapses,
  sources: number,
  targets: number,
  onDevice: boolean,
): Table {
  const parts = onDevice ? partsOf(targets) : 1;
  const part = Math.ceil(targets / parts);
  const key = (s: number) =>
    Math.floor(post[s] / part) * (sources + 1) + pre[s];
  const { rows, order } = sorted(pre.length, parts * (sources + 1), key);
  const ends = endsOf(order, post, delay);
  return { rows, ends, order, parts, serial: onDevice && meets(rows, ends) };
}

/** By target, for the gathering of values. */
export function byTarget(
  { pre, post, delay }: Synapses,
  targets: number,
): Table {
  const { rows, order } = sorted(pre.length, targets + 1, (s) => post[s]);
  const ends = endsOf(order, pre, delay);
  return { rows, ends, order, parts: 1, serial: false };
}

/**
 * For STDP. On a device by target, what was sent first before the rest; on a
 * CPU by source and delay, with lists of what leads to each target.
 */
export function forStdp(
  synapses: Synapses,
  sources: number,
  targets: number,
  onDevice: boolean,
): Table {
  const { pre, post, delay } = synapses;
  const { least, most } = delayRange(synapses) ?? { least: 0, most: 0 };
  const late = most - least + 1;
  const byDelay = sorted(pre.length, late + 1, (s) =>
    onDevice ? most - delay[s] : delay[s] - least,
  ).order;
  const [count, own, other] = onDevice
    ? [targets, post, pre]
    : [sources, pre, post];
  const byOwn = sorted(pre.length, count + 1, (i) => own[byDelay[i]]);
  const { rows } = byOwn;
  const order = byOwn.order.map((i) => byDelay[i]);
  const ends = endsOf(order, other, delay);
  const table = { rows, ends, order, parts: 1, serial: false };
  if (onDevice) return { ...table, incoming: new Uint32Array(1) };
  const to = sorted(pre.length, targets + 1, (i) => post[order[i]]);
  const incoming = new Uint32Array(targets + 1 + 2 * pre.length);
  for (let j = 0; j <= targets; j++) {
    incoming[j] = targets + 1 + 2 * to.rows[j];
  }
  to.order.forEach((address, i) => {
    incoming[targets + 1 + 2 * i] = address;
    incoming[targets + 2 + 2 * i] = pre[order[address]];
  });
  return { ...table, incoming };
}

/** The other end and the delay of each synapse, in the order of a table. */
function endsOf(order: Uint32Array, other: Uint32Array, delay: Uint32Array) {
  const ends = new Uint32Array(2 * order.length);
  order.forEach((s, i) => {
    ends[2 * i] = other[s];
    ends[2 * i + 1] = delay[s];
  });
  return ends;
}

export function delayRange({ delay }: Synapses): DelayRange | null {
  if (delay.length === 0) return null;
  let least = delay[0];
  let most = delay[0];
  for (const ticks of delay) {
    if (ticks < least) least = ticks;
    if (ticks > most) most = ticks;
  }
  return { least, most };
}

/** Whether one row leads twice to one target at one time. */
function meets(rows: Uint32Array, ends: Uint32Array): boolean {
  for (let r = 0; r + 1 < rows.length; r++) {
    const seen = new Set<number>();
    for (let s = rows[r]; s < rows[r + 1]; s++) {
      const end = ends[2 * s] * 2 ** 21 + ends[2 * s + 1];
      if (seen.has(end)) return true;
      seen.add(end);
    }
  }
  return false;
}
