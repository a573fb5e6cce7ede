/** Models that an experiment goes through, chosen by name. */

import { type ModelEntry, models } from '../../models/index.ts';
import { OptionError } from '../base/errors.ts';
import { count, words } from '../studies/parameters.ts';

/** Parameters of experiments on models; those that are usual. */
export const modelParameters = (usual: readonly string[]) => ({
  models: words(
    usual,
    'names of models (isochron models); small, paper: all of that size',
  ),
  batch: count(0, "batch size; 0: each model's own", { least: 0 }),
});

/** The models of some names. Throws OptionError for an unknown one. */
export const chosen = (names: readonly string[]): ModelEntry[] =>
  names.flatMap((name) =>
    name === 'small' || name === 'paper'
      ? models.filter(({ size }) => size === name)
      : [modelByName(name)],
  );

/** Throws OptionError. */
export function modelByName(name: string): ModelEntry {
  const entry = models.find((model) => model.name === name);
  if (entry) return entry;
  throw new OptionError(
    `Unknown model "${name}": use small, paper or one of ` +
      models.map((model) => model.name).join(', '),
    { name },
  );
}
