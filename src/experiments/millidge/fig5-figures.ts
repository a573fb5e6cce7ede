/** Figures of fig5: lines of divergence over a training. */

import type { Figure } from '../../figures/figure.ts';
import type { Fig5Row } from './fig5.ts';

/** Rows of one seed by parameter, in the order of the training. */
export function series(rows: readonly Fig5Row[]) {
  const nameOf = ({ model, parameter }: Fig5Row) => `${model}/${parameter}`;
  return [...new Set(rows.map(nameOf))].map((name) => {
    const own = rows.filter(
      (row) => nameOf(row) === name && row.seed === rows[0].seed,
    );
    const [{ model, parameter }] = own;
    return { model, parameter, own };
  });
}

const MEASURES = {
  relative: {
    title: 'Divergence over the length of the true gradient',
    label: '|gradient - true| / |true|',
    more:
      'Lines are level where there is one path to a layer: the part that is lost on the ' +
      'way depends on the number of edges alone. Points: theory.',
  },
  squared: {
    title: 'Divergence as a sum of squares',
    label: 'sum of (gradient - true)^2',
    more:
      "The paper's measure: it wanders with the length of the gradient. Look whether it " +
      'grows while the network learns.',
  },
} as const;

/** Of the weights; biases are in the rows. */
export function fig5Figure(
  rows: readonly Fig5Row[],
  key: 'relative' | 'squared',
): Figure {
  const [{ model, data, gamma, inference }] = rows;
  const all = series(rows).filter(({ parameter }) => /^[KW]/.test(parameter));
  const seen = all.filter(({ own }) => own.some((row) => row[key] > 0));
  const exact = all.filter((each) => !seen.includes(each));
  const { title, label, more } = MEASURES[key];
  const positive = (value: number) => (value > 0 ? value : Number.NaN);
  const lines = seen.map(({ parameter, own }) => ({
    name: parameter,
    xs: own.map(({ step }) => step),
    ys: own.map((row) => positive(row[key])),
  }));
  const theory = {
    name: 'theory',
    xs: seen.flatMap(({ own }) => own.map(({ step }) => step)),
    ys: seen.flatMap(({ own }) => own.map((row) => positive(row.expected))),
    style: 'points' as const,
  };
  return {
    kind: 'lines',
    name: `fig5-${model}-${key}`,
    title: `${title}, ${model.toUpperCase()}`,
    subtitle: `${inference} inference steps of ${gamma}, fixed predictions; ${data}`,
    caption:
      `One line for each weight. ${more}` +
      (exact.length === 0
        ? ''
        : ` ${exact.map(({ parameter }) => parameter).join(', ')}: exactly 0, which ` +
          'has no place on a logarithmic axis.'),
    lines: key === 'relative' ? [...lines, theory] : lines,
    x: { label: 'presentations' },
    y: { label, log: true },
  };
}
