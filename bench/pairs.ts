/** What the benchmarks share: interleaved timings, and where results are kept. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Pair {
  readonly ms: number;
  /** Of the other, beside it. */
  readonly otherMs: number;
  readonly medianRatio: number;
  readonly medianOfPairRatios: number;
  readonly pairs: number;
}

type Step = () => Promise<unknown>;

/** Times two steps back to back, in alternating order: machines drift. */
export async function paired(
  mine: Step,
  other: Step,
  pairs: number,
): Promise<Pair> {
  const [a, b]: [number[], number[]] = [[], []];
  const time = async (step: Step, into: number[]) => {
    const begun = performance.now();
    await step();
    into.push(performance.now() - begun);
  };
  for (let i = 0; i < pairs; i++) {
    const order = [() => time(mine, a), () => time(other, b)];
    if (i % 2 === 1) order.reverse();
    for (const run of order) await run();
  }
  return {
    ms: median(a),
    otherMs: median(b),
    medianRatio: median(a) / median(b),
    medianOfPairRatios: median(a.map((ms, i) => ms / b[i])),
    pairs,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Keeps a result per release and backend; gives its path. */
export function keep(
  name: string,
  backend: { readonly name: string; readonly description: string },
  result: Readonly<Record<string, unknown>>,
): string {
  const root = new URL('../../', import.meta.url);
  const { version } = JSON.parse(
    readFileSync(new URL('package.json', root), 'utf8'),
  );
  const folder = new URL('bench/results/', root);
  mkdirSync(folder, { recursive: true });
  const path = fileURLToPath(
    new URL(`${name}-${version}-${backend.name}.json`, folder),
  );
  const { question, ...rest } = result;
  const machine = `${cpus().length} x ${cpus()[0].model.trim()}, ${platform()} ${arch()}`;
  const whole = {
    question,
    version,
    node: process.version,
    machine,
    device: backend.description,
    ...rest,
  };
  writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
  return path;
}
