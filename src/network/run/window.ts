/**
 * The program of a window: every population computed once for all its ticks,
 * each after what reaches it in the same tick, then what the tick has taught.
 */

import type { Request } from '../../backends/backend.ts';
import type { Kernel, Params, Ref } from '../../kernels/kernel.ts';
import { type Program, Recorder } from '../../program/recorder.ts';
import type { Network, Population, Projection } from '../network.ts';
import type { Stdp } from '../plasticity.ts';
import { advance, collect, deliver, gather, play } from './delivery.ts';
import {
  learnKernel,
  ruleConstants,
  type StdpParams,
  stdpArrive,
  stdpSource,
  stdpTarget,
} from './learning.ts';
import {
  type NeuronSpec,
  neuronKernel,
  neuronMemory,
  sharedParams,
} from './neurons.ts';
import type { Schedule } from './schedule.ts';
import type { Wired } from './wiring.ts';

/** `since` and `until` of what is eternal, in 32 bits with a sign. */
const EVER = 0x80000000;
const NEVER = 0x7fffffff;

/** What of an assembly a window works on. */
export interface WindowParts {
  readonly network: Network;
  readonly trials: number;
  readonly schedule: Schedule;
  /** Windows of a chunk: what is watched is read after so many. */
  readonly slots: number;
  readonly memory: ReadonlyMap<string, Request>;
  readonly specs: ReadonlyMap<string, NeuronSpec>;
  /** Length of the history of each graded source or population. */
  readonly histories: ReadonlyMap<string, number>;
  /** Constants that all neurons of a population share. */
  readonly shared: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly wired: readonly Wired[];
}

/** Records a call on the clock and on memory that it reads, then changes. */
type Caller = <N extends string>(
  kernel: Kernel<N>,
  names: readonly string[],
  params: Params<NoInfer<N>>,
) => void;

/** Records the calls of windows. */
export class Windows {
  private readonly parts: WindowParts;

  constructor(parts: WindowParts) {
    this.parts = parts;
  }

  private elements({ size }: Population): number {
    return size * this.parts.trials;
  }

  /** The calls; of 0 ticks: what live sources have emitted. */
  program(window: number): Program {
    const recorder = new Recorder();
    const { emit } = recorder;
    const refs = new Map<string, Ref>();
    for (const [name, { size }] of this.parts.memory) {
      refs.set(name, recorder.resident(name, size));
    }
    const ref = (name: string) => refs.get(name) as Ref;
    const call: Caller = (kernel, operands, params) => {
      const names = ['clock', ...operands];
      const written = kernel.inPlace.map((at) => names[at as number]);
      const sizes = written.map((name) => ref(name).size);
      const made = emit(kernel, names.map(ref), sizes, params);
      written.forEach((name, i) => {
        refs.set(name, made[i]);
      });
    };
    recorder.commit(() => {
      for (const population of this.parts.schedule.order) {
        const { name, source } = population;
        if (window === 0 && source?.kind !== 'live') continue;
        const elements = this.elements(population);
        if (!source) this.computeNeurons(population, window, call);
        else if (!population.spiking) {
          const history = (this.parts.histories.get(name) as number) - 1;
          const ago = source.kind === 'live' ? this.parts.schedule.window : 0;
          const ticks = ago || window;
          const params = { elements, window: ticks, history, ago };
          call(play, of(name, 'samples', 'out'), params);
        }
        if (population.spiking) this.send(population, window, call);
      }
      if (window > 0) {
        for (const each of this.parts.wired) this.learn(each, call);
        call(advance, [], { window });
      }
      return [...refs];
    });
    return recorder.finish({ live: true });
  }

  private computeNeurons(
    population: Population,
    window: number,
    call: Caller,
  ): void {
    const { name, size } = population;
    const spec = this.parts.specs.get(name) as NeuronSpec;
    const begun = new Set<string>();
    for (const each of this.parts.wired) {
      const { id, projection, since, until } = each;
      if (projection.to !== population) continue;
      if (projection.output === 'spikes') {
        if (!projection.plasticity) continue;
        const table = of(id, 'sent', 'post', 'rows', 'ends', 'weight');
        const operands = [...table, ...of(name, 'arrivals')];
        call(stdpArrive, operands, this.stdpParams(each));
        continue;
      }
      const { from, output } = projection;
      const sent = this.historyOf(from, output);
      const kernels = gather[projection.plasticity ? 'perTrial' : 'shared'];
      const kernel = kernels[Number(begun.has(projection.name))];
      begun.add(projection.name);
      const operands = [
        ...of(from.name, 'out'),
        ...of(id, 'rows', 'ends', 'weight'),
        ...of(name, 'arrivals'),
      ];
      call(kernel, operands, {
        ...this.endsOf(each),
        window,
        from_: sent.from,
        history: sent.mask,
        since: since ?? EVER,
        until: until ?? NEVER,
      });
    }
    const [, ...memory] = neuronMemory(spec, this.parts.slots).keys();
    call(neuronKernel(spec), of(name, ...memory), {
      elements: this.elements(population),
      neurons: size,
      window,
      ...sharedParams(this.parts.shared.get(name) ?? new Map()),
    });
  }

