/** isochron models, isochron rules: what there is. */

import { models } from '../../models/index.ts';
import { level } from '../level.ts';
import { table } from '../report/circuit-text.ts';
import { rules } from '../rules/table.ts';
import type { Command } from './command.ts';

export const modelsCommand: Command = {
  name: 'models',
  summary: 'lists the models',
  operands: '',
  options: {},
  examples: ['models'],
  async run({ out }) {
    const rows = models.map(({ name, title, make }) => {
      const levelled = level(make());
      return {
        model: name,
        title,
        vertices: levelled.vertices.length,
        levels: levelled.depth,
      };
    });
    for (const row of rows) out.row(row);
    out.line(
      table(
        ['model', 'vertices', 'levels', 'what it is'],
        rows.map((row) => [
          row.model,
          `${row.vertices}`,
          `${row.levels}`,
          row.title,
        ]),
      ),
    );
    return 0;
  },
};

export const rulesCommand: Command = {
  name: 'rules',
  summary: 'lists the learning rules and their options',
  operands: '',
  options: {},
  examples: ['rules', 'check mlp --rule zil --param gamma=0.5'],
  async run({ out }) {
    for (const { name, title, options, make } of rules) {
      const { exact } = make({});
      out.row({ rule: name, title, exact, options });
      out.line(`${name.padEnd(6)} ${title}`);
      const width = Math.max(0, ...Object.keys(options).map((k) => k.length));
      for (const [option, help] of Object.entries(options)) {
        const left = `--param ${option}=...`.padEnd(width + 12);
        out.line(`       ${left}  ${help}`);
      }
    }
    return 0;
  },
};
