/** Kernels alone, as contenders: small programs on data that were drawn. */

import type { Backend } from '../src/backends/backend.ts';
import { Random } from '../src/base/random.ts';
import { type Program, Recorder } from '../src/program/recorder.ts';
import type { Work } from './peers/peer.ts';
import { settled } from './setting.ts';

export type { Program } from '../src/program/recorder.ts';

/** Records a program whose results are all outputs. */
export function programOf(
  record: (recorder: Recorder) => readonly { id: number; size: number }[],
): Program {
  const recorder = new Recorder();
  record(recorder).forEach((ref, i) => {
    recorder.output(`out${i}`, ref);
  });
  return recorder.finish({ live: true });
}

export interface ProgramRun extends Work {
  readonly name: string;
}

/** Compiles a program on numbers between 0 and 1. */
export async function programRun(
  name: string,
  backend: Backend,
  program: Program,
): Promise<ProgramRun> {
  const executable = await backend.compile(program, new Map());
  for (const [feed, { size }] of program.feeds) {
    executable.feed(feed, drawn(feed, size));
  }
  return {
    name,
    async run() {
      executable.run();
      await settled(backend);
    },
    free: () => executable.free(),
  };
}

/** Numbers of which so many are drawn, and then come again. */
const PERIOD = 65_537;

function drawn(name: string, size: number): Float32Array {
  const random = new Random(1, name);
  const data = new Float32Array(size);
  for (let i = 0; i < Math.min(size, PERIOD); i++) data[i] = random.uniform();
  for (let i = PERIOD; i < size; i += PERIOD) {
    data.copyWithin(i, 0, Math.min(PERIOD, size - i));
  }
  return data;
}
