/** Models that an experiment goes through, chosen by name. */

import { type ModelEntry, models } from '../../models/index.ts';
import { OptionError } from '../base/errors.ts';
import type { Parameters, Settings } from '../studies/settings.ts';

/** Parameters of experiments on models. */
export const modelParameters: Parameters = {
  models: {
    value: ['small'],
    help: 'names of models (isochron models); small, paper: all of that size',
    from: 'chosen',
  },
  batch: {
    value: 0,
    help: "batch size; 0: each model's own",
    from: 'chosen',
    least: 0,
    whole: true,
  },
};

/** The models of a run. Throws OptionError for an unknown name. */
export function chosen(settings: Settings): ModelEntry[] {
  return settings.texts('models').flatMap((name) => {
    if (name === 'small' || name === 'paper') {
      return models.filter(({ size }) => size === name);
    }
    const entry = models.find((model) => model.name === name);
    if (entry) return [entry];
    throw new OptionError(
      `Unknown model "${name}": use small, paper or one of ` +
        models.map((model) => model.name).join(', '),
      { name },
    );
  });
}
