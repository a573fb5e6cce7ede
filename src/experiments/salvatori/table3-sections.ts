/** Tables of Table 3, for people. */

import { type Section, short, shortPair } from '../../studies/experiment.ts';
import type { Table3Row } from './table3.ts';

export function conditions(rows: readonly Table3Row[]): Section {
  const dropped = [...new Set(rows.map((row) => row.dropped))];
  const models = [...new Set(rows.map(({ model }) => model))];
  const cell = (row: Table3Row | undefined) => {
    if (!row) return '-';
    if (row.distance === null || row.relative === null) return row.note ?? '-';
    if (row.distance === 0) return row.note ?? '0';
    return shortPair(row.distance, row.relative);
  };
  return {
    title: "Distance to BP's update",
    head: ['model', ...dropped],
    rows: models.map((model) => [
      model,
      ...dropped.map((each) =>
        cell(rows.find((row) => row.model === model && row.dropped === each)),
      ),
    ]),
  };
}

export function ratios(rows: readonly Table3Row[]): Section {
  return {
    title: `gamma = 0.5: |update| / |BP's update|, parameter by parameter`,
    head: ['model', 'expected', 'measured', 'off by', 'bits off', 'l: ratio'],
    rows: rows
      .filter((row) => row.condition === 'C2')
      .map((row) => [
        row.model,
        range(row.leastExpected, row.mostExpected),
        range(row.leastRatio, row.mostRatio),
        short(row.deviation),
        row.scaledBits === null ? (row.note ?? '-') : `${row.scaledBits}`,
        some(Object.entries(row.ratios ?? {})),
      ]),
  };
}

function range(least: number | null, most: number | null): string {
  if (least === null || most === null) return '-';
  const text = (value: number) => Number(value.toPrecision(6)).toString();
  return least === most ? text(least) : `${text(least)} to ${text(most)}`;
}

/** The first levels; all of them are in the JSON rows. */
function some(levels: readonly (readonly [string, number])[]): string {
  const shown = levels
    .slice(0, 4)
    .map(([l, ratio]) => `${l}: ${Number(ratio.toPrecision(6))}`);
  return shown.join(', ') + (levels.length > 4 ? ', ...' : '');
}
