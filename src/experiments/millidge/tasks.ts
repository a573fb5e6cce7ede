/**
 * The tasks of Millidge 2020: a convolutional network names pictures, a
 * recurrent one the languages of names, an LSTM foretells the next character.
 */

import { cnn, lstm, rnn } from '../../../models/index.ts';
import type { Values } from '../../base/schema.ts';
import { loadNames, loadText } from '../../data/corpora.ts';
import { loadDataset } from '../../data/datasets.ts';
import {
  imageExamples,
  nameExamples,
  type TrainingData,
  textExamples,
} from '../../data/examples.ts';
import type { Graph } from '../../graph/graph.ts';
import { adam, type Optimiser, sgd } from '../../simulation/optim.ts';
import { choice, count, counts, size } from '../../studies/parameters.ts';

export const TASKS = ['cnn', 'rnn', 'lstm'] as const;
export type TaskName = (typeof TASKS)[number];

export const TASKS_TOLD = [
  '  cnn   two convolutions and three layers name colour pictures',
  '  rnn   a recurrent network reads a name and tells its language',
  '  lstm  an LSTM reads a text and foretells each next character',
] as const;

/** What sets the tasks, beside presentations and inference steps. */
export const taskParameters = (batch = 32) => ({
  hidden: count(
    48,
    'units of the RNN and of the LSTM (the paper: 256 and 1056)',
  ),
  dense: counts(
    [48, 32],
    "units of the CNN's dense layers (the paper: 200 and 150)",
  ),
  pictures: count(4000, 'training pictures, and a quarter as many to test on', {
    least: 4,
  }),
  letters: count(8, 'letters that are read of a name, the last ones; 0: all', {
    least: 0,
  }),
  characters: count(6, 'characters of a piece of text (the paper: 50)'),
  batch: count(
    batch,
    "examples of a presentation (the paper's code: 64, names 1)",
  ),
  optimiser: choice(
    ['adam', 'sgd'],
    'adam',
    'the paper has plain gradient descent, which is slow to start',
  ),
  rate: size(0.004, 'learning rate', { least: 1e-9 }),
});

type TaskSettings = Values<ReturnType<typeof taskParameters>>;

type Counts = Readonly<Record<TaskName, number>>;

/** Presentations and inference steps, of each task its own. */
export function countParameters(presentations: Counts, inference: Counts) {
  const of = (name: TaskName) =>
    count(
      presentations[name],
      `presentations of a training, ${name.toUpperCase()}`,
    );
  const T = (name: TaskName) =>
    count(
      inference[name],
      `inference steps of a presentation, ${name.toUpperCase()}`,
    );
  return {
    ...{ cnn: of('cnn'), cnnT: T('cnn') },
    ...{ rnn: of('rnn'), rnnT: T('rnn') },
    ...{ lstm: of('lstm'), lstmT: T('lstm') },
  };
}

export interface Task {
  readonly data: TrainingData;
  readonly model: (batch: number) => Graph;
}

/** A task with its data, recorded ones if they are here. */
export function loadTask(
  name: TaskName,
  settings: TaskSettings,
  seed: number,
): Promise<Task> {
  return { cnn: pictures, rnn: names, lstm: text }[name](settings, seed);
}

/** Losses are half the squared distance to one-hot targets, as in the code. */
async function pictures(settings: TaskSettings, seed: number): Promise<Task> {
  const trainCount = settings.pictures;
  const testCount = Math.floor(trainCount / 4);
  const counts = { trainCount, testCount };
  const images = await loadDataset('auto-colour', { ...counts, seed });
  const data = imageExamples(images, { standardise: true });
  const hidden = settings.dense;
  const classes = data.classes.length;
  return { data, model: (batch) => cnn({ batch, hidden, classes }) };
}

async function names(settings: TaskSettings): Promise<Task> {
  const steps = settings.letters || undefined;
  const data = nameExamples(await loadNames('auto'), { steps });
  const { target, ...first } = data.train.feeds(Uint32Array.of(0));
  const config = {
    steps: Object.keys(first).length,
    inputs: first.x1!.length,
    hidden: settings.hidden,
    outputs: target!.length,
    form: 'millidge',
  } as const;
  return { data, model: (batch) => rnn({ ...config, batch }) };
}

/** Here the loss is the cross-entropy, whose error the output is held at. */
async function text(settings: TaskSettings): Promise<Task> {
  const steps = settings.characters;
  const data = textExamples(await loadText('auto'), { steps, form: 'steps' });
  const inputs = data.classes.length;
  const hidden = settings.hidden;
  const config = { steps, inputs, hidden, loss: 'softmax_xent' } as const;
  return { data, model: (batch) => lstm({ ...config, batch }) };
}

export function taskOptimiser(settings: TaskSettings): Optimiser {
  const lr = settings.rate;
  return settings.optimiser === 'sgd' ? sgd({ lr }) : adam({ lr });
}
