/** Tables of delays, for people. */

import type { Section } from '../../studies/experiment.ts';
import { type Series, series } from './delay-series.ts';
import type { DelaysRow } from './delays.ts';
import { fitPower } from './fit-power.ts';

export function sections(rows: readonly DelaysRow[]): Section[] {
  return [
    {
      title: 'Models',
      head: ['model', 'batch', ...HEAD],
      rows: rows
        .filter(({ part }) => part === 'models')
        .map((row) => [row.model, `${row.batch}`, ...cells(row)]),
    },
    {
      title: 'Growth',
      head: ['model', 'n', ...HEAD],
      rows: rows
        .filter(({ part }) => part === 'growth')
        .map((row) => [row.model, `${row.n} ${row.along}`, ...cells(row)]),
    },
    {
      title: 'Exponents p of n^p, fitted to the larger half of n',
      head: [
        'model',
        'delays',
        'as n grows',
        'waiting',
        'explicit memory',
        'axonal memory',
      ],
      rows: series
        .filter(({ name }) => growthOf(rows, name).length > 1)
        .map((one) => exponents(one, rows)),
    },
  ];
}

const HEAD = [
  'K',
  'delays',
  'from weights',
  'expected',
  'waiting',
  'least',
  'step, axonal',
  'explicit',
  'BP',
];

function cells(row: DelaysRow): string[] {
  return [
    `${row.levels}`,
    `${row.longestSteps}`,
    `${row.longestFromWeights}`,
    row.expectedSteps === null ? '-' : `${row.expectedSteps}`,
    `${row.longestElements}`,
    `${row.leastElements}`,
    ...[row.axonalBytes, row.explicitBytes, row.bpBytes].map(kib),
  ];
}

function kib(bytes: number | null): string {
  return bytes === null ? '-' : `${(bytes / 1024).toFixed(1)} KiB`;
}

export function growthOf(
  rows: readonly DelaysRow[],
  model: string,
): DelaysRow[] {
  return rows.filter((row) => row.part === 'growth' && row.model === model);
}

function exponents(
  { name, power }: Series,
  rows: readonly DelaysRow[],
): string[] {
  const own = growthOf(rows, name);
  const fit = (of: (row: DelaysRow) => number | null) => {
    const found = fitPower(own.map((row) => [row.n!, of(row) ?? 0]));
    return found === null ? '-' : found.toFixed(2);
  };
  return [
    name,
    fit((row) => row.longestSteps),
    power === null ? '-' : `${power}`,
    fit((row) => row.longestElements),
    fit((row) => row.explicitBytes),
    fit((row) => row.axonalBytes),
  ];
}
