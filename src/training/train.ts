import { Observable } from 'rxjs';
import type { Backend } from '../backends/backend.ts';
import {
  type OnBackend,
  onBackendFields,
  withBackend,
} from '../backends/open.ts';
import { OptionError, show } from '../base/errors.ts';
import { Random, seed } from '../base/random.ts';
import {
  type FieldsOf,
  flag,
  type Given,
  isFunction,
  isObject,
  made,
  maybe,
  oneOf,
  Schema,
  type Values,
  whole,
} from '../base/schema.ts';
import { yielder } from '../base/turns.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from '../simulation/optim.ts';
import { ruleOption } from '../simulation/options.ts';
import { type Mode, mode } from '../simulation/record.ts';
import { Simulation } from '../simulation/simulate.ts';
import {
  Learner,
  type LearnerOptions,
  startFrom,
  type Weights,
} from './learner.ts';
import type { Score } from './score.ts';

/** Options of `train`. */
export interface TrainOptions extends LearnerOptions, OnBackend {
  /** The rule under which it learns, such as `zil()`. */
  readonly rule: Rule;
  /** What makes steps of gradients, such as `adam()`. */
  readonly optimiser: Optimiser;
  /**
   * Times that it goes through the training examples, in another order each.
   * Default 1.
   */
  readonly epochs?: number;
  /** Stops after this many steps, if fewer than the epochs have. */
  readonly steps?: number;
  /** Tests every so many steps too, not only after each epoch. */
  readonly evaluateEvery?: number;
  /** Seed of initial parameters, noise and the order of examples. Default 1. */
  readonly seed?: number;
  /** How much of a run is executed; the bits are the same. Default 'pruned'. */
  readonly mode?: Mode;
  /** Values that parameters start from, by name; others as the model says. */
  readonly weights?: ReadonlyMap<string, Weights>;
  /** Trains with another rule in step with it, and compares the weights. */
  readonly against?: Rule;
  /** Steps between comparisons with `against`. Default 50. */
  readonly compareEvery?: number;
  /**
   * Ends the training after the step in hand, without a test: `done` comes
   * with the weights so far. Unsubscribing ends it without them.
   */
  readonly stop?: AbortSignal;
}

/** What a training tells, in order; `kind` tells which. */
export type TrainEvent =
  | {
      /** What it tells of. */
      readonly kind: 'step';
      /** Steps that were made by then. */
      readonly step: number;
      /** Steps of the whole training. */
      readonly steps: number;
      /** Counted from 1. */
      readonly epoch: number;
      /** Loss of this batch before its update. */
      readonly loss: number;
      /** The same a row, in bits, where the score is in bits. */
      readonly bits?: number;
    }
  | {
      readonly kind: 'compared';
      readonly step: number;
      /** Weights of both rules. */
      readonly elements: number;
      /** Weights whose bits differ between the two rules. */
      readonly differingBits: number;
    }
  /** After each epoch, and at the end. */
  | ({ readonly kind: 'epoch' } & Evaluation)
  /** Within an epoch, by `evaluateEvery`. */
  | ({ readonly kind: 'evaluated' } & Evaluation)
  | { readonly kind: 'done'; readonly weights: ReadonlyMap<string, Weights> };

/** What a test of the weights so far tells. */
export interface Evaluation extends Score {
  /** The epoch in which it was tested, from 1. */
  readonly epoch: number;
  /** Steps that were made by then. */
  readonly step: number;
  /** Test examples that the score is of. */
  readonly examples: number;
  /** Mean loss of the steps of the epoch, or since the test before. */
  readonly meanLoss: number;
}

/**
 * Trains a model: emits each step, each test and in the end the weights. Cold:
 * each subscription trains anew; unsubscribing stops it. Errors come by the
 * stream.
 */
export function train(options: TrainOptions): Observable<TrainEvent> {
  return new Observable((subscriber) => {
    const gone = new AbortController();
    const emit = (event: TrainEvent) => subscriber.next(event);
    start(options, emit, gone.signal).then(
      () => subscriber.complete(),
      (error) => subscriber.error(error),
    );
    return () => gone.abort();
  });
}

type Emit = (event: TrainEvent) => void;

async function start(options: TrainOptions, emit: Emit, gone: AbortSignal) {
  const own = trainOptions.read(options);
  const steps = stepsOf(own);
  return withBackend(own, (backend) =>
    run({ ...own, backend }, steps, emit, gone),
  );
}

