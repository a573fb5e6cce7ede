/** isochron experiment: the papers' tables and figures, measured again. */

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { openBackend } from '../backends/open.ts';
import { FileError, messageOf, OptionError } from '../base/errors.ts';
import { experimentByName, experiments } from '../experiments/table.ts';
import { table } from '../figures/circuit-text.ts';
import { drawFigure } from '../figures/drawing.ts';
import { csvRecord } from '../formats/csv.ts';
import { type Entry, reportPage } from '../page/page.ts';
import type { Experiment, Row } from '../studies/experiment.ts';
import { Journal } from '../studies/journal.ts';
import { Settings } from '../studies/settings.ts';
import {
  type Command,
  type Context,
  dtypeOf,
  onBackend,
  oneOf,
  seeded,
  seedOf,
  text,
  type Values,
  whole,
} from './command.ts';
import type { Output } from './output.ts';
import { version } from './version.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const experimentCommand: Command = {
  name: 'experiment',
  summary: "measures the papers' tables and figures again",
  operands: 'NAME ...   (all: every one)',
  options: {
    list: { type: 'boolean', help: 'lists the experiments and parameters' },
    param: {
      type: 'string',
      value: 'K=V',
      multiple: true,
      help: 'a parameter of the experiment, may be repeated (see --list)',
    },
    seeds: {
      type: 'string',
      value: 'N',
      help: 'repeats with so many seeds (1)',
    },
    quick: { type: 'boolean', help: 'smaller sizes, for a look' },
    full: { type: 'boolean', help: "the papers' sizes, which may take hours" },
    ...onBackend,
    ...seeded,
    csv: { type: 'boolean', help: 'comma-separated values on stdout' },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'folder of rows and pictures (results/experiments)',
    },
    report: {
      type: 'string',
      value: 'FILE',
      help: 'writes one HTML page with all of it',
    },
    fresh: { type: 'boolean', help: 'begins anew, whatever was done before' },
  },
  examples: [
    'experiment --list',
    'experiment table1 --param models=skip,rnn --dtype f64',
    'experiment gamma-t sigma --seeds 3 --report page.html',
    'experiment all --quick --report report.html',
  ],
  async run(context) {
    const { values, operands, out } = context;
    if (values.list) return list(operands, out);
    const chosen = chosenOf(operands);
    check(values, chosen, out);
    const runs = chosen.map((experiment) => ({
      experiment,
      settings: settingsOf(experiment, values),
    }));
    const entries: Entry[] = [];
    const begun = performance.now();
    for (const { experiment, settings } of runs) {
      const entry = await runOne(experiment, settings, context);
      if (!entry) return 130;
      entries.push(entry);
    }
    if (typeof values.report === 'string') {
      const page = reportPage(entries, { version: version() });
      await save(values.report, page);
      out.note(`saved ${values.report}`);
    }
    if (entries.length > 1) summarise(entries, begun, out);
    return entries.every(({ holds }) => holds) ? 0 : 1;
  },
};

function chosenOf(operands: readonly string[]): Experiment[] {
  if (operands.length === 0) {
    throw new OptionError(
      'No experiment is named: give all, or some of ' +
        experiments.map((each) => each.name).join(', '),
    );
  }
  if (operands.includes('all')) return [...experiments];
  return [...new Set(operands)].map(experimentByName);
}

function check(
  values: Values,
  chosen: readonly Experiment[],
  out: Output,
): void {
  if (values.csv && out.json) {
    throw new OptionError('Options --json and --csv: give one of them');
  }
  if (values.quick && values.full) {
    throw new OptionError('Options --quick and --full: give one of them');
  }
  if (values.csv && chosen.length > 1) {
    throw new OptionError(
      'Option --csv: rows of several experiments have no common head; name ' +
        'one, or take the files in --out',
    );
  }
}

