/**
 * The neuron of Diesmann, Gewaltig and Aertsen (1999): a leaky membrane, an
 * alpha-shaped current after each spike, and noise and drift that come the
 * same way as spikes do:
 *
 *   tau_m V' = V_r - V + x,  tau_s x' = y - x,
 *   y' = -y / tau_s + drift + noise xi(t),  y <- y + w at a spike.
 *
 * Linear, so a tick is solved exactly. What white noise adds to (y, x, V) in
 * a tick is normal with a covariance of its own, made of three independent
 * numbers by a triangular root; the third, which moves V alone, is left out:
 * it is .0014 mV in a tick of .1 ms, where V has a deviation of 2.85 mV.
 * While a neuron rests V goes on but sends no spike.
 */

import { OptionError } from '../../src/base/errors.ts';
import type { PopulationModel } from '../../src/network/model.ts';

type Parameters = Readonly<Record<string, number>>;

/** What a jump of y by 1 has made of (y, x, V) after a time. */
export function response(
  { tau_m, tau_s }: Parameters,
  time: number,
): readonly [y: number, x: number, v: number] {
  const y = Math.exp(-time / tau_s!);
  const rate = 1 / tau_s! - 1 / tau_m!;
  const v =
    (Math.exp(-time / tau_m!) * -gap(rate * time)) /
    (rate * rate * tau_m! * tau_s!);
  return [y, (time / tau_s!) * y, v];
}

/** (1 + z) e^-z - 1. */
const gap = (z: number) => Math.expm1(-z) + z * Math.exp(-z);

/** What a jump of x by 1 has made of V. */
function passed({ tau_m, tau_s }: Parameters, time: number): number {
  const rate = 1 / tau_s! - 1 / tau_m!;
  return (
    (Math.exp(-time / tau_m!) * -Math.expm1(-rate * time)) / (rate * tau_m!)
  );
}

/**
 * Lower triangular root of the covariance that unit white noise into y gives
 * to (y, x, V) in a time: of the integral of response * response^T.
 */
export function noiseRoot(parameters: Parameters, time: number): number[][] {
  const c = [0, 1, 2].map(() => [0, 0, 0]);
  // Gauss-Legendre with four points in each of 64 parts.
  const [inner, outer] = [-1, 1].map((sign) =>
    Math.sqrt(3 / 7 + sign * (2 / 7) * Math.sqrt(6 / 5)),
  ) as [number, number];
  const heavy = (18 + Math.sqrt(30)) / 36;
  const PARTS = 64;
  for (let part = 0; part < PARTS; part++) {
    for (const [at, weight] of [
      [-outer, 1 - heavy],
      [-inner, heavy],
      [inner, heavy],
      [outer, 1 - heavy],
    ]) {
      const r = response(parameters, ((part + (1 + at!) / 2) * time) / PARTS);
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j <= i; j++) {
          c[i]![j]! += (r[i]! * r[j]! * weight! * time) / (2 * PARTS);
        }
      }
    }
  }
  // Cholesky.
  const root = [0, 1, 2].map(() => [0, 0, 0]);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = c[i]![j]!;
      for (let k = 0; k < j; k++) rest -= root[i]![k]! * root[j]![k]!;
      root[i]![j] =
        i === j ? Math.sqrt(Math.max(0, rest)) : rest / root[j]![j]!;
    }
  }
  return root;
}

/**
 * Mean and standard deviation of V where no spike ever resets it: the
 * integral of V's squared response, over all time.
 */
export function atRest(parameters: Parameters): { mean: number; std: number } {
  const { tau_m, tau_s, V_r, drift, noise } = parameters;
  const [d1, d2, d3] = [
    2 * tau_s! + tau_m!,
    tau_s! ** 2 + 2 * tau_s! * tau_m!,
    tau_s! ** 2 * tau_m!,
  ];
  const power = d2 / (2 * (d1 * d2 - d3));
  return {
    mean: V_r! + drift! * tau_s!,
    std: noise! * tau_s! * Math.sqrt(power),
  };
}

export const alphaLif: PopulationModel = {
  name: 'alpha-lif',
  ports: ['input'],
  parameters: {
    tau_m: 10,
    tau_s: 0.325,
    V_r: -70,
    threshold: -55,
    drift: 25.27,
    noise: 39.24,
    refractory: 1,
  },
  units: {
    tau_m: 'ms',
    tau_s: 'ms',
    V_r: 'mV',
    threshold: 'mV',
    drift: 'mV/ms',
    noise: 'mV/sqrt(ms)',
    refractory: 'ms',
  },
  derived(parameters, dt) {
    const { tau_m, tau_s, V_r, drift, noise, refractory } = parameters;
    const [y, x, v] = response(parameters, dt);
    const root = noiseRoot(parameters, dt).map((row) =>
      row.map((each) => each * noise!),
    );
    return {
      e_s: y,
      e_m: Math.exp(-dt / tau_m!),
      p_xy: x,
      p_vy: v,
      p_vx: passed(parameters, dt),
      // Where everything comes to rest.
      rest_y: drift! * tau_s!,
      rest_v: V_r! + drift! * tau_s!,
      n_yy: root[0]![0]!,
      n_xy: root[1]![0]!,
      n_xx: root[1]![1]!,
      n_vy: root[2]![0]!,
      n_vx: root[2]![1]!,
      rest_ticks: Math.max(0, Math.round(refractory! / dt) - 1),
    };
  },
  state: { v: 'V_r', x: 0, y: 0, rest: 0 },
  noise: { n1: 'normal', n2: 'normal' },
  lets: [
    ['dy', 'y - rest_y'],
    ['dx', 'x - rest_y'],
    ['free', 'where(rest <= 0, 1, 0)'],
  ],
  update: {
    y: 'rest_y + e_s * dy + n_yy * n1 + input',
    x: 'rest_y + e_s * dx + p_xy * dy + n_xy * n1 + n_xx * n2',
    v:
      'rest_v + e_m * (v - rest_v) + p_vx * dx + p_vy * dy + ' +
      'n_vy * n1 + n_vx * n2',
    rest: 'where(free > 0, 0, rest - 1)',
  },
  spike: 'where(free > 0, v, threshold) > threshold',
  reset: { v: 'V_r', rest: 'rest_ticks' },
  outputs: { v: 'v' },
  check({ tau_m, tau_s }) {
    if (tau_m! > 0 && tau_s! > 0 && tau_m !== tau_s) return;
    throw new OptionError(
      `Parameters tau_m = ${tau_m} and tau_s = ${tau_s}: give two times above ` +
        '0 that differ',
    );
  },
};
