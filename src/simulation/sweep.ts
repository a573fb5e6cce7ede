/** Forward sweeps alone: values of vertices for data, without learning. */

import type { Executable } from '../backends/backend.ts';
import { OptionError } from '../base/errors.ts';
import type { Levelled } from '../graph/level.ts';
import type { Program } from '../program/recorder.ts';
import { activationName, recordForward } from './record.ts';

export class Sweeps {
  private readonly levelled: Levelled;
  /** By the vertices that are read after them. */
  private readonly compiled = new Map<string, Executable>();

  constructor(levelled: Levelled) {
    this.levelled = levelled;
  }

  /** Throws OptionError for what has no value of its own. */
  check(ids: readonly string[]): void {
    for (const id of ids) {
      const vertex = this.levelled.vertices.find((v) => v.id === id);
      if (vertex && vertex.op !== 'param') continue;
      throw new OptionError(`No vertex "${id}" whose value could be read`, {
        id,
      });
    }
  }

  /** The output for data, and the values of vertices by id. */
  async run(
    ids: readonly string[],
    values: ReadonlyMap<string, ArrayLike<number>>,
    compile: (program: Program) => Promise<Executable>,
  ) {
    const key = JSON.stringify(ids);
    const run =
      this.compiled.get(key) ??
      (await compile(recordForward(this.levelled, ids)));
    this.compiled.set(key, run);
    for (const [name, data] of values) run.feed(name, data);
    run.run();
    const names = ['prediction', ...ids.map(activationName)];
    const [prediction, ...read] = await run.read(names);
    const activations = new Map(ids.map((id, i) => [id, read[i]!]));
    return { prediction: prediction!, activations };
  }

  free(): void {
    for (const run of this.compiled.values()) run.free();
    this.compiled.clear();
  }
}
