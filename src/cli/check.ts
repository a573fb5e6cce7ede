/** isochron check: a rule against BP to the bit, and against oracles. */

import { models } from '../../models/index.ts';
import { check } from '../check.ts';
import { droppedWarning, level } from '../level.ts';
import { table } from '../report/circuit-text.ts';
import {
  backendOf,
  type Command,
  formOf,
  inForm,
  inMode,
  modeOf,
  onBackend,
  ruleOf,
  seeded,
  seedOf,
  withRule,
} from './command.ts';
import { loadCase } from './source.ts';

export const checkCommand: Command = {
  name: 'check',
  summary: 'compares a rule with backpropagation, bit by bit',
  operands: '[MODEL|FILE ...]   (default: all models)',
  options: {
    ...withRule,
    ...onBackend,
    ...seeded,
    ...inMode,
    ...inForm,
  },
  examples: [
    'check',
    'check skip mlp --backend cpu --dtype f64',
    'check graph.json --rule zil --param gamma=0.5 --json',
  ],
  async run({ values, operands, out }) {
    const rule = ruleOf(values);
    const seed = seedOf(values);
    const mode = modeOf(values);
    const form = formOf(values);
    const sources = operands.length > 0 ? operands : models.map((m) => m.name);
    // Files are read before a device is opened: a wrong one costs nothing.
    const cases = [];
    for (const source of sources) {
      const loaded = await loadCase(source);
      const warning = droppedWarning(level(loaded.graph));
      if (warning) out.warn(`${loaded.name}: ${warning}`);
      cases.push(loaded);
    }
    const backend = await backendOf(values, out);
    const rows = [];
    for (const each of cases) {
      const row = await check(each, { rule, backend, seed, mode, form });
      out.row({ ...row, seed });
      rows.push(row);
    }
    backend.close();
    const passed = rows.every((row) => row.pass);
    const withOracle = rows.some((row) => row.relToOracle !== null);
    const head = [
      'case',
      'rule',
      'backend',
      'weights',
      'differ from bp',
      'distance',
    ];
    out.line(
      table(
        [...head, ...(withOracle ? ['to oracle'] : []), 'result'],
        rows.map((row) => [
          row.case,
          row.rule,
          `${row.backend} ${row.dtype}`,
          `${row.elements}`,
          `${row.differingBits}`,
          short(row.relToBp),
          ...(withOracle ? [short(row.relToOracle)] : []),
          rule.exact ? (row.pass ? 'pass' : 'FAIL') : 'no claim',
        ]),
      ),
    );
    out.line();
    out.line(
      'differ from bp: weights whose update differs in any bit; distance: ' +
        'relative, over all weights' +
        (withOracle ? '; oracle: the gradients in the file' : ''),
    );
    const apart = rows.reduce((sum, row) => sum + row.differingBits, 0);
    out.line(
      rule.exact
        ? `${rule.name} ${passed ? 'equals' : 'DOES NOT equal'} bp here (seed ${seed}).`
        : apart > 0
          ? `${rule.name} with these options is not exact: differences are expected (seed ${seed}).`
          : `No difference here, but with these options none is promised (seed ${seed}).`,
    );
    return passed ? 0 : 1;
  },
};

function short(value: number | null): string {
  if (value === null) return '-';
  return value === 0 ? '0' : value.toExponential(1);
}
