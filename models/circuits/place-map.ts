/** The map of Jeffress (1948): cells between two delay lines. */

import { lif } from '../../src/network/models.ts';
import type { Network, Population } from '../../src/network/network.ts';

export interface MapParameters {
  readonly cells: number;
  /** ms */
  readonly tau: number;
  /** Of a spike, where the threshold is 1. */
  readonly weight: number;
}

/** Ticks to the near end of a line. */
export const NEAR = 5;

/**
 * Cells that hear two ears over lines that run against each other: cell j
 * the left one after NEAR + j ticks, the right after NEAR + cells - 1 - j.
 */
export function delayLines(
  network: Network,
  ears: readonly [left: Population, right: Population],
  { cells, tau, weight }: MapParameters,
): Population {
  const { dt } = network;
  const map = network.population('cells', cells, lif, {
    parameters: { tau },
    level: 3,
  });
  network.project(ears[0], map, {
    name: 'left line',
    weight,
    delay: (_, j) => (NEAR + j) * dt,
  });
  network.project(ears[1], map, {
    name: 'right line',
    weight,
    delay: (_, j) => (NEAR + cells - 1 - j) * dt,
  });
  return map;
}

/** Time differences of the cells, in ticks: how much later the right ear is. */
export const differences = (cells: number) =>
  Array.from({ length: cells }, (_, j) => 2 * j - (cells - 1));
