/** isochron experiment: the papers' tables, measured again. */

import { OptionError } from '../errors.ts';
import { experimentByName, experiments } from '../experiments/table.ts';
import { table } from '../report/circuit-text.ts';
import {
  backendOf,
  type Command,
  onBackend,
  seeded,
  seedOf,
  whole,
} from './command.ts';
import type { Output } from './output.ts';
import { asCsv, Results } from './results.ts';

export const experimentCommand: Command = {
  name: 'experiment',
  summary: 'measures a table of the papers again, and says what it shows',
  operands: 'NAME [MODEL ...]   (default: its own models)',
  options: {
    list: { type: 'boolean', help: 'lists the experiments' },
    full: { type: 'boolean', help: 'models in the size of the papers too' },
    batch: { type: 'string', value: 'N', help: "batch size (the model's own)" },
    ...onBackend,
    ...seeded,
    ...asCsv,
    out: { type: 'string', value: 'FILE', help: 'writes to a file (stdout)' },
  },
  examples: [
    'experiment --list',
    'experiment table1 --backend cpu --dtype f64',
    'experiment table3 skip rnn --csv --out table3.csv',
  ],
  async run({ values, operands, out }) {
    if (values.list) return list(out);
    const [name, ...models] = operands;
    if (name === undefined) {
      throw new OptionError(
        'No experiment is named: give one of ' +
          experiments.map((each) => each.name).join(', '),
      );
    }
    const experiment = experimentByName(name);
    const seed = seedOf(values);
    const batch = whole(values, 'batch', 1);
    const results = await Results.open(out, values);
    const backend = await backendOf(values, out);
    const { title, source, about } = experiment;
    const full = values.full === true;
    const rows = [];
    try {
      const onModel = (model: string) => out.note(`${name}: ${model}`);
      const options = { backend, seed, models, full, batch, onModel };
      for await (const row of experiment.run(options)) {
        results.row(row);
        rows.push(row);
      }
    } finally {
      backend.close();
    }
    results.line(`${title} (${source})`);
    results.line();
    for (const line of about) results.line(line);
    for (const section of experiment.sections(rows)) {
      results.line();
      if (section.title) results.line(`${section.title}\n`);
      results.line(table(section.head, section.rows));
    }
    const { lines, holds } = experiment.conclude(rows);
    results.line();
    for (const line of lines) results.line(line);
    results.line(`Seed ${seed}, ${backend.description}.`);
    await results.end();
    return holds ? 0 : 1;
  },
};

function list(out: Output): number {
  for (const { name, title, source } of experiments) {
    out.row({ experiment: name, title, source });
  }
  out.line(
    table(
      ['experiment', 'what it measures', 'source'],
      experiments.map(({ name, title, source }) => [name, title, source]),
    ),
  );
  return 0;
}
