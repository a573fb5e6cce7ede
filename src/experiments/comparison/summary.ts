/** What the rows of the comparison say, in tables and in words. */

import {
  column,
  origin,
  percent,
  type RowOf,
  type Section,
} from '../../studies/columns.ts';
import { claim, groupsOf, meanOf, sumOf } from '../../studies/rows.ts';
import type { Variant, VariantSettings } from './variants.ts';

export const columns = {
  ...origin,
  rule: column<Variant>(),
  width: column(),
  rate: column(),
  decay: column(),
  /** Inference steps of a presentation. */
  inference: column(),
  layers: column(),
  presentations: column(),
  /** Presentations before each test, and what was tested. */
  steps: column<readonly number[]>(),
  trainLoss: column<readonly number[]>(),
  testLoss: column<readonly number[]>(),
  trainAccuracy: column<readonly number[]>(),
  testAccuracy: column<readonly number[]>(),
  /** At the last test; null where numbers ended before it. */
  finalAccuracy: column<number | null>(),
  finalLoss: column<number | null>(),
  /** First test with 90 % of the final accuracy: when, in inference steps too. */
  reached: column<number | null>(),
  reachedSteps: column<number | null>(),
  /** The presentation at which numbers were no longer finite. */
  broke: column<number | null>(),
  /** Euclidean length of all weights and biases. */
  length: column<number | null>(),
  /** ln Sigma of all neurons, layer by layer, and the neurons of each. */
  lnSigma: column<readonly number[] | null>(),
  neurons: column<readonly number[] | null>(),
  /** Of the bits of all weights and biases. */
  digest: column<string>(),
};

export type ComparisonRow = RowOf<typeof columns>;

/** Settings that the tables depend on. */
export interface ComparisonSettings extends VariantSettings {
  readonly rules: readonly Variant[];
  readonly widths: readonly number[];
  readonly rates: readonly number[];
  readonly decays: readonly number[];
  readonly decayRate: number;
}

/** A rule at one rate and decay on one width: means over seeds. */
export interface Summary {
  readonly rule: Variant;
  readonly width: number;
  readonly rate: number;
  readonly decay: number;
  /** Of each seed. */
  readonly rows: readonly ComparisonRow[];
  /** Chance-like where numbers ended: what it says then is nothing. */
  readonly accuracy: number;
  readonly loss: number;
  readonly broken: number;
}

/** Rows of one width by rule, rate and decay, in the order they have. */
export function summaries(
  rows: readonly ComparisonRow[],
  width: number,
): Summary[] {
  const own = rows.filter((row) => row.width === width);
  const keyOf = ({ rule, rate, decay }: ComparisonRow) =>
    `${rule}/${rate}/${decay}`;
  return groupsOf(own, keyOf).map(([, same]) => {
    const [{ rule, rate, decay }] = same;
    const ended = same.filter(({ broke }) => broke === null);
    return {
      ...{ rule, width, rate, decay },
      rows: same,
      // A training that broke is right about nothing.
      accuracy: sumOf(ended, (row) => row.finalAccuracy!) / same.length,
      loss: meanOf(ended, (row) => row.finalLoss!),
      broken: same.length - ended.length,
    };
  });
}

/** Each rule at its best rate, with the first decay. */
export function bestOf(
  rows: readonly ComparisonRow[],
  width: number,
  settings: ComparisonSettings,
): Summary[] {
  const [decay] = settings.decays;
  const all = summaries(rows, width).filter((each) => each.decay === decay);
  return settings.rules.flatMap((rule) => {
    const own = all.filter((each) => each.rule === rule);
    if (own.length === 0) return [];
    return [own.reduce((a, b) => (b.accuracy > a.accuracy ? b : a))];
  });
}

/** Mean over tests and seeds of |ln loss - ln BP's loss|. */
export function apartFrom(one: Summary, other: Summary): number {
  const distances = one.rows.flatMap((row) => {
    const twin = other.rows.find(({ seed }) => seed === row.seed);
    if (!twin || row.broke !== null || twin.broke !== null) {
      return [Number.POSITIVE_INFINITY];
    }
    return row.testLoss.map((loss, i) =>
      Math.abs(Math.log(loss / twin.testLoss[i])),
    );
  });
  return average(distances);
}

export function comparisonTables(
  rows: readonly ComparisonRow[],
  settings: ComparisonSettings,
): Section[] {
  const widths = settings.widths;
  const [first, ...others] = settings.decays;
  const each = widths.flatMap((width) => {
    const bp = bestOf(rows, width, settings).find(({ rule }) => rule === 'bp');
    return bestOf(rows, width, settings).map((one) => [
      `${width}`,
      one.rule,
      `${one.rate}`,
      accuracyOf(one.accuracy),
      one.loss.toFixed(4),
      mean(one.rows, (row) => row.trainLoss.at(-1) ?? null, 4),
      mean(one.rows, (row) => row.reached),
      mean(one.rows, (row) => row.reachedSteps),
      bp ? apartFrom(one, bp).toFixed(3) : '-',
    ]);
  });
  const rates = settings.rates;
  const at = widths.flatMap((width) => {
    const all = summaries(rows, width).filter(({ decay }) => decay === first);
    return settings.rules.map((rule) => [
      `${width}`,
      rule,
      ...rates.map((rate) =>
        told(all.find((each) => each.rule === rule && each.rate === rate)),
      ),
    ]);
  });
  const sections = [
    {
      title: 'Each rule at its best rate',
      head: [
        ...['width', 'rule', 'rate', 'test accuracy', 'test loss'],
        ...['train loss', 'presentations to 90 %', 'inference steps to it'],
        'apart from BP',
      ],
      rows: each,
    },
    {
      title: 'Test accuracy by learning rate',
      head: ['width', 'rule', ...rates.map((rate) => `rate ${rate}`)],
      rows: at,
    },
  ];
  if (others.length === 0) return sections;
  return [...sections, decays(rows, settings)];
}