  /** What a tick teaches a projection, once all populations are computed. */
  private learn(each: Wired, call: Caller): void {
    const { id, projection } = each;
    const { from, to, plasticity, output } = projection;
    if (plasticity?.kind === 'stdp') {
      const params = this.stdpParams(each);
      const sent = [...of(from.name, 'spikes'), ...of(id, 'sent', 'trace')];
      call(stdpSource, sent, params);
      const table = of(id, 'trace', 'rows', 'ends', 'incoming');
      const changed = of(id, 'post', 'weight');
      const operands = [...of(to.name, 'spikes'), ...table, ...changed];
      call(stdpTarget, operands, params);
    } else if (plasticity) {
      const sent = this.historyOf(from, output);
      const post = this.historyOf(to, postOf(projection) as string);
      const values = [...of(from.name, 'out'), ...of(to.name, 'out')];
      const operands = [...values, ...of(id, 'rows', 'ends', 'weight')];
      call(learnKernel(plasticity), operands, {
        sources: from.size,
        targets: to.size,
        trials: this.parts.trials,
        from_: sent.from,
        history: sent.mask,
        post: post.from,
        post_history: post.mask,
        ...ruleConstants(plasticity),
      });
    }
  }

  /** Where the history of an output begins, and the mask of its ticks. */
  private historyOf(population: Population, output: string) {
    const { specs, histories } = this.parts;
    const { name } = population;
    const ticks = histories.get(name) as number;
    // A source has one.
    const place = specs.get(name)?.outputs.indexOf(output) ?? 0;
    return { from: place * ticks * this.elements(population), mask: ticks - 1 };
  }

  /** What it joins, and where its arrivals lie. */
  private endsOf({ projection: { from, to }, ring }: Wired) {
    const [base, mask] = [ring.base, ring.ticks - 1];
    const { trials } = this.parts;
    return { sources: from.size, targets: to.size, trials, base, mask };
  }

  private stdpParams(each: Wired): StdpParams {
    const plasticity = each.projection.plasticity as Stdp;
    const { tauPlus, tauMinus, aPlus, aMinus, low, high } = plasticity;
    const { dt } = this.parts.network;
    return {
      ...this.endsOf(each),
      history: each.history - 1,
      keep_plus: Math.exp(-dt / tauPlus),
      keep_minus: Math.exp(-dt / tauMinus),
      a_plus: aPlus,
      a_minus: aMinus,
      ...{ low, high },
    };
  }

  private send(population: Population, window: number, call: Caller): void {
    const { name, source } = population;
    const out = this.parts.wired.filter(
      ({ projection, until }) =>
        projection.from === population &&
        projection.output === 'spikes' &&
        !projection.plasticity &&
        until === null,
    );
    if (out.length === 0) return;
    const ago = source?.kind === 'live' ? this.parts.schedule.window : 0;
    const lists = of(name, 'list', 'starts');
    call(collect, [...of(name, 'spikes'), ...lists], {
      elements: this.elements(population),
      window: ago || window,
      slotted: Number(ago === 0),
    });
    for (const each of out) {
      const { id, projection, table } = each;
      const operands = [
        ...lists,
        ...of(id, 'rows', 'ends', 'weight'),
        ...of(projection.to.name, 'arrivals'),
      ];
      call(deliver, operands, {
        ...this.endsOf(each),
        window: ago || window,
        serial: Number(table.serial),
        ago,
        parts: table.parts,
      });
    }
  }
}

/** The target's output that a projection learns from, if it does. */
export function postOf({ plasticity, to }: Projection): string | undefined {
  return plasticity?.kind === 'graded'
    ? (plasticity.post ?? to.outputs[0])
    : undefined;
}

/** Memory of a population or a projection. */
const of = (owner: string, ...parts: readonly string[]) =>
  parts.map((part) => `${owner}/${part}`);
