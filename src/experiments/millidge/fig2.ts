/**
 * Millidge 2020, Figure 2: inference learning with fixed predictions on a
 * scalar graph, step by step against the true gradient, for several steps.
 */

import { tanSqrtSin } from '../../../models/toys.ts';
import type { DType } from '../../base/tensor.ts';
import type { Figure } from '../../figures/figure.ts';
import { gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { column, device, type RowOf, short } from '../../studies/columns.ts';
import { count, sizes } from '../../studies/parameters.ts';
import { curve, groupsOf, mostOf, unique } from '../../studies/rows.ts';
import { study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { binomialBelow } from '../../theory/binomial.ts';
import { gradientsAt } from '../instants.ts';

const columns = {
  ...device,
  gamma: column(),
  /** Inference steps so far, n. */
  step: column(),
  /** |gradient - BP's gradient| of v0, and by its closed form. */
  measured: column(),
  expected: column(),
  /** The same of theta. */
  measuredTheta: column(),
  expectedTheta: column(),
  /** Most that rounding can make of the differences. */
  tolerance: column(),
  holds: column<boolean>(),
};

export type Fig2Row = RowOf<typeof columns>;

const [V0, THETA, TARGET] = [5, 2, 3];
/** Half a unit in the last place of 1. */
const ROUNDING = { f64: 2 ** -53, f32: 2 ** -24 } as const;

/** Gradients of the graph by calculus, split by the edges they came along. */
function derivatives() {
  const root = Math.sqrt(THETA * V0);
  const error = Math.tan(root) + Math.sin(V0 ** 2) - TARGET;
  const delta2 = error * (1 + Math.tan(root) ** 2);
  const delta3 = error * Math.cos(V0 ** 2);
  const delta1 = delta2 / (2 * root);
  return {
    /** Of v0 through v3, one edge from the output ... */
    near: 2 * V0 * delta3,
    /** ... and through v1, two edges from it. */
    far: THETA * delta1,
    theta: V0 * delta1,
  };
}

/** What is still missing after n steps: a vertex k edges away waits for k. */
export function missing(n: number, gamma: number) {
  const { near, far, theta } = derivatives();
  const below1 = binomialBelow(n, gamma, 1);
  const below2 = binomialBelow(n, gamma, 2);
  return {
    v0: Math.abs(near * below1 + far * below2),
    theta: Math.abs(theta * below2),
  };
}

/**
 * A step rounds an error by at most 4 roundings of its size, and what was
 * rounded before shrinks by 1 - gamma a step: 4/gamma altogether for each of
 * two vertices in a row, twice that for the sums behind them. The Jacobians
 * themselves are the same on both sides.
 */
function toleranceOf(gamma: number, dtype: DType): number {
  const { near, far } = derivatives();
  const scale = Math.abs(near) + Math.abs(far);
  const own = dtype === 'f64' ? 0 : 64;
  return (16 / gamma + own) * ROUNDING[dtype] * scale;
}

export const fig2 = study({
  name: 'fig2',
  title: 'Inference learning closes in on the true gradient',
  source: 'Millidge 2020, Figure 2',
  about: [
    'The graph is one formula of scalars: v_L = tan(sqrt(theta v0)) + sin(v0^2)',
    'with v0 = 5, theta = 2 and the target 3. Each of its parts is a vertex with a',
    'value and an error: v1 = theta v0, v2 = sqrt(v1), v3 = v0^2, and v_L. The',
    'output is clamped to the target and the values relax in steps of size gamma,',
    'with predictions and derivatives held as they were (fixed prediction). The',
    'divergence is the distance of the gradient of v0, as the errors give it after',
    'n steps, to the one that backpropagation gives.',
    'Theory knows every point: a vertex k edges from the output holds its true error',
    'times P(Binomial(n, gamma) >= k) after n steps, so the divergence is',
    '|2 v0 delta3 P(Bin < 1) + theta delta1 P(Bin < 2)|, a straight line but for a',
    'slow factor n on the logarithmic axis, and with gamma = 1 it ends at n = 2.',
  ],
  paper: [
    'The paper draws the same straight lines: convergence to the true gradient at an',
    'exponential rate, faster for larger steps. Its text has the loss (v_L - T)^2,',
    'here 1/2 (v_L - T)^2: the gradients of the paper are twice as large.',
    'Its published code runs in float32 with the target 1; here it is float64, which',
    'follows the lines down to 1e-14. The 500 steps are those of the code.',
  ],
  parameters: {
    gammas: sizes(
      [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
      'sizes of the inference step',
      { from: 'paper', least: 1e-6 },
    ),
    steps: count(500, 'inference steps'),
  },
  dtype: 'f64',
  columns,
  // Nothing is drawn: one seed is as good as many.
  grid: ({ gammas }) => gammas.map((gamma) => ({ gamma })),
  key: ({ gamma }) => `gamma ${gamma}`,
  async measure({ gamma }, { steps }, { backend }) {
    const graph = tanSqrtSin({ paper: true });
    const wanted = await gradientsOf(graph, { rule: bp(), backend });
    const instants = Array.from({ length: steps + 1 }, (_, n) => n);
    const found = await gradientsAt(
      graph,
      { gamma, prediction: 'fixed', instants },
      { backend },
    );
    const tolerance = toleranceOf(gamma, backend.dtype);
    return found.map((gradients, step) => {
      const apart = (id: string) =>
        Math.abs(gradients.get(id)![0]! - wanted.get(id)![0]!);
      const { v0, theta } = missing(step, gamma);
      const row = {
        ...{ step, tolerance, measured: apart('v0'), expected: v0 },
        ...{ measuredTheta: apart('theta'), expectedTheta: theta },
      };
      return { ...row, holds: asExpected(row) };
    });
  },
  tables: (rows) => {
    const all = unique(rows.map(({ step }) => step));
    const shown = [0, 10, 100, 500].filter((n) => all.includes(n));
    return [
      {
        title: 'Divergence of v0 after n steps: measured (expected)',
        head: ['gamma', ...shown.map((n) => `n = ${n}`), 'steps to 1/1000'],
        rows: ofGamma(rows).map(([gamma, own]) => {
          const least = own[0]!.expected / 1000;
          const reached = own.find(({ measured }) => measured <= least);
          return [
            `${gamma}`,
            ...shown.map((n) => {
              const row = own.find(({ step }) => step === n);
              return row
                ? `${short(row.measured)} (${short(row.expected)})`
                : '-';
            }),
            `${reached?.step ?? '-'}`,
          ];
        }),
      },
    ];
  },
  figures: (rows, { steps }) => [figure(rows, steps)],
  conclude: (rows) => ({
    verdicts: every(
      'divergences that are those of the closed form',
      rows,
      ({ gamma, step, measured, expected }) =>
        `gamma = ${gamma}, step ${step}, ${short(measured)} for ${short(expected)}`,
      { tolerance: 'rounding' },
    ),
    remarks: [
      'The largest difference to the closed form is ' +
        `${short(mostOf(rows, (row) => Math.abs(row.measured - row.expected)))}.`,
      'The divergence falls exponentially with the steps, the faster the larger',
      'gamma: as the paper shows.',
    ],
  }),
});

type Divergences = Pick<
  Fig2Row,
  'measured' | 'expected' | 'measuredTheta' | 'expectedTheta' | 'tolerance'
>;

/** Whether both divergences are those of the closed form. */
export function asExpected(row: Divergences): boolean {
  const { measured, expected, measuredTheta, expectedTheta, tolerance } = row;
  return (
    Math.abs(measured - expected) <= tolerance &&
    Math.abs(measuredTheta - expectedTheta) <= tolerance
  );
}

const ofGamma = (rows: readonly Fig2Row[]) =>
  groupsOf(rows, ({ gamma }) => gamma);

function figure(rows: readonly Fig2Row[], steps: number): Figure {
  const floor = rows[0]?.dtype === 'f32' ? 1e-6 : 1e-14;
  const every = Math.ceil(steps / 40);
  const points = rows.filter(
    ({ step, expected }) => step % every === 0 && expected > floor,
  );
  return {
    kind: 'lines',
    name: 'fig2',
    title: 'Divergence from the true gradient of v0',
    subtitle:
      'Lines: inference learning with fixed predictions. Points: theory.',
    caption:
      'Each line is one size of the inference step, gamma. Look for points that ' +
      'leave their line: the points are the closed form, drawn down to rounding ' +
      `(${floor.toExponential(0)}), below which the lines only show the noise of the ` +
      'last bits. gamma = 1 arrives in two steps. Divergences of exactly 0 cannot be ' +
      'drawn on a logarithmic axis: the line has a gap there.',
    lines: [
      // First, so that no line has its symbol.
      curve('closed form', points, 'step', 'expected', {
        ...{ log: true, style: 'points' },
      }),
      ...ofGamma(rows).map(([gamma, own]) =>
        curve(`gamma = ${gamma}`, own, 'step', 'measured', { log: true }),
      ),
    ],
    x: { label: 'inference steps n' },
    y: { label: '|gradient - true gradient|', log: true },
  };
}
