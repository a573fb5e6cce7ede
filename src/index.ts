/** The public API of isochron. */

export type { Backend, Executable, Memory } from './backends/backend.ts';
export { CpuBackend } from './backends/cpu.ts';
export {
  type BackendChoice,
  type OpenedBackend,
  openBackend,
} from './backends/open.ts';
export { batchStatistics, statisticsNames } from './calibrate.ts';
export {
  type CheckCase,
  type CheckRow,
  caseFromJson,
  check,
  feedsFor,
} from './check.ts';
export { Circuit, type CircuitOptions } from './circuit/circuit.ts';
export { TickClock } from './circuit/clock.ts';
export type { ErrorEvent, ValueEvent } from './circuit/event.ts';
export {
  type Examples,
  imageExamples,
  nameExamples,
  type TrainingData,
  textExamples,
} from './data/examples.ts';
export * from './errors.ts';
export {
  type Graph,
  GraphBuilder,
  type Init,
  inputsOf,
  parametersOf,
  type Reduction,
} from './graph.ts';
export {
  GRAPH_SCHEMA,
  graphFromJson,
  graphToJson,
  parseJson,
} from './graph-json.ts';
export type { LearnerOptions, Phase, Weights } from './learner.ts';
export {
  type Axon,
  type DelayForm,
  delayCost,
  droppedWarning,
  type Levelled,
  type Levelling,
  level,
} from './level.ts';
export { backendFor } from './network/choose.ts';
export { checkModel, type PopulationModel } from './network/model.ts';
export {
  cubaLif,
  izhikevich,
  leaky,
  lif,
  models as populationModels,
  poisson,
  relay,
  valueError,
} from './network/models.ts';
export {
  type EventsOptions,
  type LiveOptions,
  Network,
  type PerNeuron,
  type Population,
  type PopulationOptions,
  type Projection,
  type ProjectionOptions,
  type SamplesOptions,
} from './network/network.ts';
export { openNetwork } from './network/open.ts';
export {
  hebbian,
  learning,
  oja,
  type Plasticity,
  predictive,
  stdp,
} from './network/plasticity.ts';
export {
  OverflowError,
  type Recording,
  recordSpikes,
  recordValues,
  type Spikes,
  type Values,
} from './network/recording.ts';
export { circuitRows } from './network/rows.ts';
export {
  type NetworkOptions,
  NetworkRun,
  type Progress,
  type RunReport,
} from './network/run.ts';
export {
  type Outcome,
  parametersOf as circuitParameters,
  type Shelved,
  type Verdict,
  Workbench,
} from './network/shelf.ts';
export type { Snapshot } from './network/snapshot.ts';
export type {
  NumberSample,
  SpikeSample,
  StateSample,
} from './network/streams.ts';
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
} from './network/synapses.ts';
export { readNir, writeNir } from './nir/file.ts';
export { networkToNir, type ToNirOptions } from './nir/from-network.ts';
export type { NirGraph, NirNode } from './nir/graph.ts';
export { type FromNirOptions, networkFromNir } from './nir/to-network.ts';
export type { OwnFunction } from './ops/expression.ts';
export type { Kernel, Ref } from './ops/kernel.ts';
export { losses } from './ops/loss.ts';
export type { Attrs, Op } from './ops/op.ts';
export { ops } from './ops/table.ts';
export {
  adam,
  makeOptimiser,
  momentum,
  type Optimiser,
  type OptimiserName,
  optimisers,
  sgd,
} from './optim.ts';
export {
  type Call,
  type Program,
  type RecordedEvent,
  Recorder,
} from './program/recorder.ts';
export { philox, Random } from './random.ts';
export {
  type Mode,
  type Presentation,
  recordForward,
  recordPresentation,
} from './record.ts';
export { barsPicture } from './report/bars.ts';
export { circuitPicture } from './report/circuit-drawing.ts';
export { npyBytes, readNpy } from './report/npy.ts';
export { rasterPicture } from './report/raster.ts';
export { ratePicture } from './report/rate.ts';
export { recordingJson, spikesCsv, valuesCsv } from './report/recordings.ts';
export { spaceTimePicture } from './report/space-time.ts';
export { tracesPicture } from './report/traces.ts';
export { bp } from './rules/bp.ts';
export { type FazilOptions, fazil } from './rules/fazil.ts';
export { type IlOptions, il } from './rules/il.ts';
export { type IpcOptions, ipc } from './rules/ipc.ts';
export {
  type CircuitRule,
  circuitRule,
  type Rule,
  type Task,
} from './rules/rule.ts';
export { makeRule, rules } from './rules/table.ts';
export { type ZilOptions, zil } from './rules/zil.ts';
export { type SampleOptions, sampleText } from './sample.ts';
export type { Score, ScoreName } from './score.ts';
export {
  type Feeds,
  type Sample,
  type SimulateOptions,
  Simulation,
  simulate,
} from './simulate.ts';
export type { DType, Shape, Tensor } from './tensor.ts';
export {
  type Evaluation,
  type TrainEvent,
  type TrainOptions,
  train,
} from './train.ts';
export type { Vertex } from './vertex.ts';
