/** isochron train: a recipe's model on its data, under any rule. */

import {
  type Fields,
  flag,
  number,
  oneOf,
  text,
  type Values,
  whole,
} from '../base/schema.ts';
import { prepareFolder } from '../formats/folder.ts';
import { weightsOf } from '../graph/graph.ts';
import { makeRule } from '../rules/table.ts';
import { makeOptimiser } from '../simulation/optim.ts';
import { Interruption } from '../studies/runner.ts';
import { named } from '../studies/study.ts';
import { readWeights, saveResult } from '../training/checkpoint.ts';
import type { Phase } from '../training/learner.ts';
import { sampleText } from '../training/sample.ts';
import { countSteps } from '../training/train.ts';
import {
  backendOf,
  type Context,
  command,
  file,
  inMode,
  onBackend,
  ruleOf,
  schemaOf,
  seeded,
  unexpected,
  withRule,
} from './command.ts';
import { type Output, tableOf } from './output.ts';
import { checkOwn, type Recipe, recipes } from './recipes.ts';
import { deviceOf, runTraining, scored, told } from './training.ts';

const ofRecipe = { optional: true, otherwise: 'of the recipe' } as const;

const options = {
  list: flag({
    otherwise: 'mlp if none is given',
    help: 'lists the recipes',
  }),
  data: text({
    ...{ optional: true, placeholder: 'NAME' },
    otherwise: 'the first that --list tells of it',
    help: 'data set, one of the recipe',
  }),
  ...(Object.assign({}, ...recipes.map((each) => each.options)) as Fields),
  ...withRule,
  against: text({
    ...{ optional: true, placeholder: 'RULE' },
    help: 'train another rule in step and compare the weights bit by bit',
  }),
  optimiser: text({
    ...{ ...ofRecipe, placeholder: 'NAME', help: 'sgd, momentum or adam' },
  }),
  lr: number({
    ...{ above: 0, optional: true, help: 'learning rate' },
    otherwise: 'of the recipe; else adam 0.001, others 0.01',
  }),
  batch: whole({ least: 1, ...ofRecipe, help: 'examples a step' }),
  epochs: whole({ least: 1, ...ofRecipe, help: 'passes over the data' }),
  steps: whole({
    ...{ least: 1, optional: true },
    help: 'so many steps; with --epochs, at most so many',
  }),
  'evaluate-every': whole({
    ...{ least: 1, optional: true },
    help: 'test every so many steps too, not only after each epoch',
  }),
  'test-limit': whole({
    ...{ least: 1, optional: true },
    help: 'test on at most so many examples',
  }),
  sample: whole({
    ...{ default: 200, otherwise: '200; 0 none' },
    help: 'characters that a model of text writes in the end',
  }),
  weights: file('start from the weights of a .safetensors file'),
  ...inMode,
  ...onBackend,
  ...seeded,
  out: text({
    ...{ optional: true, otherwise: 'results/train/RECIPE' },
    ...{ placeholder: 'DIR' },
    help: 'folder of the result; what is there is replaced',
  }),
};

type Own = Values<typeof options>;

export const trainCommand = command({
  name: 'train',
  summary: 'trains a model by its recipe and saves the weights',
  operands: '[RECIPE]',
  options,
  examples: [
    'train --epochs 5',
    'train mlp --data fashion-mnist --rule il --param steps=20 --steps 500',
    'train --against bp --steps 200 --backend cpu',
  ],
  async run(context) {
    if (context.values.list) return list(context.out);
    // Ctrl-C saves what is there; a second one ends the program at once. So do
    // the signals of a scheduler or a closed terminal.
    const interruption = new Interruption();
    try {
      return await trainAndSave(context, interruption);
    } finally {
      interruption.end();
    }
  },
});

async function trainAndSave(
  { values, told: given, operands, out }: Context<typeof options>,
  interruption: Interruption,
): Promise<number> {
  const { signal: stop } = interruption;
  if (operands.length > 1) {
    throw unexpected(operands[1]!, 'train takes one recipe at a time');
  }
  const recipe = named('recipe', recipes, operands[0] ?? 'mlp');
  checkOwn(recipe, given);
  const rule = ruleOf(values);
  const optimiser = optimiserOf(values, recipe);
  const against = values.against ? makeRule(values.against) : undefined;
  const { mode, seed } = values;
  const { defaults } = recipe;
  const { batch = defaults.batch } = values;
  const numbers = {
    batch,
    epochs: epochsOf(values, recipe),
    steps: values.steps ?? stepsOf(values, recipe),
    evaluateEvery: values['evaluate-every'] ?? defaults.evaluateEvery,
    testLimit: values['test-limit'] ?? defaults.testLimit,
    testBatch: defaults.testBatch,
    dropLast: defaults.dropLast,
  };
  const characters = recipe.writes ? values.sample : 0;
  const { out: folder = `results/train/${recipe.name}` } = values;
  const { names } = recipe.data;
  const asked = schemaOf('train', {
    data: oneOf(names, { default: names[0] }),
  }).read({ data: values.data! });
  const data = await recipe.data.load(asked.data, {
    ...{ seed, onProgress: (line: string) => out.note(line) },
  });
  const config = recipe.config(data, values);
  const graph = (batch: number, phase: Phase) =>
    recipe.graph(config, batch, phase);
  const weights =
    values.weights === undefined
      ? undefined
      : await readWeights(values.weights);
  countSteps({ data, ...numbers });
  await prepareFolder(folder);
  const backend = await backendOf({ values, out });
  out.note(
    `data: ${data.title}, ${data.train.count} training and ` +
      `${data.test.count} test examples (${data.source})`,
  );
  const weightCount = weightsOf(graph(batch, 'train').vertices);
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
  // From here on there is something to save.
  interruption.begin();
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
    ...scored(score),
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
    out.row({ recipe: name, title, data: data.names, defaults });
  }
  out.line(
    tableOf(recipes, {
      recipe: 'name',
      data: ({ data }) => data.names.join(', '),
      'what it is': 'title',
    }),
  );
  return 0;
}

/** The rate of a recipe is that of its own optimiser. */
function optimiserOf(values: Own, { defaults }: Recipe) {
  const name = values.optimiser ?? defaults.optimiser;
  const own = name === defaults.optimiser ? defaults.lr : undefined;
  return makeOptimiser(name, values.lr ?? own);
}

/** Whoever says how many steps wants them all, however many epochs they take. */
function epochsOf(values: Own, { defaults }: Recipe): number {
  if (values.epochs !== undefined) return values.epochs;
  return values.steps === undefined ? defaults.epochs : Number.MAX_SAFE_INTEGER;
}

/** Whoever says how many epochs wants all of their steps. */
function stepsOf(values: Own, { defaults }: Recipe): number | undefined {
  return values.epochs === undefined ? defaults.steps : undefined;
}
