/** Pictures of delays by model, and of their growth. */

import type { BarsFigure, Figure, LinesFigure } from '../../figures/figure.ts';
import { series } from './delay-series.ts';
import type { DelaysRow } from './delays.ts';
import { growthOf } from './delays-sections.ts';

/** Models that need delays at all: zeros have no bar on a logarithmic axis. */
export function bars(rows: readonly DelaysRow[]): BarsFigure[] {
  const own = rows.filter(
    (row) => row.part === 'models' && row.longestElements > 0,
  );
  if (own.length === 0) return [];
  return [
    {
      kind: 'bars',
      name: 'delays-models',
      title: 'Numbers that wait in delays',
      caption:
        'Each step of delay counts the size of what it delays. Look at the two bars ' +
        'of a model: they differ where some vertex has room to move, and the axis is ' +
        'logarithmic, so that small differences are large savings. The third bar is ' +
        'all numbers of the model, populations and weights. Models that need no ' +
        'delays are left out.',
      groups: own.map(({ model }) => model),
      series: [
        {
          name: 'longest-path levels',
          values: own.map(({ longestElements }) => longestElements),
        },
        {
          name: 'least-delay levels',
          values: own.map(({ leastElements }) => leastElements),
        },
        {
          name: 'populations and weights',
          values: own.map(({ elements }) => elements),
        },
      ],
      x: { label: 'model' },
      y: { label: 'numbers', log: true },
    },
  ];
}

export function growth(rows: readonly DelaysRow[]): Figure {
  return lines(rows, {
    name: 'delays-growth',
    title: 'Identity vertices as models grow',
    caption:
      'On two logarithmic axes a power of n is a straight line and its slope the ' +
      'power: 1 for residual layers, which each need as many, and 2 for networks whose ' +
      'weights are shared over time. A chain such as the mlp needs none, and 0 cannot ' +
      'be drawn here.',
    y: { label: 'identity vertices', log: true },
    of: [['', (row) => row.longestSteps]],
  });
}

export function memory(rows: readonly DelaysRow[]): Figure {
  return lines(rows.filter(isDelayed), {
    name: 'delays-memory',
    title: 'Working memory of a training step',
    caption:
      'What a compiled step of Z-IL needs beside weights, with delays on axons and ' +
      'with identity vertices. Look at the recurrent networks: identity vertices cost ' +
      'them several times the memory, the more the longer the sequence. In networks ' +
      'with skips the two lines lie on each other. Both grow far slower than what ' +
      'waits is counted: a step keeps only what its one wave of errors will read. ' +
      'Points that are missing have too many identity vertices to be compiled.',
    y: { label: 'working memory (bytes)', log: true },
    of: [
      [', axonal', (row) => row.axonalBytes],
      [', explicit', (row) => row.explicitBytes],
    ],
  });
}

/** A chain has no forms to be compared. */
const isDelayed = ({ longestSteps }: DelaysRow) => longestSteps > 0;

function lines(
  rows: readonly DelaysRow[],
  of: Pick<LinesFigure, 'name' | 'title' | 'caption' | 'y'> & {
    of: readonly [string, (row: DelaysRow) => number | null][];
  },
): LinesFigure {
  const { of: quantities, ...figure } = of;
  return {
    kind: 'lines',
    ...figure,
    lines: series.flatMap(({ name }) =>
      quantities.flatMap(([ending, value]) => {
        const own = growthOf(rows, name).filter((row) => (value(row) ?? 0) > 0);
        if (own.length === 0) return [];
        return [
          {
            name: `${name}${ending}`,
            xs: own.map((row) => row.n!),
            ys: own.map((row) => value(row)!),
          },
        ];
      }),
    ),
    x: { label: 'n (layers or time steps)', log: true },
  };
}
