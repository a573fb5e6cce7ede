/**
 * Population models by name. Units: ms, mV; membrane equations are integrated
 * exactly over a tick (exponential Euler) unless a model says otherwise.
 */

import { OptionError } from '../base/errors.ts';
import { ERROR_STEP, VALUE_STEP } from '../circuit/population.ts';
import type { PopulationModel } from './model.ts';
import { ticksOf } from './time.ts';

type Parameters = Readonly<Record<string, number>>;

/** Checks that some parameters are above 0. */
export const above0 =
  (...names: string[]) =>
  (parameters: Parameters) => {
    for (const name of names) {
      if (parameters[name]! > 0) continue;
      throw new OptionError(
        `Parameter ${name} = ${parameters[name]}: give a number above 0`,
        { name, value: parameters[name] },
      );
    }
  };

/** Ticks a neuron rests after the tick of its spike, as n - last >= ticks. */
const restTicks = (refractory: number, dt: number) =>
  Math.max(0, ticksOf('Refractory time', refractory, dt) - 1);

/** Passes on what arrives: y = gain * input. No state. */
export const relay: PopulationModel = {
  name: 'relay',
  ports: ['input'],
  parameters: { gain: 1 },
  state: {},
  update: {},
  outputs: { y: 'gain * input' },
};

/**
 * Graded leaky integrator: tau x' = -x + input, exact for an input that is
 * constant over the tick. Sends `x`, or what `f` makes of it.
 */
export const leaky = (f = 'x'): PopulationModel => ({
  name: f === 'x' ? 'leaky' : `leaky ${f}`,
  ports: ['input'],
  parameters: { tau: 10 },
  units: { tau: 'ms' },
  derived: ({ tau }, dt) => ({
    keep: Math.exp(-dt / tau!),
    gain: -Math.expm1(-dt / tau!),
  }),
  state: { x: 0 },
  update: { x: 'keep * x + gain * input' },
  outputs: { y: f },
  check: above0('tau'),
});

/**
 * Leaky integrate-and-fire with a pulse input in mV: tau v' = E - v, and what
 * arrives is added to v. Spikes at v > threshold; `refractory` ms of rest, in
 * which v is held and input is lost, as in Brian2.
 */
export const lif: PopulationModel = {
  name: 'lif',
  ports: ['input', 'current'],
  parameters: {
    tau: 10,
    E: 0,
    threshold: 1,
    reset: 0,
    refractory: 0,
    r: 1,
  },
  units: { tau: 'ms', E: 'mV', threshold: 'mV', reset: 'mV', refractory: 'ms' },
  derived: ({ tau, refractory }, dt) => ({
    keep: Math.exp(-dt / tau!),
    gain: -Math.expm1(-dt / tau!),
    rest_ticks: restTicks(refractory!, dt),
  }),
  state: { v: 'E', rest: 0 },
  update: {
    v: 'where(rest <= 0, E + keep * (v - E) + gain * r * current + input, v)',
    rest: 'where(rest <= 0, 0, rest - 1)',
  },
  lets: [['free', 'where(rest <= 0, 1, 0)']],
  spike: 'where(free > 0, v, threshold) > threshold',
  reset: { v: 'reset', rest: 'rest_ticks' },
  outputs: { v: 'v' },
  check: above0('tau'),
};

/**
 * Current-based LIF with two exponential synapses (the CUBA network of Vogels
 * and Abbott 2005; Brette et al. 2007): tau_m v' = E - v + g_e + g_i, tau_e g_e' =
 * -g_e, tau_i g_i' = -g_i, all solved exactly over a tick. What arrives is added to
 * g after its decay.
 */
export const cubaLif: PopulationModel = {
  name: 'cuba-lif',
  ports: ['exc', 'inh'],
  parameters: {
    tau_m: 20,
    tau_e: 5,
    tau_i: 10,
    E: -49,
    threshold: -50,
    reset: -60,
    refractory: 5,
  },
  units: { tau_m: 'ms', tau_e: 'ms', tau_i: 'ms', refractory: 'ms' },
  derived: ({ tau_m, tau_e, tau_i, refractory }, dt) => ({
    e_m: Math.exp(-dt / tau_m!),
    e_e: Math.exp(-dt / tau_e!),
    e_i: Math.exp(-dt / tau_i!),
    p_e: propagator(tau_e!, tau_m!, dt),
    p_i: propagator(tau_i!, tau_m!, dt),
    rest_ticks: restTicks(refractory!, dt),
  }),
  state: { v: 'reset', g_e: 0, g_i: 0, rest: 0 },
  lets: [['free', 'where(rest <= 0, 1, 0)']],
  update: {
    v: 'where(free > 0, E + e_m * (v - E) + p_e * g_e + p_i * g_i, v)',
    g_e: 'g_e * e_e + exc',
    g_i: 'g_i * e_i + inh',
    rest: 'where(free > 0, 0, rest - 1)',
  },
  spike: 'where(free > 0, v, threshold) > threshold',
  reset: { v: 'reset', rest: 'rest_ticks' },
  outputs: { v: 'v' },
  check: above0('tau_m', 'tau_e', 'tau_i'),
};