async function run(
  options: Own & { readonly backend: Backend },
  steps: number,
  emit: Emit,
  gone: AbortSignal,
): Promise<void> {
  const { rule, against, optimiser, backend, mode, weights, stop } = options;
  const { seed, compareEvery, evaluateEvery } = options;
  const open = (with_: Rule) =>
    new Learner(options, (graph) => {
      const options = { rule: with_, backend, optimiser, mode, seed };
      const simulation = Simulation.open(graph, options);
      return startFrom(simulation, weights);
    });
  const yieldNow = yielder();
  /** Between any two pieces of work; false if there is to be no other. */
  const goOn = async () => {
    await yieldNow();
    return !gone.aborted && !stop?.aborted;
  };
  const learner = open(rule);
  let other: Learner | null = null;
  try {
    if (against) other = open(against);
    let step = 0;
    let compared = 0;
    let ofEpoch: number[] = [];
    let sinceTest: number[] = [];
    const compare = async (other: Learner) => {
      compared = step;
      emit({ kind: 'compared', step, ...(await learner.compare(other)) });
    };
    for (const { epoch, chosen, isFirst, isLast } of batches(options, steps)) {
      if (!(await goOn())) break;
      const { loss, bits } = await learner.learn(chosen);
      await other?.learn(chosen);
      step += 1;
      if (isFirst) ofEpoch = [];
      ofEpoch.push(loss);
      sinceTest.push(loss);
      emit({ kind: 'step', step, steps, epoch, loss, ...bits });
      if (other && (step % compareEvery === 0 || step === steps)) {
        await compare(other);
      }
      if (isLast || (evaluateEvery && step % evaluateEvery === 0)) {
        const tested = await learner.evaluate(goOn);
        if (!tested) break;
        const kind = isLast ? 'epoch' : 'evaluated';
        const meanLoss = mean(isLast ? ofEpoch : sinceTest);
        emit({ kind, epoch, step, ...tested, meanLoss });
        sinceTest = [];
      }
    }
    if (gone.aborted) return;
    if (other && compared !== step) await compare(other);
    emit({ kind: 'done', weights: await learner.weights() });
  } finally {
    learner.close();
    other?.close();
  }
}

const mean = (losses: readonly number[]) =>
  losses.reduce((sum, loss) => sum + loss, 0) / losses.length;

interface Batch {
  readonly epoch: number;
  readonly chosen: Uint32Array;
  /** In its epoch. */
  readonly isFirst: boolean;
  /** In its epoch, or of all steps. */
  readonly isLast: boolean;
}

/** Batches of all steps: each epoch has an order of its own. */
function* batches(options: Own, steps: number): Generator<Batch> {
  const { data, batch, seed, dropLast } = options;
  const { count } = data.train;
  const end = dropLast ? count - (count % batch) : count;
  let step = 0;
  for (let epoch = 1; step < steps; epoch++) {
    const order = new Random(seed, `order/${epoch}`).permutation(count);
    for (let at = 0; at < end && step < steps; at += batch) {
      step += 1;
      const to = Math.min(at + batch, end);
      yield {
        epoch,
        chosen: order.subarray(at, to),
        isFirst: at === 0,
        isLast: to === end || step === steps,
      };
    }
  }
}

const numberFields = {
  batch: whole({ least: 1, default: 64 }),
  epochs: whole({ least: 1, default: 1 }),
  steps: whole({ least: 1, optional: true }),
  dropLast: flag(),
  testBatch: whole({ least: 1, optional: true }),
  testLimit: whole({
    least: 1,
    optional: true,
  }),
  evaluateEvery: whole({ least: 1, optional: true }),
  compareEvery: whole({ least: 1, default: 50 }),
};

const numberOptions = new Schema('train', numberFields);

const trainOptions = new Schema('train', {
  model: made('a function that makes the graph', isFunction),
  data: made('training and test examples', isObject),
  rule: ruleOption,
  optimiser: made('an optimiser, such as adam()', isObject),
  ...onBackendFields,
  ...numberFields,
  seed,
  mode,
  weights: maybe('values by name', isObject),
  against: maybe('a rule, such as bp()', isObject),
  stop: maybe('an AbortSignal', isObject),
} satisfies FieldsOf<TrainOptions>);

type Own = Values<typeof trainOptions.fields>;

const scores = new Schema('train', {
  'data.score': oneOf(['accuracy', 'bits per character']),
});

/** In plain JavaScript no compiler sees what is missing. Throws OptionError. */
function checkData(data: TrainOptions['data']): void {
  for (const part of ['train', 'test'] as const) {
    const { count, feeds } = data?.[part] ?? {};
    if (Number.isInteger(count) && count > 0 && typeof feeds === 'function') {
      continue;
    }
    throw new OptionError(
      `Option data.${part} = ${show(data?.[part])}: give {count, feeds}, how many ` +
        'examples there are and a function from their numbers to values by name',
      { name: `data.${part}`, value: data?.[part] },
    );
  }
  if (!Array.isArray(data.classes) || data.classes.length < 1) {
    throw new OptionError(
      `Option data.classes = ${show(data.classes)}: give the names of the classes`,
      { name: 'data.classes', value: data.classes },
    );
  }
  scores.read({ 'data.score': data.score });
}

/** Steps of a run; checks every number of its options. Throws OptionError. */
export function countSteps(
  options: Given<typeof numberFields> & Pick<TrainOptions, 'data'>,
): number {
  const { data, ...numbers } = options;
  return stepsOf({ data, ...numberOptions.read(numbers) });
}

function stepsOf(
  options: Pick<Own, 'data' | 'batch' | 'epochs' | 'steps' | 'dropLast'>,
): number {
  const { data, batch, epochs, steps, dropLast } = options;
  checkData(data);
  const { count } = data.train;
  if (batch > count) {
    throw new OptionError(
      `A batch of ${batch} is larger than the ${count} training examples of ` +
        `${data.name}: use a smaller batch`,
      { batch, count },
    );
  }
  const filled = count / batch;
  const each = dropLast ? Math.floor(filled) : Math.ceil(filled);
  return Math.min(steps ?? Number.POSITIVE_INFINITY, epochs * each);
}
