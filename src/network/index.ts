/**
 * `isochron/network`: populations joined by hand with delays, their runs,
 * recordings and plasticity.
 */

export { recordingJson, spikesCsv, valuesCsv } from '../formats/recordings.ts';
export { checkModel, type PopulationModel } from './model.ts';
export {
  cubaLif,
  izhikevich,
  leaky,
  lif,
  models as populationModels,
  poisson,
  relay,
  valueError,
} from './models.ts';
export {
  Network,
  type Population,
  type PopulationOptions,
  type Projection,
  type ProjectionOptions,
} from './network.ts';
export {
  hebbian,
  learning,
  oja,
  type Plasticity,
  predictive,
  stdp,
} from './plasticity.ts';
export { backendFor, openNetwork } from './run/open.ts';
export type {
  NumberSample,
  SpikeSample,
  StateSample,
} from './run/probes.ts';
export {
  OverflowError,
  type Recording,
  recordSpikes,
  recordValues,
  type Spikes,
  type Values,
} from './run/recording.ts';
export type { Progress, RunReport } from './run/report.ts';
export { circuitRows } from './run/rows.ts';
export {
  type NetworkOptions,
  NetworkRun,
  type NetworkRunOptions,
} from './run/run.ts';
export type { Snapshot } from './run/snapshot.ts';
export type { EventsOptions, LiveOptions, SamplesOptions } from './stimuli.ts';
export {
  allToAll,
  convolution,
  type Delays,
  matrix,
  oneToOne,
  type Pattern,
  type PerSynapse,
  pairs,
  random,
} from './synapses.ts';
export type { PerNeuron } from './values.ts';
