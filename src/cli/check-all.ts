/** isochron check --all: every exact rule, and what breaks the equality. */

import type { Backend } from '../backends/backend.ts';
import { openBackend } from '../backends/open.ts';
import { DeviceMissingError, messageOf } from '../base/errors.ts';
import type { Values } from '../base/schema.ts';
import { table } from '../figures/circuit-text.ts';
import { halfStep, noise, notLevelled, tooLate } from '../proof/ablations.ts';
import { gradientsOf } from '../proof/check.ts';
import { bp } from '../rules/bp.ts';
import type { Rule } from '../rules/rule.ts';
import { rules } from '../rules/table.ts';
import { zil } from '../rules/zil.ts';
import {
  type Case,
  type How,
  type Session,
  type ShownRow,
  shown,
} from './check-rows.ts';
import { backendOf, type onBackend } from './command.ts';
import type { Output } from './output.ts';

const ABLATIONS = [notLevelled, noise, halfStep, tooLate];

/** Rules that claim to be BP to the bit. */
const exactRules: readonly Rule[] = rules
  .map(({ make }) => make({}))
  .filter(({ exact, hasCircuit }) => exact && hasCircuit);

/** Every exact rule on every backend, and the ablations beside them. */
export async function checkAll(
  cases: readonly Case[],
  { values, out, results, how }: Session,
): Promise<number> {
  const { backends, missing } = await backendsOf(values, out);
  const rows: ShownRow[] = [];
  const lines: string[][] = [];
  for (const each of cases) {
    if (each.size === 'paper') out.note(`check: ${each.name}`);
    // What is large is run once, where it is fastest.
    const on = each.size === 'paper' ? backends.slice(-1) : backends;
    for (const backend of on) {
      const own = await rowsOf(each, backend, how);
      for (const row of own) results.row({ ...row });
      rows.push(...own);
      lines.push(lineOf(own));
    }
  }
  for (const backend of backends) backend.close();
  const passed = rows.every((row) => row.pass);
  const head = [
    ...['case', 'backend', 'weights', ...exactRules.map(({ name }) => name)],
    ...[...ABLATIONS.map(({ dropped }) => dropped), 'result'],
  ];
  results.line(table(head, lines));
  results.line();
  results.line(
    "A number is that of the weights whose update differs from bp's in any bit:",
  );
  results.line(
    `0 under ${exactRules.map(({ name }) => name).join(' and ')}. The columns ` +
      'after them drop one condition of the equality each,',
  );
  results.line(
    'and must differ, but where the condition has nothing to do in a model; ' +
      'what overflows differs.',
  );
  if (missing) results.line(`webgpu: not checked. ${missing}`);
  const count = (of: (row: ShownRow) => boolean) => rows.filter(of).length;
  const ran = (row: ShownRow) => row.differingBits !== null;
  const exact = count((row) => ran(row) && row.dropped === null);
  const apart = count((row) => ran(row) && row.expected === 'differs');
  const failed = count((row) => !row.pass);
  results.line(
    `${passed ? 'As the theory has it' : `NOT as the theory has it: ${failed} FAILED`}: ` +
      `${exact} updates that equal bp's, ${apart} that must not ` +
      `(seed ${how.seed}).`,
  );
  return passed ? 0 : 1;
}

/** Every backend there is, or those asked for; the fastest last. */
async function backendsOf(values: Values<typeof onBackend>, out: Output) {
  const asked = values.backend !== 'auto';
  if (asked && (values.backend !== 'cpu' || values.dtype !== undefined)) {
    return { backends: [await backendOf({ values, out })], missing: null };
  }
  const backends: Backend[] = [];
  for (const dtype of ['f64', 'f32'] as const) {
    if (values.dtype !== undefined && values.dtype !== dtype) continue;
    backends.push(await backendOf({ values: { backend: 'cpu', dtype }, out }));
  }
  if (asked) return { backends, missing: null };
  if (values.dtype === 'f64') {
    return { backends, missing: 'WebGPU has no float64.' };
  }
  try {
    const { backend } = await openBackend('webgpu');
    out.note(`backend: ${backend.description}`);
    return { backends: [...backends, backend], missing: null };
  } catch (error) {
    if (!(error instanceof DeviceMissingError)) throw error;
    out.note(`webgpu is not checked: ${messageOf(error)}`);
    return { backends, missing: messageOf(error) };
  }
}

/** A case under every rule and ablation; of a large one, Z-IL alone. */
async function rowsOf(
  each: Case,
  backend: Backend,
  how: How,
): Promise<ShownRow[]> {
  if (each.size === 'paper') {
    return [await shown(each, { ...how, rule: zil(), backend })];
  }
  const reference = await gradientsOf(each.graph, {
    ...how,
    rule: bp(),
    backend,
  });
  const rows: ShownRow[] = [];
  for (const rule of exactRules) {
    rows.push(await shown(each, { ...how, rule, backend }, { reference }));
  }
  for (const ablation of ABLATIONS) {
    const rule = zil(ablation.options);
    const options = { ...how, rule, backend };
    rows.push(await shown(each, options, { reference, ablation }));
  }
  return rows;
}

/** The rows of a case on a backend as one line. */
function lineOf(rows: readonly ShownRow[]): string[] {
  const { case: name, backend, dtype, elements } = rows[0]!;
  const cell = (row: ShownRow | undefined) => {
    if (!row || row.differingBits === null) return '-';
    const failed = row.pass ? '' : ' FAIL';
    const text = row.pass && row.note ? row.note : `${row.differingBits}`;
    return `${text}${failed}`;
  };
  const plain = (row: ShownRow) => row.dropped === null;
  const left = rows.find((row) => row.differingBits === null);
  const passed = rows.every((row) => row.pass);
  return [
    ...[name, `${backend} ${dtype}`, `${elements}`],
    ...exactRules.map((rule) =>
      cell(rows.find((row) => plain(row) && row.rule === rule.name)),
    ),
    ...ABLATIONS.map(({ dropped }) =>
      cell(rows.find((row) => row.dropped === dropped)),
    ),
    left?.note ?? (passed ? 'pass' : 'FAIL'),
  ];
}