/** The parameters: as they are, of the size asked for, then as told. */
function settingsOf(experiment: Experiment, values: Values): Settings {
  const { name, parameters, quick, full } = experiment;
  const told: Record<string, string> = {};
  for (const pair of (values.param as string[] | undefined) ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) {
      throw new OptionError(`Option --param "${pair}": give NAME=VALUE`);
    }
    told[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const size = values.quick ? quick : values.full ? full : {};
  return new Settings(name, parameters, { ...size, ...told });
}

/** Null if it was interrupted. */
async function runOne(
  experiment: Experiment,
  settings: Settings,
  { values, out }: Context,
): Promise<Entry | null> {
  const { name } = experiment;
  const seed = seedOf(values);
  const seeds = Array.from(
    { length: whole(values, 'seeds', 1) ?? 1 },
    (_, i) => seed + i,
  );
  const pieces = experiment.pieces(settings, seeds);
  const folder = text(values, 'out', 'results/experiments');
  const backend = await backendFor(experiment, values, out);
  try {
    const identity = {
      experiment: name,
      version: version(),
      parameters: settings.values,
      seeds,
      backend: backend.name,
      dtype: backend.dtype,
      device: backend.description,
    };
    const fresh = values.fresh === true;
    const journal = await Journal.open(folder, name, identity, { fresh });
    const rows = await work(
      { name, pieces, backend, journal, seeds: seeds.length },
      out,
    );
    if (!rows) return null;
    return await present(
      { experiment, settings, rows, seeds, folder, backend },
      { values, out },
    );
  } finally {
    backend.close();
  }
}

async function backendFor(
  { dtype }: Experiment,
  values: Values,
  out: Output,
): Promise<Backend> {
  const choice = oneOf(values, 'backend', ['auto', 'webgpu', 'cpu'], 'auto');
  // An adapter that is asked for has float32 only.
  const own = choice === 'webgpu' ? undefined : dtype;
  const { backend, note } = await openBackend(choice, dtypeOf(values) ?? own);
  if (note && dtypeOf(values) === undefined && own === undefined)
    out.note(note);
  return backend;
}

/** Does what is not done yet; all rows in order, or null if interrupted. */
async function work(
  run: {
    name: string;
    pieces: ReturnType<Experiment['pieces']>;
    backend: Backend;
    journal: Journal;
    seeds: number;
  },
  out: Output,
): Promise<Row[] | null> {
  const { name, pieces, backend, journal } = run;
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  for (const signal of SIGNALS) process.once(signal, interrupt);
  const rows: Row[] = [];
  let done = pieces.filter(({ key }) => journal.rowsOf(key)).length;
  out.note(`${name}: ${backend.description}`);
  if (done > 0) {
    out.note(`${name}: ${done} of ${pieces.length} pieces are done already`);
  }
  const begun = performance.now();
  const before = done;
  try {
    for (const { key, run: piece } of pieces) {
      const known = journal.rowsOf(key);
      if (known) {
        rows.push(...known);
        continue;
      }
      const progress = (part: number, more = '') =>
        out.progress(
          Math.min(done + part, pieces.length) - before,
          pieces.length - before,
          begun,
          `${key}  ${more}`,
          'pieces',
        );
      progress(0);
      const made = await piece({ backend, signal: stop.signal, progress });
      // What ended early is no result.
      if (stop.signal.aborted) break;
      await journal.add(key, made);
      rows.push(...made);
      done += 1;
      progress(0);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    out.clear();
  }
  if (!stop.signal.aborted) return rows;
  out.note(
    `interrupted: ${done} of ${pieces.length} pieces of ${name} are kept in ` +
      `${journal.path}; run it again and it goes on`,
  );
  return null;
}

async function present(
  of: {
    experiment: Experiment;
    settings: Settings;
    rows: readonly Row[];
    seeds: readonly number[];
    folder: string;
    backend: Backend;
  },
  { values, out }: Pick<Context, 'values' | 'out'>,
): Promise<Entry> {
  const { experiment, settings, rows, seeds, folder, backend } = of;
  const { name, title, source, about } = experiment;
  const { lines, holds } = experiment.conclude(rows, settings);
  const sections = experiment.sections(rows, settings);
  const pictures = [];
  for (const figure of experiment.figures(rows, settings)) {
    pictures.push({ ...figure, svg: await drawFigure(figure) });
  }
  await save(path.join(folder, `${name}.csv`), csvOf(rows));
  for (const picture of pictures) {
    await save(path.join(folder, `${picture.name}.svg`), picture.svg);
  }
  if (values.csv) process.stdout.write(csvOf(rows));
  else if (out.json) for (const row of rows) out.row(row);
  else {
    out.line(`${title} (${source})`);
    out.line();
    for (const line of about) out.line(line);
    for (const section of sections) {
      out.line();
      if (section.title) out.line(`${section.title}\n`);
      out.line(table(section.head, section.rows));
    }
    out.line();
    for (const line of lines) out.line(line);
    out.line(`Seed ${seeds.join(', ')}, ${backend.description}.`);
    out.line();
  }
  const files = [`${name}.csv`, ...pictures.map((p) => `${p.name}.svg`)];
  out.note(`saved ${files.join(', ')} in ${folder}`);
  return {
    ...{ name, title, source, about, paper: experiment.paper },
    parameters: Object.entries(experiment.parameters).map(
      ([key, { help, from }]) => ({
        name: key,
        value: `${settings.values[key]}`,
        help,
        from,
      }),
    ),
    ...{ sections, pictures, lines, holds, rows },
    seeds,
    device: backend.description,
  };
}

function csvOf(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const head = Object.keys(rows[0]);
  const records = [head, ...rows.map((row) => head.map((key) => row[key]))];
  return records.map((record) => `${csvRecord(record)}\r\n`).join('');
}

async function save(file: string, content: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  } catch (error) {
    throw new FileError(
      `Results cannot be written to "${file}" (${messageOf(error)}): ` +
        'give another place',
      { file },
    );
  }
}

function summarise(entries: readonly Entry[], begun: number, out: Output) {
  const minutes = (performance.now() - begun) / 60000;
  out.line(
    table(
      ['experiment', 'nothing against the theory'],
      entries.map(({ name, holds }) => [name, holds ? 'yes' : 'NO']),
    ),
  );
  out.line(`${entries.length} experiments in ${minutes.toFixed(1)} min.`);
}

function list(names: readonly string[], out: Output): number {
  const shown = names.length > 0 ? chosenOf(names) : experiments;
  for (const { name, title, source, parameters } of shown) {
    out.row({ experiment: name, title, source, parameters });
  }
  out.line(
    table(
      ['experiment', 'what it measures', 'source'],
      shown.map(({ name, title, source }) => [name, title, source]),
    ),
  );
  if (names.length === 0) {
    out.line('\nisochron experiment --list NAME tells its parameters.');
  }
  for (const { name, parameters } of names.length > 0 ? shown : []) {
    out.line(`\nParameters of ${name}:\n`);
    out.line(
      table(
        ['parameter', 'value', 'from', ''],
        Object.entries(parameters).map(([key, { value, from, help }]) => [
          key,
          `${value}`,
          from === 'paper' ? 'the paper' : 'chosen by us',
          help,
        ]),
      ),
    );
  }
  return 0;
}
