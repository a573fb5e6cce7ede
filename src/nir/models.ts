/**
 * The neurons of NIR as population models, with the names and units of the
 * files: time constants in SECONDS, so that no bit of a parameter is lost on
 * the way in or out. In a tick the input is constant: what arrives in it.
 * Leaky equations are then solved exactly (exponential Euler), I and IF add
 * dt r i with dt in seconds. Neurons start at rest: v = v_leak (0 in I and
 * IF), i = 0. A neuron whose new v is above v_threshold, not at it, sends a
 * spike, and its v becomes v_reset.
 */

import type { PopulationModel } from '../network/model.ts';
import { above0 } from '../network/models.ts';

/** ms of a time in seconds, rounded once: 0.01 s are 10 ms. */
export const milliseconds = (seconds: number) => shifted(seconds, 3);

/** Seconds of a time in ms, rounded once: 10 ms are 0.01 s. */
export const seconds = (ms: number) => shifted(ms, -3);

/** A product with a power of ten has another dust than its decimal digits. */
function shifted(value: number, power: number): number {
  const [digits, exponent = '0'] = String(value).split('e');
  return Number(`${digits}e${Number(exponent) + power}`);
}

type Parameters = Readonly<Record<string, number>>;

const integrating = {
  ports: ['input'],
  derived: (_: Parameters, dt: number) => ({ step: seconds(dt) }),
  state: { v: 0 },
  update: { v: 'v + step * r * input' },
} as const;

/** v' = r i. Sends v. */
export const nirI: PopulationModel = {
  name: 'I',
  ...integrating,
  parameters: { r: 1 },
  outputs: { v: 'v' },
};

/** v' = r i, with spikes. */
export const nirIF: PopulationModel = {
  name: 'IF',
  ...integrating,
  parameters: { r: 1, v_threshold: 1, v_reset: 0 },
  spike: 'v > v_threshold',
  reset: { v: 'v_reset' },
};

const leaking = {
  ports: ['input'],
  units: { tau: 's' },
  derived: ({ tau }: Parameters, dt: number) => ({
    keep: Math.exp(-dt / milliseconds(tau!)),
    gain: -Math.expm1(-dt / milliseconds(tau!)),
  }),
  state: { v: 'v_leak' },
  update: { v: 'v_leak + keep * (v - v_leak) + gain * r * input' },
  check: above0('tau'),
} as const;

/** tau v' = (v_leak - v) + r i. Sends v. */
export const nirLI: PopulationModel = {
  name: 'LI',
  ...leaking,
  parameters: { tau: 0.01, r: 1, v_leak: 0 },
  outputs: { v: 'v' },
};

/** tau v' = (v_leak - v) + r i, with spikes. */
export const nirLIF: PopulationModel = {
  name: 'LIF',
  ...leaking,
  parameters: { tau: 0.01, r: 1, v_leak: 0, v_threshold: 1, v_reset: 0 },
  spike: 'v > v_threshold',
  reset: { v: 'v_reset' },
};

const currentBased = {
  ports: ['input'],
  units: { tau_syn: 's', tau_mem: 's' },
  derived: ({ tau_syn, tau_mem }: Parameters, dt: number) => {
    const [syn, mem] = [milliseconds(tau_syn!), milliseconds(tau_mem!)];
    return {
      keep_i: Math.exp(-dt / syn),
      gain_i: -Math.expm1(-dt / syn),
      keep_v: Math.exp(-dt / mem),
      gain_v: -Math.expm1(-dt / mem),
      mix: propagator(syn, mem, dt),
    };
  },
  state: { i: 0, v: 'v_leak' },
  lets: [['drive', 'w_in * input']],
  // Both equations together: i decays to `drive` while v follows it.
  update: {
    i: 'keep_i * i + gain_i * drive',
    v: 'v_leak + keep_v * (v - v_leak) + gain_v * r * drive + mix * r * (i - drive)',
  },
  check: above0('tau_syn', 'tau_mem'),
} as const;

/** tau_syn i' = -i + w_in s, tau_mem v' = (v_leak - v) + r i. Sends v. */
export const nirCubaLI: PopulationModel = {
  name: 'CubaLI',
  ...currentBased,
  parameters: { tau_syn: 0.005, tau_mem: 0.01, r: 1, v_leak: 0, w_in: 1 },
  outputs: { v: 'v' },
};

/** tau_syn i' = -i + w_in s, tau_mem v' = (v_leak - v) + r i, with spikes. */
export const nirCubaLIF: PopulationModel = {
  name: 'CubaLIF',
  ...currentBased,
  parameters: {
    tau_syn: 0.005,
    tau_mem: 0.01,
    r: 1,
    v_leak: 0,
    v_threshold: 1,
    v_reset: 0,
    w_in: 1,
  },
  spike: 'v > v_threshold',
  reset: { v: 'v_reset' },
};

/**
 * What a current of 1 that decays adds to v in a tick: tau_syn / (tau_syn -
 * tau_mem) (e^(-dt / tau_syn) - e^(-dt / tau_mem)), also where the two times
 * are close or the same.
 */
function propagator(syn: number, mem: number, dt: number): number {
  const apart = Math.abs((dt * (syn - mem)) / (syn * mem));
  const slope = apart === 0 ? 1 : -Math.expm1(-apart) / apart;
  return (dt / mem) * Math.exp(-dt / Math.max(syn, mem)) * slope;
}

/** 1 where more than the threshold arrives, else 0. No state. */
export const nirThreshold: PopulationModel = {
  name: 'Threshold',
  ports: ['input'],
  parameters: { threshold: 0 },
  state: {},
  update: {},
  outputs: { y: 'where(input > threshold, 1, 0)' },
};

/** What arrives plus a bias; the weights are those of its projections. */
export const nirAffine: PopulationModel = {
  name: 'Affine',
  ports: ['input'],
  parameters: { bias: 0 },
  state: {},
  update: {},
  outputs: { y: 'input + bias' },
};

/** Models whose parameters are those of the node of the same name. */
export const nirModels: Readonly<Record<string, PopulationModel>> = {
  I: nirI,
  IF: nirIF,
  LI: nirLI,
  LIF: nirLIF,
  CubaLI: nirCubaLI,
  CubaLIF: nirCubaLIF,
  Threshold: nirThreshold,
};
