/** isochron models, isochron rules: what there is. */

import { models } from '../../models/index.ts';
import { lineOf } from '../base/schema.ts';
import { weightsOf } from '../graph/graph.ts';
import { delayCost, level } from '../graph/level.ts';
import { rules } from '../rules/table.ts';
import { command } from './command.ts';
import { aligned, tableOf } from './output.ts';

export const modelsCommand = command({
  name: 'models',
  summary: 'lists the models',
  operands: '',
  options: {},
  examples: ['models'],
  async run({ out }) {
    // A graph allocates nothing, of whatever size: only its levels are found.
    const rows = models.map(({ name, title, size, batch, make }) => {
      const levelled = level(make());
      const { vertices, depth } = levelled;
      const { steps, elements } = delayCost(levelled);
      return {
        model: name,
        title,
        size,
        batch,
        parameters: weightsOf(vertices),
        vertices: vertices.length,
        levels: depth,
        delays: steps,
        delayElements: elements,
      };
    });
    for (const row of rows) out.row(row);
    for (const size of ['small', 'paper'] as const) {
      out.line(size === 'small' ? 'Small, quick to check' : '\nOf the papers');
      out.line();
      out.line(
        tableOf(
          rows.filter((row) => row.size === size),
          {
            ...{ model: 'model', weights: 'parameters', levels: 'levels' },
            ...{ delays: 'delays', 'delay memory': 'delayElements' },
            ...{ batch: 'batch', 'what it is': 'title' },
          },
        ),
      );
    }
    out.line();
    out.line(
      'levels: the longest path to the output, K; delays: identity vertices ' +
        'that level the graph;',
    );
    out.line(
      'delay memory: numbers on their way through them, at this batch size',
    );
    return 0;
  },
});

export const rulesCommand = command({
  name: 'rules',
  summary: 'lists the learning rules and their options',
  operands: '',
  options: {},
  examples: ['rules', 'check mlp --rule zil --param gamma=0.5'],
  async run({ out }) {
    for (const { name, title, options, make } of rules) {
      const { exact } = make({});
      const help = Object.entries(options.fields).map(
        ([key, option]) => [key, lineOf(option)] as const,
      );
      out.row({ rule: name, title, exact, options: Object.fromEntries(help) });
      out.line(`${name.padEnd(6)} ${title}`);
      const lines = help.map(
        ([key, line]) => [`--param ${key}=...`, line] as const,
      );
      for (const line of aligned(lines, '       ')) out.line(line);
    }
    return 0;
  },
});
