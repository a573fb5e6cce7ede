/** A presentation that is compiled: what it is fed, what it changes and sends. */

import type { Executable } from '../backends/backend.ts';
import { OptionError } from '../base/errors.ts';
import type { FloatArray, Shape } from '../base/tensor.ts';
import { type Probe, probeOutput } from '../circuit/probe.ts';
import type { Levelled } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Program } from '../program/recorder.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from './optim.ts';
import type { Parameters } from './parameters.ts';
import { type Presentation, rateName, withSharedRates } from './record.ts';
import type { Streams } from './session.ts';

/** One emission of a probe: a state at a tick. */
export interface Sample {
  /** The tick at which it holds, counted from the start of the presentation. */
  readonly tick: number;
  /** Shape of the population; [1] for an energy. */
  readonly shape: Shape;
  /** Its values, row-major. */
  readonly data: FloatArray;
}

export interface Probed {
  readonly probe: Probe;
  readonly shape: Shape;
}

/** Throws OptionError for a rule without populations. */
export function checkCircuit({ name, hasCircuit }: Rule): void {
  if (hasCircuit) return;
  throw new OptionError(
    `Rule ${name} runs on a tape: it has no populations to probe`,
    { rule: name },
  );
}

/** A population that can be probed. Throws OptionError. */
export function populationOf(
  { vertices }: Levelled,
  rule: Rule,
  id: string,
): Vertex {
  checkCircuit(rule);
  const populations = vertices.filter((vertex) => !vertex.isLeaf);
  const found = populations.find((vertex) => vertex.id === id);
  if (found) return found;
  const known = populations.map((vertex) => vertex.id).join(', ');
  throw new OptionError(`No population "${id}" to probe: there are ${known}`, {
    id,
  });
}

/** To be run in one go, or tick by tick. */
export type Form = 'whole' | 'stepwise';

export class Compiled {
  /** The form that was last run. */
  ran: Executable | null = null;
  private readonly recorded: ReturnType<typeof withSharedRates>;
  private readonly forms = new Map<Form, Executable>();
  private readonly parameters: Parameters;
  private readonly optimiser: Optimiser | null;

  constructor(
    recorded: Presentation,
    parameters: Parameters,
    optimiser: Optimiser | null,
  ) {
    this.recorded = withSharedRates(recorded, optimiser, (id) =>
      parameters.updatesOf(id),
    );
    this.parameters = parameters;
    this.optimiser = optimiser;
  }

  get program(): Program {
    return this.recorded.program;
  }

  /** Parameters whose gradients are outputs, by id. */
  get gradients(): readonly string[] {
    return this.recorded.gradients;
  }

  /** Whether parameters that share rates have been updated as often. */
  get sharesRates(): boolean {
    const { parameters } = this;
    return this.recorded.groups.every(([first, ...others]) => {
      const count = parameters.updatesOf(first!);
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
    const { groups, updates } = this.recorded;
    for (const [id] of groups) {
      const before = parameters.updatesOf(id!);
      for (let n = 0; n < (updates.get(id!) ?? 0); n++) {
        const rates = optimiser?.ratesAt(before + n + 1) ?? [];
        optimiser?.rates.forEach((rate, i) => {
          run.feed(rateName(rate, id!, n), [rates[i]!]);
        });
      }
    }
  }

  /** Updates have been made: those of a tick, or all. */
  countUpdates(tick?: number): void {
    for (const [id, ticks] of this.recorded.updateTicks) {
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
        samples.send(key, { tick, shape, data: values[i]! });
      });
    }
  }

  free(): void {
    for (const run of this.forms.values()) run.free();
  }
}
