/** isochron check: a rule against BP to the bit, and against oracles. */

import { type ModelEntry, models } from '../../models/index.ts';
import { OptionError } from '../base/errors.ts';
import { flag, whole } from '../base/schema.ts';
import { table } from '../figures/circuit-text.ts';
import { droppedWarning, level } from '../graph/level.ts';
import { type CheckCase, ORACLE_TOLERANCE } from '../proof/check.ts';
import type { Rule } from '../rules/rule.ts';
import { checkAll } from './check-all.ts';
import { type Case, type Session, type ShownRow, shown } from './check-rows.ts';
import {
  backendOf,
  type Context,
  command,
  inForm,
  inMode,
  onBackend,
  ruleOf,
  seeded,
  withRule,
} from './command.ts';
import { asCsv, Results } from './results.ts';
import { loadCase } from './source.ts';

/** One update needs no large batch where a step is long. */
const BATCHES: Readonly<Record<string, number>> = { 'lstm-millidge': 8 };

const options = {
  ...withRule,
  all: flag({
    help: 'every exact rule on every backend, and each condition dropped',
  }),
  full: flag({ help: 'models in the size of the papers too' }),
  batch: whole({
    ...{ least: 1, optional: true, otherwise: "the model's own" },
    help: 'batch size',
  }),
  ...onBackend,
  ...seeded,
  ...inMode,
  ...inForm,
  ...asCsv,
};

export const checkCommand = command({
  name: 'check',
  summary: 'compares a rule with backpropagation, bit by bit',
  operands: '[MODEL|FILE ...]   (default: all small models)',
  options,
  examples: [
    'check',
    'check --all',
    'check skip mlp --backend cpu --dtype f64',
    'check graph.json --rule zil --param gamma=0.5 --json',
    'check resnet-18 --batch 2',
  ],
  async run(context) {
    const { values, told, out } = context;
    const { all, seed, mode, form } = values;
    if (all && (told.has('rule') || told.has('param'))) {
      throw new OptionError(
        'Option --all takes every exact rule: leave --rule and --param out',
        { names: ['all', 'rule', 'param'] },
      );
    }
    const rule = ruleOf(values);
    const how = { seed, mode, form };
    // Files are read before a device is opened: a wrong one costs nothing.
    const cases = await casesOf(context);
    const results = new Results(out, values.csv);
    return all
      ? checkAll(cases, { values, out, results, how })
      : checkOne(cases, rule, { values, out, results, how });
  },
});

async function casesOf({
  values,
  operands,
  out,
}: Context<typeof options>): Promise<Case[]> {
  const { batch } = values;
  const chosen = models.filter(({ size }) => size === 'small' || values.full);
  const sources = operands.length > 0 ? operands : chosen.map((m) => m.name);
  const cases: Case[] = [];
  for (const source of sources) {
    const model = models.find(({ name }) => name === source);
    if (!model && batch !== undefined) {
      throw new OptionError(
        `Option --batch = ${batch}: "${source}" is no model, and a file has ` +
          'a batch size of its own; leave --batch out',
        { name: 'batch', value: batch, source },
      );
    }
    const loaded = model ? made(model, batch) : await loadCase(source);
    const warning = droppedWarning(level(loaded.graph));
    if (warning) out.warn(`${loaded.name}: ${warning}`);
    const size = model?.size ?? 'small';
    cases.push({ ...loaded, size, isModel: model !== undefined });
  }
  return cases;
}

function made({ name, make }: ModelEntry, batch?: number): CheckCase {
  return { name, graph: make(batch ?? BATCHES[name]) };
}

/** One rule on one backend. */
async function checkOne(
  cases: readonly Case[],
  rule: Rule,
  { values, out, results, how }: Session,
): Promise<number> {
  const backend = await backendOf({ values, out });
  const rows: ShownRow[] = [];
  for (const each of cases) {
    if (each.size === 'paper') out.note(`check: ${each.name}`);
    const row = await shown(each, { ...how, rule, backend });
    results.row({ ...row });
    rows.push(row);
  }
  backend.close();
  const run = rows.filter(({ differingBits }) => differingBits !== null);
  const passed = rows.every((row) => row.pass);
  const tolerance = ORACLE_TOLERANCE[backend.dtype];
  const withOracle = rows.some((row) => row.relToOracle !== null);
  const head = [
    'case',
    'rule',
    'backend',
    'weights',
    'differ from bp',
    'distance',
  ];
  results.line(
    table(
      [...head, ...(withOracle ? ['to oracle'] : []), 'result'],
      rows.map((row) => [
        row.case,
        row.rule,
        `${row.backend} ${row.dtype}`,
        `${row.elements}`,
        `${row.differingBits ?? '-'}`,
        short(row.relToBp),
        ...(withOracle ? [short(row.relToOracle)] : []),
        row.note ?? (rule.exact ? (row.pass ? 'pass' : 'FAIL') : 'no claim'),
      ]),
    ),
  );
  results.line();
  results.line(
    'differ from bp: weights whose update differs in any bit; distance: ' +
      'relative, over all weights' +
      (withOracle
        ? `; oracle: the gradients in the file (at most ${tolerance})`
        : ''),
  );
  const { seed } = how;
  const far = run.filter((row) => (row.relToOracle ?? 0) > tolerance);
  if (rule.exact && far.length > 0) {
    results.line(
      `Farther than ${tolerance} from the oracle: ${far.map((row) => row.case).join(', ')}.`,
    );
  }
  const apart = run.reduce((sum, row) => sum + (row.differingBits ?? 0), 0);
  results.line(
    run.length === 0
      ? `Nothing was checked (seed ${seed}).`
      : rule.exact
        ? `${rule.name} ${apart === 0 ? 'equals' : 'DOES NOT equal'} bp here (seed ${seed}).`
        : apart > 0
          ? `${rule.name} with these options is not exact: differences are expected (seed ${seed}).`
          : `No difference here, but with these options none is promised (seed ${seed}).`,
  );
  return passed ? 0 : 1;
}

function short(value: number | null): string {
  if (value === null) return '-';
  return value === 0 ? '0' : value.toExponential(1);
}
