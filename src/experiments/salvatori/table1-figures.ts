/** Picture of Table 1. */

import type { BarsFigure } from '../../figures/figure.ts';
import type { Table1Row } from './table1.ts';

/** Distances over BP's length; the first seed stands for all. */
export function figures(rows: readonly Table1Row[]): BarsFigure[] {
  const names = [...new Set(rows.map(({ model }) => model))];
  const first = names
    .map((name) => rows.find(({ model }) => model === name)!)
    .filter(({ skipped }) => skipped === null);
  if (first.length === 0) return [];
  const finite = (value: number | null) =>
    value !== null && Number.isFinite(value) ? value : null;
  return [
    {
      kind: 'bars',
      name: 'table1',
      title: "Distance of Z-IL's update to backpropagation's",
      subtitle: `${first[0].backend}, ${first[0].dtype}, seed ${first[0].seed}`,
      caption:
        "Over the length of BP's update, on a logarithmic axis, so compare the ends of " +
        'bars. Levelled circuits have no bar: 0 in every model, and no bit differs. ' +
        'Look which models need it: chains are at 0 without it, recurrent networks ' +
        'once shared weights are copies, networks with skips are not. Where errors ' +
        'miss each other so far that numbers overflow there is no bar and no 0.',
      groups: first.map(({ model }) => model),
      series: [
        {
          name: 'levelled',
          values: first.map((row) => finite(row.levelledRelative)),
        },
        {
          name: 'not levelled',
          values: first.map((row) => finite(row.unlevelledRelative)),
        },
        {
          name: 'not levelled, copies of shared weights',
          values: first.map((row) => finite(row.copiesRelative)),
        },
      ],
      x: { label: 'model' },
      y: { label: "|update - BP's| / |BP's|", log: true },
    },
  ];
}