/** Accuracy, length of the weights and mean ln Sigma for each decay. */
function decays(
  rows: readonly ComparisonRow[],
  settings: ComparisonSettings,
): Section {
  const rate = settings.decayRate;
  return {
    title: `Weight decay, at rate ${rate}`,
    head: [
      ...['width', 'rule', 'decay', 'test accuracy', 'length of weights'],
      'mean ln Sigma',
    ],
    rows: settings.widths.flatMap((width) =>
      summaries(rows, width)
        .filter((each) => each.rate === rate)
        .map((each) => [
          ...[`${width}`, each.rule, `${each.decay}`, told(each)],
          mean(each.rows, (row) => row.length, 3),
          mean(each.rows, ({ lnSigma }) => lnSigma && average(lnSigma), 3),
        ]),
    ),
  };
}

/** Which is nearest to BP, and all of them in that order. */
function nearness(of: readonly Summary[], bp: Summary) {
  const sorted = of
    .map((each) => ({ rule: each.rule, apart: apartFrom(each, bp) }))
    .sort((a, b) => a.apart - b.apart);
  return {
    nearest: sorted[0]?.rule,
    order: sorted
      .map(({ rule, apart }) => `${rule} ${apart.toFixed(3)}`)
      .join(', '),
  };
}

/** What the paper claims, and whether it comes out. */
export function claims(
  rows: readonly ComparisonRow[],
  width: number,
  settings: ComparisonSettings,
): string[] {
  const all = bestOf(rows, width, settings);
  const bp = all.find(({ rule }) => rule === 'bp');
  const lines: string[] = [];
  const rivals = all.filter(({ rule }) => rule !== 'bp' && rule !== 'zil');
  if (bp && rivals.length > 1 && rivals.some(({ rule }) => rule === 'rc3')) {
    const same = summaries(rows, width).filter(
      ({ rule, rate, decay }) =>
        rate === bp.rate &&
        decay === bp.decay &&
        rivals.some((each) => each.rule === rule),
    );
    const { nearest, order } = nearness(rivals, bp);
    const error = Math.sqrt(0.25 / settings.test) * 100;
    lines.push(
      `Width ${width}, ` +
        claim(
          'rc3 is closest to BP',
          nearest === 'rc3',
          `, ${nearest} is closest`,
        ) +
        `; mean |ln loss - ln loss of BP|: ${order}; all at BP's rate: ` +
        `${nearness(same, bp).order}. Rates are chosen by an accuracy of up to ` +
        `+-${error.toFixed(1)} points, seeds: ${bp.rows.length}.`,
    );
  }
  const limits = new Map(
    all.map(({ rule }) => [rule, lastGood(rows, width, rule, settings)]),
  );
  const [rc2, pc] = [limits.get('rc2'), limits.get('pc')];
  const wide = Math.max(...settings.rates);
  if (rc2 !== undefined && pc !== undefined) {
    const comes = rc2 < Math.min(pc, limits.get('bp') ?? pc);
    const order = [...limits].map(([rule, rate]) => `${rule} ${rate}`);
    lines.push(
      `Width ${width}, ${claim('rc2 is unstable at larger rates', comes)}` +
        ` up to a rate of ${wide}. Largest rate that ends with 90 % of a rule's ` +
        `best accuracy: ${order.join(', ')}.`,
    );
  }
  for (const { rule, rate, rows } of all) {
    const known = rows.flatMap(({ lnSigma }) => lnSigma ?? []);
    if (known.length === 0) continue;
    const [T, every] = [settings.T, settings.every];
    const updates = rule === 'rc23' ? Math.floor(T / every) : 1;
    const most = rate * updates * settings.presentations;
    lines.push(
      `Width ${width}, ${rule}: ln Sigma is ${average(known).toFixed(3)} on average, ` +
        `${Math.min(...known).toFixed(3)} at least` +
        (settings.optimiser === 'adam'
          ? `; ${updates * settings.presentations} steps of ${rate} all ` +
            `downwards would be ${(-most).toFixed(3)}.`
          : '.'),
    );
  }
  return lines;
}

/** The largest rate that ends with 90 % of the rule's best accuracy. */
function lastGood(
  rows: readonly ComparisonRow[],
  width: number,
  rule: Variant,
  settings: ComparisonSettings,
): number {
  const [decay] = settings.decays;
  const own = summaries(rows, width).filter(
    (each) => each.rule === rule && each.decay === decay,
  );
  const most = Math.max(...own.map(({ accuracy }) => accuracy));
  const good = own.filter(({ accuracy }) => accuracy >= 0.9 * most);
  return Math.max(...good.map(({ rate }) => rate));
}

export const accuracyOf = percent(1);

function told(of: Summary | undefined): string {
  if (!of) return '-';
  if (of.broken < of.rows.length) return accuracyOf(of.accuracy);
  return `overflow at ${Math.min(...of.rows.map(({ broke }) => broke!))}`;
}

const average = (values: readonly number[]) => meanOf(values, (value) => value);

function mean(
  rows: readonly ComparisonRow[],
  of: (row: ComparisonRow) => number | null,
  digits = 0,
): string {
  const known = rows.map(of).filter((value) => value !== null);
  return known.length === 0 ? '-' : average(known).toFixed(digits);
}
