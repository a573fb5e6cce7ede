/** A presentation that is compiled: what it is fed, what it changes and sends. */

import type { Executable } from '../backends/backend.ts';
import type { FloatArray, Shape } from '../base/tensor.ts';
import { type Probe, probeOutput } from '../circuit/probe.ts';
import type { Optimiser } from './optim.ts';
import type { Parameters } from './parameters.ts';
import {
  type Presentation,
  type RateGroup,
  rateName,
  withSharedRates,
} from './record.ts';
import type { Streams } from './session.ts';

/** One emission of a probe. */
export interface Sample {
  readonly tick: number;
  readonly shape: Shape;
  readonly data: FloatArray;
}

export interface Probed {
  readonly probe: Probe;
  readonly shape: Shape;
}

/** To be run in one go, or tick by tick. */
export type Form = 'whole' | 'stepwise';

export class Compiled {
  readonly program: Presentation['program'];
  readonly gradients: readonly string[];
  /** The form that was last run. */
  ran: Executable | null = null;
  private readonly updates: Presentation['updates'];
  private readonly updateTicks: Presentation['updateTicks'];
  private readonly groups: readonly RateGroup[];
  private readonly forms = new Map<Form, Executable>();
  private readonly parameters: Parameters;
  private readonly optimiser: Optimiser | null;

  constructor(
    recorded: Presentation,
    parameters: Parameters,
    optimiser: Optimiser | null,
  ) {
    const shared = withSharedRates(recorded, optimiser, (id) =>
      parameters.updatesOf(id),
    );
    this.program = shared.program;
    this.groups = shared.groups;
    this.gradients = recorded.gradients;
    this.updates = recorded.updates;
    this.updateTicks = recorded.updateTicks;
    this.parameters = parameters;
    this.optimiser = optimiser;
  }

  /** Whether parameters that share rates have been updated as often. */
  get sharesRates(): boolean {
    const { parameters } = this;
    return this.groups.every(([first, ...others]) => {
      const count = parameters.updatesOf(first);
      return others.every((id) => parameters.updatesOf(id) === count);
    });
  }

  /** A form of it, compiled when it is first asked for. */
  async as(form: Form, compile: () => Promise<Executable>) {
    const run = this.forms.get(form) ?? (await compile());
    this.forms.set(form, run);
    return run;
  }

  /** Feeds the rates of the updates to come. */
  feedRates(run: Executable): void {
    const { parameters, optimiser } = this;
    for (const [id] of this.groups) {
      const before = parameters.updatesOf(id);
      for (let n = 0; n < (this.updates.get(id) ?? 0); n++) {
        const rates = optimiser?.ratesAt(before + n + 1) ?? [];
        optimiser?.rates.forEach((rate, i) => {
          run.feed(rateName(rate, id, n), [rates[i]]);
        });
      }
    }
  }

  /** Updates have been made: those of a tick, or all. */
  countUpdates(tick?: number): void {
    for (const [id, ticks] of this.updateTicks) {
      const made = ticks.filter((at) => tick === undefined || at === tick);
      this.parameters.countUpdates(id, made.length);
    }
  }

  /** Sends the samples of all ticks that have run, or of one. */
  async send(
    samples: Streams<Probed, Sample>,
    run: Executable,
    only?: number,
  ): Promise<void> {
    const { outputs, ticks } = this.program;
    for (let tick = only ?? 0; tick <= (only ?? ticks - 1); tick++) {
      const due = samples.watched.filter(({ what }) =>
        outputs.has(probeOutput(what.probe, tick)),
      );
      if (due.length === 0) continue;
      const names = due.map(({ what }) => probeOutput(what.probe, tick));
      const values = await run.read(names);
      due.forEach(({ key, what: { shape } }, i) => {
        samples.send(key, { tick, shape, data: values[i] });
      });
    }
  }

  free(): void {
    for (const run of this.forms.values()) run.free();
  }
}
