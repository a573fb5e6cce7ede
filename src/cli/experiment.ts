/** isochron experiment: the papers' tables and figures, measured again. */

import path from 'node:path';
import { OptionError } from '../base/errors.ts';
import { flag, type Values, whole } from '../base/schema.ts';
import { experimentByName, experiments } from '../experiments/table.ts';
import { table } from '../figures/circuit-text.ts';
import { drawFigure } from '../figures/drawing.ts';
import { type Entry, reportPage } from '../page/page.ts';
import { Journal } from '../studies/journal.ts';
import { runPieces, toldOf } from '../studies/runner.ts';
import type { Study } from '../studies/study.ts';
import { verdictLines, verdictTable } from '../studies/verdict.ts';
import {
  type Context,
  command,
  file,
  folder,
  onBackend,
  oneOfThem,
  parameters,
  seeded,
} from './command.ts';
import { type Output, tableOf } from './output.ts';
import { csvOf } from './results.ts';
import {
  backendForStudy,
  described,
  parametersFrom,
  saveResult,
  summarise,
} from './studies.ts';
import { version } from './version.ts';

const options = {
  list: flag({ help: 'lists the experiments and parameters' }),
  param: parameters(
    'a parameter of the experiment, may be repeated (see --list)',
  ),
  seeds: whole({ least: 1, default: 1, help: 'repeats with so many seeds' }),
  quick: flag({ help: 'smaller sizes, for a look' }),
  full: flag({ help: "the papers' sizes, which may take hours" }),
  ...onBackend,
  ...seeded,
  csv: flag({ help: 'comma-separated values on stdout' }),
  out: folder('folder of rows and pictures', 'results/experiments'),
  report: file('writes one HTML page with all of it'),
  fresh: flag({ help: 'begins anew, whatever was done before' }),
};

export const experimentCommand = command({
  name: 'experiment',
  summary: "measures the papers' tables and figures again",
  operands: 'NAME ...   (all: every one)',
  options,
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
    const size = values.quick ? 'quick' : values.full ? 'full' : null;
    const runs = chosen.map((study) => {
      return { study, parameters: parametersFrom(study, values.param, size) };
    });
    const entries: Entry[] = [];
    const begun = performance.now();
    for (const { study, parameters } of runs) {
      const entry = await runOne(study, parameters, context);
      if (!entry) return 130;
      entries.push(entry);
    }
    if (values.report !== undefined) {
      const page = reportPage(entries, { version: version() });
      await saveResult(values.report, page);
      out.note(`saved ${values.report}`);
    }
    if (entries.length > 1) summarise('experiment', entries, begun, out);
    return entries.every(({ holds }) => holds) ? 0 : 1;
  },
});

function chosenOf(operands: readonly string[]): Study[] {
  if (operands.length === 0) {
    const allowed = experiments.map((each) => each.name);
    throw new OptionError(
      `No experiment is named: give all, or some of ${allowed.join(', ')}`,
      { allowed },
    );
  }
  if (operands.includes('all')) return [...experiments];
  return [...new Set(operands)].map(experimentByName);
}

function check(
  values: Values<typeof options>,
  chosen: readonly Study[],
  out: Output,
): void {
  if (values.csv && out.json) throw oneOfThem('json', 'csv');
  if (values.quick && values.full) throw oneOfThem('quick', 'full');
  if (values.csv && chosen.length > 1) {
    throw new OptionError(
      'Option --csv: rows of several experiments have no common head; name ' +
        'one, or take the files in --out',
      { name: 'csv', chosen: chosen.map(({ name }) => name) },
    );
  }
}

/** Null if it was interrupted. */
async function runOne(
  study: Study,
  parameters: Readonly<Record<string, unknown>>,
  { values, out }: Context<typeof options>,
): Promise<Entry | null> {
  const { name, title, source, about = [], paper = [] } = study;
  const { seed, out: folder, fresh } = values;
  const seeds = Array.from({ length: values.seeds }, (_, i) => seed + i);
  const pieces = study.pieces(parameters, seeds);
  const backend = await backendForStudy(study, values, out);
  try {
    const device = backend.description;
    const identity = {
      ...{ experiment: name, version: version(), parameters, seeds },
      ...{ backend: backend.name, dtype: backend.dtype, device },
    };
    const journal = await Journal.open(folder, name, identity, { fresh });
    out.note(`${name}: ${device}`);
    const how = { backend, listener: out, journal };
    const rows = await runPieces(name, pieces, how);
    if (!rows) return null;
    const told = toldOf(study, rows, parameters);
    const pictures: Entry['pictures'][number][] = [];
    for (const figure of study.figures(rows, parameters)) {
      pictures.push({ ...figure, svg: await drawFigure(figure) });
    }
    const files = [
      [`${name}.csv`, csvOf(rows)],
      ...pictures.map((picture) => [`${picture.name}.svg`, picture.svg]),
    ];
    for (const [file, content] of files) {
      await saveResult(path.join(folder, file!), content!);
    }
    const { tables, verdicts, remarks, holds } = told;
    const lines = [...remarks, ...verdictLines(verdicts)];
    if (values.csv) process.stdout.write(csvOf(rows));
    else if (out.json) for (const row of rows) out.row(row);
    else {
      out.line(`${title} (${source})\n`);
      for (const line of about) out.line(line);
      for (const { title, head, rows } of tables) {
        out.line();
        if (title) out.line(`${title}\n`);
        out.line(table(head, rows));
      }
      const { head, rows } = verdictTable(verdicts);
      if (rows.length > 0) out.line(`\n${table(head, rows)}`);
      out.line();
      for (const line of lines) out.line(line);
      out.line(`Seed ${seeds.join(', ')}, ${device}.\n`);
    }
    const names = files.map(([file]) => file).join(', ');
    out.note(`saved ${names} in ${folder}`);
    return {
      ...{ name, title, source, about, paper },
      parameters: Object.entries(study.schema.fields).map(
        ([key, { help = '', from = 'chosen' }]) => ({
          name: key,
          value: `${parameters[key]}`,
          help,
          from,
        }),
      ),
      sections: [
        { ...verdictTable(verdicts), title: 'What theory says' },
        ...tables,
      ],
      ...{ pictures, lines, holds, rows, seeds, device },
    };
  } finally {
    backend.close();
  }
}

function list(names: readonly string[], out: Output): number {
  const shown = names.length > 0 ? chosenOf(names) : experiments;
  for (const { name, title, source, schema } of shown) {
    const parameters = described(schema);
    out.row({ experiment: name, title, source, parameters });
  }
  const columns = { 'what it measures': 'title', source: 'source' } as const;
  out.line(tableOf(shown, { experiment: 'name', ...columns }));
  if (names.length === 0) {
    out.line('\nisochron experiment --list NAME tells its parameters.');
  }
  for (const { name, schema } of names.length > 0 ? shown : []) {
    out.line(`\nParameters of ${name}:\n`);
    out.line(
      tableOf(Object.entries(described(schema)), {
        parameter: ([key]) => key,
        value: ([, { value }]) => `${value}`,
        from: ([, { from }]) =>
          from === 'paper' ? 'the paper' : 'chosen by us',
        '': ([, { help }]) => help,
      }),
    );
  }
  return 0;
}
