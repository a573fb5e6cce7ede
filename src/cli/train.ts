/** isochron train: a recipe's model on its data, under any rule. */

import { OptionError } from '../base/errors.ts';
import { table } from '../figures/circuit-text.ts';
import { prepareFolder } from '../formats/folder.ts';
import { parametersOf } from '../graph/graph.ts';
import { makeRule } from '../rules/table.ts';
import { makeOptimiser } from '../simulation/optim.ts';
import { readWeights, saveResult } from '../training/checkpoint.ts';
import { sampleText } from '../training/sample.ts';
import { countSteps } from '../training/train.ts';
import {
  backendOf,
  type Command,
  type Context,
  inMode,
  modeOf,
  type Options,
  onBackend,
  oneOf,
  ruleOf,
  seeded,
  seedOf,
  text,
  type Values,
  whole,
  withRule,
} from './command.ts';
import type { Output } from './output.ts';
import { checkOwn, type Recipe, recipeOf, recipes } from './recipes.ts';
import { deviceOf, named, runTraining, told } from './training.ts';

const ownOptions: Options = Object.assign(
  {},
  ...recipes.map(({ options }) => options),
);

export const trainCommand: Command = {
  name: 'train',
  summary: 'trains a model by its recipe and saves the weights',
  operands: '[RECIPE]',
  options: {
    list: { type: 'boolean', help: 'lists the recipes (mlp if none is given)' },
    data: {
      type: 'string',
      value: 'NAME',
      help: 'data set, one of the recipe (the first that --list tells of it)',
    },
    ...ownOptions,
    ...withRule,
    against: {
      type: 'string',
      value: 'RULE',
      help: 'train another rule in step and compare the weights bit by bit',
    },
    optimiser: {
      type: 'string',
      value: 'NAME',
      help: 'sgd, momentum or adam (of the recipe)',
    },
    lr: {
      type: 'string',
      value: 'X',
      help: 'learning rate (of the recipe; else adam 0.001, others 0.01)',
    },
    batch: {
      type: 'string',
      value: 'N',
      help: 'examples a step (of the recipe)',
    },
    epochs: {
      type: 'string',
      value: 'N',
      help: 'passes over the data (of the recipe)',
    },
    steps: {
      type: 'string',
      value: 'N',
      help: 'so many steps; with --epochs, at most so many',
    },
    'evaluate-every': {
      type: 'string',
      value: 'N',
      help: 'test every so many steps too, not only after each epoch',
    },
    'test-limit': {
      type: 'string',
      value: 'N',
      help: 'test on at most so many examples',
    },
    sample: {
      type: 'string',
      value: 'N',
      help: 'characters that a model of text writes in the end (200; 0 none)',
    },
    weights: {
      type: 'string',
      value: 'FILE',
      help: 'start from the weights of a .safetensors file',
    },
    ...inMode,
    ...onBackend,
    ...seeded,
    out: {
      type: 'string',
      value: 'DIR',
      help: 'folder of the result (results/train/RECIPE); what is there is replaced',
    },
  },
  examples: [
    'train --epochs 5',
    'train mlp --data fashion-mnist --rule il --param steps=20 --steps 500',
    'train --against bp --steps 200 --backend cpu',
  ],
  async run(context) {
    if (context.values.list) return list(context.out);
    // Ctrl-C saves what is there; a second one ends the program at once. So do
    // the signals of a scheduler or a closed terminal.
    const stop = new AbortController();
    const interrupt = () => stop.abort();
    try {
      return await trainAndSave(context, stop.signal, () => {
        for (const signal of SIGNALS) process.once(signal, interrupt);
      });
    } finally {
      for (const signal of SIGNALS) process.off(signal, interrupt);
    }
  },
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `begin` is called where there begins to be something to save. */
async function trainAndSave(
  { values, operands, out }: Context,
  stop: AbortSignal,
  begin: () => void,
): Promise<number> {
  if (operands.length > 1) {
    throw new OptionError(
      `Unexpected "${operands[1]}": train takes one recipe at a time`,
    );
  }
  const recipe = recipeOf(operands[0] ?? 'mlp');
  checkOwn(recipe, values);
  const rule = ruleOf(values);
  const optimiser = optimiserOf(values, recipe);
  const modelFor = recipe.model(values);
  const against = values.against
    ? makeRule(text(values, 'against', 'bp'))
    : undefined;
  const mode = modeOf(values);
  const seed = seedOf(values);
  const { defaults } = recipe;
  const batch = whole(values, 'batch', 1) ?? defaults.batch;
  const numbers = {
    batch,
    epochs: epochsOf(values, recipe),
    steps: whole(values, 'steps', 1) ?? stepsOf(values, recipe),
    evaluateEvery: whole(values, 'evaluate-every', 1) ?? defaults.evaluateEvery,
    testLimit: whole(values, 'test-limit', 1) ?? defaults.testLimit,
    testBatch: defaults.testBatch,
    dropLast: defaults.dropLast,
  };
  const characters = recipe.writes ? (whole(values, 'sample', 0) ?? 200) : 0;
  const folder = text(values, 'out', `results/train/${recipe.name}`);
  const data = await recipe.load(
    oneOf(values, 'data', recipe.data, recipe.data[0]),
    { seed, onProgress: (line) => out.note(line) },
  );
  const { config, graph } = modelFor(data);
  const weights =
    typeof values.weights === 'string'
      ? await readWeights(values.weights)
      : undefined;
  countSteps({ data, ...numbers });
  await prepareFolder(folder);
  const backend = await backendOf(values, out);
  out.note(
    `data: ${data.title}, ${data.train.count} training and ` +
      `${data.test.count} test examples (${data.source})`,
  );
  const weightCount = parametersOf(graph(batch, 'train')).reduce(
    (sum, { size }) => sum + size,
    0,
  );
  out.note(
    `${recipe.name}: ${weightCount} weights; ${rule.name}` +
      `${against ? ` against ${against.name}` : ''}, ${optimiser.name} ` +
      `${optimiser.options.lr}, batch ${batch}`,
  );
  const options = {
    model: graph,
    rule,
    optimiser,
    backend,
    data,
    ...numbers,
    seed,
    mode,
    against,
    weights,
    stop,
  };
  begin();
  stop.addEventListener('abort', () =>
    out.note('interrupted: the step in hand is ended, then all is saved'),
  );
  const { weights: trained, score, ...run } = await runTraining(options, out);
  if (run.steps === 0) {
    backend.close();
    out.note('isochron: interrupted; nothing was saved');
    return 130;
  }
  let sample: string | undefined;
  if (characters > 0 && !stop.aborted) {
    const model = { graph: graph(1, 'test'), rule, weights: trained, backend };
    const more = { characters: data.classes, length: characters, seed, stop };
    sample = await sampleText({ simulation: model, ...more });
  }
  const result = {
    command: 'train',
    recipe: recipe.name,
    model: { name: recipe.name, ...config },
    data: { name: data.name, title: data.title, synthetic: data.synthetic },
    rule: { name: rule.name, ...rule.options },
    optimiser: { name: optimiser.name, ...optimiser.options },
    batch,
    seed,
    mode,
    ...named(score),
    ...run,
    ...(sample === undefined ? {} : { sample }),
    ...(stop.aborted ? { interrupted: true } : {}),
    ...(await deviceOf(backend)),
  };
  const path = await saveResult(folder, result, trained);
  backend.close();
  out.row({ kind: 'result', ...result, path });
  if (sample !== undefined) out.line(`\n${sample}\n`);
  out.line(
    `${data.title}: ${score ? told(score) : 'not tested'} after ` +
      `${run.steps} steps (seed ${seed})`,
  );
  if (against) {
    out.line(
      `${rule.name} against ${against.name}: ${run.differingBits} of ` +
        `${run.elements} weights differ in any bit`,
    );
  }
  out.line(`saved ${path} and weights.safetensors`);
  if (stop.aborted) {
    out.note(`isochron: interrupted after ${run.steps} steps; saved ${path}`);
    return 130;
  }
  const broken = against && rule.exact && against.exact;
  return broken && run.differingBits !== 0 ? 1 : 0;
}

/** One row for each recipe. */
function list(out: Output): number {
  for (const { name, title, data, defaults } of recipes) {
    out.row({ recipe: name, title, data, defaults });
  }
  out.line(
    table(
      ['recipe', 'data', 'what it is'],
      recipes.map(({ name, data, title }) => [name, data.join(', '), title]),
    ),
  );
  return 0;
}

/** The rate of a recipe is that of its own optimiser. */
function optimiserOf(values: Values, { defaults }: Recipe) {
  const name = text(values, 'optimiser', defaults.optimiser);
  const own = name === defaults.optimiser ? defaults.lr : undefined;
  return makeOptimiser(name, rate(values.lr) ?? own);
}

/** Whoever says how many steps wants them all, however many epochs they take. */
function epochsOf(values: Values, { defaults }: Recipe): number {
  const epochs = whole(values, 'epochs', 1);
  if (epochs !== undefined) return epochs;
  return values.steps === undefined ? defaults.epochs : Number.MAX_SAFE_INTEGER;
}

/** Whoever says how many epochs wants all of their steps. */
function stepsOf(values: Values, { defaults }: Recipe): number | undefined {
  return values.epochs === undefined ? defaults.steps : undefined;
}

function rate(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (!(number > 0 && number < Number.POSITIVE_INFINITY)) {
    throw new OptionError(`Option --lr = ${value}: give a number above 0`);
  }
  return number;
}
