/** Spikes and values of the circuits of the shelf and of random networks. */

import {
  BACKENDS,
  type BackendName,
  backendOf,
  circuits,
  type Drawn,
  drawnNetworks,
  measureCircuit,
  NetworkRun,
} from './adapter.ts';
import { type Case, onBackends } from './cases.ts';
import { Digest, hashed, hashOf } from './hash.ts';

const DRAWN = 60;
const WHOLE = 20;

export function networkCases(): Case[] {
  const cases: Case[] = [];
  for (const { name } of circuits) {
    const run = (backend: BackendName) => measured(name, backend);
    cases.push(...onBackends(`circuit ${name}`, BACKENDS, run));
  }
  for (const [kind, drawn] of [
    ['network', drawnNetworks(DRAWN, false)],
    ['whole network', drawnNetworks(WHOLE, true)],
  ] as const) {
    drawn.forEach((each, i) => {
      const key = `${kind} ${i}`;
      const run = (backend: BackendName) => ran(each, backend);
      cases.push({
        key: `${key}, as drawn`,
        parts: { '': async () => hashOf(each.text) },
      });
      cases.push(...onBackends(key, BACKENDS, run));
    });
  }
  return cases;
}

/** All that a network sends and all its values, tick by tick. */
export function ran(drawn: Drawn, backend: BackendName): Promise<string> {
  return hashed(async () => {
    const { network, seed, trials, ticks } = drawn;
    const open = { seed, trials, backend: await backendOf(backend) };
    const run = NetworkRun.open(network, open);
    const watched = new Watched(run, true);
    // What overflows must do so at the same tick, after the same values.
    const ending = await hashed(async () => {
      await run.runTicks(ticks);
      return 'as it should';
    });
    const digest = new Digest().text(ending, watched.hex);
    run.destroy();
    return digest.hex;
  });
}

/** What a circuit's measurement gives, and what its runs did. */
function measured(name: string, backend: BackendName): Promise<string> {
  return hashed(async () => {
    const runs: Watched[] = [];
    const digest = new Digest();
    const outcome = await measureCircuit(
      name,
      await backendOf(backend),
      (run) => runs.push(new Watched(run, false)),
      async () => {
        for (const watched of runs) {
          digest.text(watched.hex);
          await watched.addState(digest);
        }
      },
    );
    return digest.text(hashOf(lasting(outcome))).hex;
  });
}

/** An outcome without measured times and pictures, whose form may change. */
function lasting(outcome: unknown): unknown {
  const { verdicts, figures = {} } = outcome as Record<string, object>;
  const { 'real-time factor': _, ...others } = figures as Record<string, 0>;
  return { verdicts, figures: others };
}

/** What is seen of a run: its spikes, and its values where asked for. */
class Watched {
  private readonly run: NetworkRun;
  private readonly seen = new Map<string, Digest>();

  constructor(run: NetworkRun, values: boolean) {
    this.run = run;
    for (const population of run.network.populations) {
      const { name, model, source, spiking, outputs } = population;
      if (spiking && source?.kind !== 'live') {
        const own = this.digest(`${name} spikes`);
        run.spikes$(name).subscribe(({ tick, neurons, trials }) => {
          own.text(tick).numbers(neurons).numbers(trials);
        });
      }
      if (source || !values) continue;
      for (const each of new Set([...Object.keys(model.state), ...outputs])) {
        const own = this.digest(`${name} ${each}`);
        run.state$(name, each).subscribe(({ tick, data }) => {
          own.text(tick).numbers(data);
        });
      }
    }
  }

  get hex(): string {
    const digest = new Digest();
    for (const [name, { hex }] of this.seen) digest.text(name, hex);
    return digest.hex;
  }

  /** Adds the states and the weights that learned as they are now. */
  async addState(digest: Digest): Promise<void> {
    const { populations, projections } = this.run.network;
    digest.text(this.run.tick);
    const ended = await hashed(async () => {
      for (const { name, source, model } of populations) {
        if (source) continue;
        for (const variable of Object.keys(model.state)) {
          digest.text(name, variable);
          digest.numbers(await this.run.state(name, variable));
        }
      }
      for (const { name, plasticity } of projections) {
        if (!plasticity) continue;
        digest.text(name).numbers(await this.run.weights(name));
      }
      return 'as it should';
    });
    digest.text(ended);
  }

  private digest(name: string): Digest {
    const own = new Digest();
    this.seen.set(name, own);
    return own;
  }
}