/** What a decaying current of 1 adds to v in a tick. */
function propagator(tauS: number, tauM: number, dt: number): number {
  const x = dt / tauM - dt / tauS;
  // Of times that are nearly the same, the difference has no digits left.
  if (Math.abs(x) < 1e-3 * (dt / tauM)) {
    const ratio = x === 0 ? 1 : Math.expm1(x) / x;
    return (dt / tauM) * Math.exp(-dt / tauM) * ratio;
  }
  return (tauS / (tauS - tauM)) * (Math.exp(-dt / tauS) - Math.exp(-dt / tauM));
}

/**
 * Izhikevich 2003, "Simple model of spiking neurons": v' = .04 v^2 + 5 v +
 * 140 - u + I, u' = a (b v - u); at v >= 30 mV v <- c, u <- u + d. Euler over
 * the tick, v in two half steps as in the paper's code (exact for dt = 1 ms).
 */
export const izhikevich: PopulationModel = {
  name: 'izhikevich',
  ports: ['current', 'input'],
  parameters: { a: 0.02, b: 0.2, c: -65, d: 8 },
  state: { v: -65, u: -13 },
  lets: [
    ['total', 'current + input'],
    ['v1', 'v + 0.5 * dt * (0.04 * v * v + 5 * v + 140 - u + total)'],
    ['v2', 'v1 + 0.5 * dt * (0.04 * v1 * v1 + 5 * v1 + 140 - u + total)'],
  ],
  update: { v: 'v2', u: 'u + dt * a * (b * v2 - u)' },
  spike: 'v >= 30',
  reset: { v: 'c', u: 'u + d' },
  outputs: { v: 'v' },
};

/** Independent spikes: in each tick with probability rate * dt. */
export const poisson: PopulationModel = {
  name: 'poisson',
  ports: ['more'],
  parameters: { rate: 10 },
  units: { rate: 'Hz', more: 'Hz' },
  derived: ({ rate }, dt) => {
    if (rate! * dt > 1000) {
      throw new OptionError(
        `Parameter rate = ${rate} Hz: a neuron sends one spike a tick, at most ` +
          `${1000 / dt} Hz with dt = ${dt} ms; use more neurons or a smaller dt`,
        { rate, dt },
      );
    }
    return {
      // Rounded up to what float32 and the draws can tell apart.
      p: Math.ceil((rate! * dt * 2 ** 24) / 1000) / 2 ** 24,
      per_hz: dt / 1000,
    };
  },
  state: {},
  noise: { draw: 'uniform' },
  update: {},
  spike: 'draw < p + per_hz * more',
  check({ rate }) {
    if (rate! >= 0) return;
    throw new OptionError(`Parameter rate = ${rate}: give a rate >= 0 in Hz`, {
      ...{ name: 'rate', value: rate },
    });
  },
};

/**
 * A pair of value and error neurons: x(t+1) = x + gamma (eps - s), eps(t+1) =
 * (1 - gamma) eps + gamma s + (mu(t+1) - mu(t)) (Salvatori 2022, Eq. 7 and
 * 48), the dynamics of the populations that learn. `mu` arrives from the
 * values before it, `s` from the errors behind it; `drive` moves the value.
 */
export const valueError: PopulationModel = {
  name: 'value-error',
  ports: ['mu', 's', 'drive'],
  parameters: { gamma: 0.1 },
  state: { x: 0, eps: 0, mu0: 0 },
  lets: [['mu1', 'mu']],
  update: {
    x: `${VALUE_STEP} + drive`,
    eps: `${ERROR_STEP} - drive`,
    mu0: 'mu',
  },
  outputs: { x: 'x', eps: 'eps' },
  check({ gamma }) {
    if (gamma! > 0 && gamma! <= 1) return;
    throw new OptionError(`Parameter gamma = ${gamma}: give one in (0, 1]`, {
      ...{ name: 'gamma', value: gamma },
    });
  },
};

/** The models of neurons, with their usual parameters. */
export const models: readonly PopulationModel[] = [
  relay,
  leaky(),
  lif,
  cubaLif,
  izhikevich,
  poisson,
  valueError,
];
