/** Pictures of Table 3: each condition dropped, and what gamma must give. */

import type { Figure, HeatFigure, LinesFigure } from '../../figures/figure.ts';
import type { Table3Row } from './table3.ts';

/** The first seed stands for all. */
export function figures(all: readonly Table3Row[]): Figure[] {
  const rows = all.filter(({ seed }) => seed === all[0]?.seed);
  const measured = rows.filter(({ distance }) => distance !== null);
  if (measured.length === 0) return [];
  const scaled = measured.filter(({ ratios }) => ratios !== null);
  return [
    conditions(measured),
    ...(scaled.length > 0 ? [scaling(scaled)] : []),
  ];
}

/** Over the conditions, as the table: bars of 40 decades tell nothing. */
function conditions(rows: readonly Table3Row[]): HeatFigure {
  const models = [...new Set(rows.map(({ model }) => model))];
  const dropped = [...new Set(rows.map((row) => row.dropped))];
  return {
    kind: 'heat',
    name: 'table3',
    title: "Distance to backpropagation's update, a condition dropped",
    subtitle: `${rows[0].backend}, ${rows[0].dtype}, seed ${rows[0].seed}`,
    caption:
      "Over the length of BP's update. Look at the first column: 0 in every model, " +
      'nothing being dropped. 1 is as far as no update at all. Other zeros are ' +
      'conditions that have nothing to do in a model, and its table says why. A cell ' +
      'without a number rang until it left the range of numbers.',
    x: { label: 'condition that is dropped', places: dropped },
    y: { label: 'model', places: models },
    values: models.map((model) =>
      dropped.map((name) => {
        const row = rows.find((r) => r.model === model && r.dropped === name);
        const value = row?.relative ?? null;
        return value !== null && Number.isFinite(value) ? value : null;
      }),
    ),
    scale: { label: "|update - BP's| / |BP's|", log: true },
  };
}

/** Every level's worst ratio, by model. */
function scaling(rows: readonly Table3Row[]): LinesFigure {
  const points = rows.map(({ model, ratios }) => ({
    model,
    levels: Object.entries(ratios!)
      .map(([l, ratio]) => [Number(l), ratio] as const)
      .filter(([, ratio]) => ratio > 0)
      .sort(([a], [b]) => a - b),
  }));
  const gamma = 0.5;
  const deepest = Math.max(
    0,
    ...points.flatMap(({ levels }) => levels.map(([l]) => l)),
  );
  const all = Array.from({ length: deepest + 1 }, (_, l) => l);
  return {
    kind: 'lines',
    name: 'table3-gamma',
    title: `gamma = ${gamma}: length of an update over that of BP's`,
    subtitle: 'Line: theory. Points: parameters, by the level that reads them.',
    caption:
      'Every vertex on the way multiplies an error by gamma, so a parameter that is ' +
      'read l edges from the output learns gamma^l of what backpropagation teaches. ' +
      'Look for points off the line: each is the parameter of its model and level ' +
      'that is farthest off. Many lie on each other.',
    lines: [
      { name: 'gamma^l', xs: all, ys: all.map((l) => gamma ** l) },
      ...points.map(({ model, levels }) => ({
        name: model,
        xs: levels.map(([l]) => l),
        ys: levels.map(([, ratio]) => ratio),
        style: 'points' as const,
      })),
    ],
    x: { label: 'level l of the reader (edges from the output)' },
    y: { label: "|update| / |BP's update|", log: true },
  };
}
