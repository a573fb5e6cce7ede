/**
 * The tasks of Millidge 2020: a convolutional network names pictures, a
 * recurrent one the languages of names, an LSTM foretells the next character.
 */

import { cnn, lstm, rnn } from '../../../models/index.ts';
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
import type { Parameters, Settings } from '../../studies/settings.ts';

export const TASKS = ['cnn', 'rnn', 'lstm'] as const;
export type TaskName = (typeof TASKS)[number];

export const TASKS_TOLD = [
  '  cnn   two convolutions and three layers name colour pictures',
  '  rnn   a recurrent network reads a name and tells its language',
  '  lstm  an LSTM reads a text and foretells each next character',
] as const;

/** What sets the tasks, beside presentations and inference steps. */
export const taskParameters = {
  hidden: {
    value: 48,
    help: 'units of the RNN and of the LSTM (the paper: 256 and 1056)',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  dense: {
    value: [48, 32],
    help: "units of the CNN's dense layers (the paper: 200 and 150)",
    from: 'chosen',
    least: 1,
    whole: true,
  },
  pictures: {
    value: 4000,
    help: 'training pictures, and a quarter as many to test on',
    from: 'chosen',
    least: 4,
    whole: true,
  },
  letters: {
    value: 8,
    help: 'letters that are read of a name, the last ones; 0: all',
    from: 'chosen',
    least: 0,
    whole: true,
  },
  characters: {
    value: 6,
    help: 'characters of a piece of text (the paper: 50)',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  batch: {
    value: 32,
    help: "examples of a presentation (the paper's code: 64, names 1)",
    from: 'chosen',
    least: 1,
    whole: true,
  },
  optimiser: {
    value: 'adam',
    help: 'the paper has plain gradient descent, which is slow to start',
    from: 'chosen',
    oneOf: ['adam', 'sgd'],
  },
  rate: {
    value: 0.004,
    help: 'learning rate',
    from: 'chosen',
    least: 1e-9,
  },
} as const satisfies Parameters;

/** Presentations and inference steps, of each task its own. */
export function countParameters(
  presentations: Readonly<Record<TaskName, number>>,
  inference: Readonly<Record<TaskName, number>>,
): Parameters {
  const own = (name: TaskName): Parameters => ({
    [name]: {
      value: presentations[name],
      help: `presentations of a training, ${name.toUpperCase()}`,
      from: 'chosen',
      least: 1,
      whole: true,
    },
    [`${name}T`]: {
      value: inference[name],
      help: `inference steps of a presentation, ${name.toUpperCase()}`,
      from: 'chosen',
      least: 1,
      whole: true,
    },
  });
  return { ...own('cnn'), ...own('rnn'), ...own('lstm') };
}

export interface Task {
  readonly data: TrainingData;
  readonly model: (batch: number) => Graph;
}

/** A task with its data, recorded ones if they are here. */
export function loadTask(
  name: TaskName,
  settings: Settings,
  seed: number,
): Promise<Task> {
  return { cnn: pictures, rnn: names, lstm: text }[name](settings, seed);
}

/** Losses are half the squared distance to one-hot targets, as in the code. */
async function pictures(settings: Settings, seed: number): Promise<Task> {
  const trainCount = settings.number('pictures');
  const testCount = Math.floor(trainCount / 4);
  const counts = { trainCount, testCount };
  const images = await loadDataset('auto-colour', { ...counts, seed });
  const data = imageExamples(images, { standardise: true });
  const hidden = settings.numbers('dense');
  const classes = data.classes.length;
  return { data, model: (batch) => cnn({ batch, hidden, classes }) };
}

async function names(settings: Settings): Promise<Task> {
  const steps = settings.number('letters') || undefined;
  const data = nameExamples(await loadNames('auto'), { steps });
  const { target, ...first } = data.train.feeds(Uint32Array.of(0));
  const config = {
    steps: Object.keys(first).length,
    inputs: first.x1.length,
    hidden: settings.number('hidden'),
    outputs: target.length,
    form: 'millidge',
  } as const;
  return { data, model: (batch) => rnn({ ...config, batch }) };
}

/** Here the loss is the cross-entropy, whose error the output is held at. */
async function text(settings: Settings): Promise<Task> {
  const steps = settings.number('characters');
  const data = textExamples(await loadText('auto'), { steps, form: 'steps' });
  const inputs = data.classes.length;
  const hidden = settings.number('hidden');
  const config = { steps, inputs, hidden, loss: 'softmax_xent' } as const;
  return { data, model: (batch) => lstm({ ...config, batch }) };
}

export function taskOptimiser(settings: Settings): Optimiser {
  const lr = settings.number('rate');
  return settings.text('optimiser') === 'sgd' ? sgd({ lr }) : adam({ lr });
}
