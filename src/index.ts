/**
 * `isochron`: computation graphs, learning rules, simulation, training, the
 * check against backpropagation, and backends.
 */

export type { Backend, Executable, Memory } from './backends/backend.ts';
export { CpuBackend } from './backends/cpu/cpu.ts';
export {
  type BackendChoice,
  type BackendOptions,
  type OnBackend,
  type OpenedBackend,
  openBackend,
} from './backends/open.ts';
export * from './base/errors.ts';
export { philox, Random } from './base/random.ts';
export type { DType, Shape, Tensor } from './base/tensor.ts';
export { Circuit, type CircuitOptions } from './circuit/circuit.ts';
export { TickClock } from './circuit/clock.ts';
export type { ErrorEvent, ValueEvent } from './circuit/event.ts';
export type { OwnFunction } from './formula/expression.ts';
export {
  type Graph,
  GraphBuilder,
  type Init,
  inputsOf,
  parametersOf,
  type Reduction,
} from './graph/graph.ts';
export {
  GRAPH_SCHEMA,
  graphFromJson,
  graphToJson,
  parseJson,
} from './graph/json.ts';
export {
  type Axon,
  type DelayForm,
  delayCost,
  droppedWarning,
  type Levelled,
  type Levelling,
  level,
} from './graph/level.ts';
export type { Vertex } from './graph/vertex.ts';
export type { Kernel, Ref } from './kernels/kernel.ts';
export { losses } from './ops/loss.ts';
export type { Attrs, Op } from './ops/op.ts';
export { ops } from './ops/table.ts';
export {
  type Call,
  type Program,
  type RecordedEvent,
  Recorder,
} from './program/recorder.ts';
export {
  type CheckCase,
  type CheckRow,
  caseFromJson,
  check,
  feedsFor,
} from './proof/check.ts';
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
export {
  adam,
  makeOptimiser,
  momentum,
  type Optimiser,
  type OptimiserName,
  optimisers,
  sgd,
} from './simulation/optim.ts';
export {
  type Mode,
  type Presentation,
  recordForward,
  recordPresentation,
} from './simulation/record.ts';
export {
  type Feeds,
  type Sample,
  type SimulateOptions,
  Simulation,
  type SimulationOptions,
  simulate,
} from './simulation/simulate.ts';
export { batchStatistics, statisticsNames } from './training/calibrate.ts';
export type { LearnerOptions, Phase, Weights } from './training/learner.ts';
export {
  type SampleOptions,
  sampleText,
  type TrainedModel,
} from './training/sample.ts';
export type { Score, ScoreName } from './training/score.ts';
export {
  type Evaluation,
  type TrainEvent,
  type TrainOptions,
  train,
} from './training/train.ts';
