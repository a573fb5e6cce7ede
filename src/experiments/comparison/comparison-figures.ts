/** Figures of the comparison. */

import type { Figure } from '../../figures/figure.ts';
import { band, groupsOf, meanOf } from '../../studies/rows.ts';
import {
  accuracyOf,
  bestOf,
  type ComparisonRow,
  type ComparisonSettings,
  type Summary,
  summaries,
} from './summary.ts';

export function comparisonFigures(
  rows: readonly ComparisonRow[],
  settings: ComparisonSettings,
): Figure[] {
  if (rows.length === 0) return [];
  const widths = settings.widths;
  const figures: Figure[] = widths.flatMap((width) => {
    const all = drawn(bestOf(rows, width, settings));
    return [
      curves(all, width, 'testLoss'),
      curves(all, width, 'trainLoss'),
      curves(all, width, 'testAccuracy'),
      byRate(rows, width, settings),
    ];
  });
  figures.push(speed(rows, settings));
  const precise = widths.flatMap((width) =>
    bestOf(rows, width, settings).filter(({ rows }) => rows[0]!.lnSigma),
  );
  return [...figures, ...precise.map(sigmas)];
}

/** Z-IL is BP's own line: it is drawn only where BP is not there. */
function drawn(all: readonly Summary[]): Summary[] {
  const hasBp = all.some(({ rule }) => rule === 'bp');
  return all.filter(({ rule }) => rule !== 'zil' || !hasBp);
}

const CURVES = {
  testLoss: {
    name: 'test',
    title: 'Test loss',
    label: 'mean loss of a test image',
  },
  trainLoss: {
    name: 'train',
    title: 'Training loss',
    label: 'mean loss of a training image',
  },
  testAccuracy: {
    name: 'accuracy',
    title: 'Test accuracy',
    label: 'test images named right (%)',
  },
} as const;

function curves(
  all: readonly Summary[],
  width: number,
  key: keyof typeof CURVES,
): Figure {
  const { layers, data } = all[0]!.rows[0]!;
  const { name, title, label } = CURVES[key];
  const isLoss = key !== 'testAccuracy';
  const scale = isLoss ? 1 : 100;
  const values = all.flatMap(({ rows }) => rows.flatMap((row) => row[key]));
  // A logarithm is of use where values span decades.
  const log = isLoss && Math.max(...values) > 10 * Math.min(...values);
  return {
    kind: 'lines',
    name: `comparison-${name}-${width}`,
    title: `${title}, ${layers} hidden layers of ${width}`,
    subtitle: data,
    caption:
      'Each rule at its own best learning rate' +
      (all[0]!.rows.length > 1 ? '; bands are the range over seeds. ' : '. ') +
      `Rates: ${all.map(({ rule, rate }) => `${rule} ${rate}`).join(', ')}. ` +
      "Look for the curve that lies nearest to bp's, and for steps upwards, which are " +
      'signs of an instability. Z-IL has the curve of bp to the last bit. A line that ' +
      'stops is of numbers that left their range.',
    lines: all.map(({ rule, rows }) =>
      band(
        rule,
        rows[0]!.steps,
        rows.map((row) => row[key].map((value) => scale * value)),
      ),
    ),
    x: { label: 'presentations' },
    y: { label, log, fromZero: !isLoss },
  };
}

function byRate(
  rows: readonly ComparisonRow[],
  width: number,
  settings: ComparisonSettings,
): Figure {
  const [decay] = settings.decays;
  const all = drawn(
    summaries(rows, width).filter((each) => each.decay === decay),
  );
  return {
    kind: 'lines',
    name: `comparison-rates-${width}`,
    title: `Final accuracy by learning rate, width ${width}`,
    subtitle: rows[0]!.data,
    caption:
      'Test accuracy at the end of the training; 0 where numbers left their range. Look ' +
      'for the rate from which on a rule falls: rc2 and rc23 learn several times a ' +
      'presentation, so the same rate moves their weights farther.',
    lines: groupsOf(all, ({ rule }) => rule).map(([rule, own]) => {
      own.sort((a, b) => a.rate - b.rate);
      const percents = own.map(({ accuracy }) => 100 * accuracy);
      return { name: rule, xs: own.map(({ rate }) => rate), ys: percents };
    }),
    x: { label: 'learning rate', log: true },
    y: { label: 'test images named right (%)', fromZero: true },
  };
}

function speed(
  rows: readonly ComparisonRow[],
  settings: ComparisonSettings,
): Figure {
  const widths = settings.widths;
  const rules = settings.rules;
  const all = widths.map((width) => bestOf(rows, width, settings));
  return {
    kind: 'bars',
    name: 'comparison-speed',
    title: 'Inference steps to 90 % of the final accuracy',
    subtitle: rows[0]!.data,
    caption:
      'At the best rate of each rule; a presentation has T steps, for bp and zil as many ' +
      'as the network has layers. Look for the price of relaxation, which fewer ' +
      'presentations do not make up for. Final accuracies: ' +
      widths
        .map(
          (width, i) =>
            `width ${width}: ` +
            all[i]!.map(
              ({ rule, accuracy }) => `${rule} ${accuracyOf(accuracy)}`,
            ).join(', '),
        )
        .join('; ') +
      '.',
    groups: rules,
    series: widths.map((width, i) => ({
      name: `width ${width}`,
      values: rules.map((rule) => {
        const found = all[i]!.find((each) => each.rule === rule);
        const steps = found?.rows.map(({ reachedSteps }) => reachedSteps) ?? [];
        const known = steps.filter((value) => value !== null);
        return known.length === 0 ? null : meanOf(known, (value) => value);
      }),
    })),
    x: { label: 'rule' },
    y: { label: 'inference steps' },
  };
}

/** ln Sigma of every neuron, sorted within its layer. */
function sigmas({ rule, width, rate, rows }: Summary): Figure {
  const { lnSigma, neurons, data } = rows[0]!;
  let from = 0;
  const lines = (neurons ?? []).map((count, layer) => {
    const own = (lnSigma ?? []).slice(from, from + count).sort((a, b) => a - b);
    from += count;
    return {
      name: layer === neurons!.length - 1 ? 'output' : `layer ${layer + 1}`,
      xs: own.map((_, i) => (100 * i) / Math.max(1, count - 1)),
      ys: own,
    };
  });
  return {
    kind: 'lines',
    name: `comparison-sigma-${rule}-${width}`,
    title: `ln Sigma of every neuron after training by ${rule}`,
    subtitle: `width ${width}, rate ${rate}; ${data}`,
    caption:
      'Neurons of a layer from the least ln Sigma to the greatest; all began at 0. Most ' +
      'errors are far smaller than 1, so ln Sigma falls, and with an optimiser that ' +
      'takes steps of equal length all fall alike. Look for layers that depart from ' +
      'the others.',
    lines,
    x: { label: 'neurons of the layer (%)' },
    y: { label: 'ln Sigma' },
  };
}
