/**
 * Which form of summing products an adapter does best with: known for software
 * adapters, measured once for GPUs and kept in the user's cache. The choice
 * changes no bit, so a wrong one costs time and nothing else.
 */

import { type Shape, sizeOf } from '../../base/tensor.ts';
import { gemm, rowMajor, transposed } from '../../kernels/gemm.ts';
import type { SumForm } from '../../kernels/kernel.ts';
import { conv2d } from '../../ops/conv2d.ts';
import { type Program, Recorder } from '../../program/recorder.ts';
import type { Executable } from '../backend.ts';
import type { Gpu } from './device.ts';
import { candidatesOf, traitsOf } from './traits.ts';
import { WebGpuBackend } from './webgpu.ts';
import { wgsl } from './wgsl.ts';

/** Kernels on whose text the measurement depends. */
const KERNELS = [
  'gemm',
  'contraction',
  'contraction-tile',
  'contraction-workgroup',
  'contraction-subgroup',
  'gemm-fours',
  'conv2d',
  'conv2d-input',
];

/** Rounds in which all forms take turns. */
const ROUNDS = 7;
/** Products a round: one alone is mostly waiting. */
const REPEATS = 4;
/** Milliseconds after which a product has no further round. */
const PATIENCE = 200;
/** Milliseconds in which a kernel may compile; twice as many count as twice its time. */
const COMPILING = 1000;

export interface TuningOptions {
  /** Where results are kept; null: nowhere. Default: the user's cache folder. */
  readonly file?: string | null;
}

/** The best form for an adapter. Measures where neither it nor a file tells. */
export async function bestForm(
  gpu: Gpu,
  options: TuningOptions = {},
): Promise<SumForm> {
  if (gpu.info.isSoftware) return traitsOf(gpu).form;
  const candidates = candidatesOf(gpu);
  const { file = await usualFile() } = options;
  const key = await keyOf(gpu);
  const kept = file === null ? {} : await readKept(file);
  const known = candidates.find((form) => form === kept[key]);
  if (known) return known;
  const form = await measure(gpu, candidates);
  // Others may have added theirs meanwhile.
  if (file !== null) await keep(file, key, form);
  return form;
}

/** What tells adapters, and versions of the kernels, apart. */
async function keyOf({ info }: Gpu): Promise<string> {
  const texts = KERNELS.map(wgsl);
  const { vendor, architecture, device, description, backend } = info;
  const names = [vendor, architecture, device, description, backend];
  return `${names.join(' / ')} / ${hash(texts.join('\n')).toString(16)}`;
}

/** FNV-1a of a text's UTF-16 units. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  }
  return sum >>> 0;
}

/**
 * The form whose times have the least product over some usual kernels. They are
 * those of running, and of compiling where it takes long.
 */
async function measure(
  gpu: Gpu,
  candidates: readonly SumForm[],
): Promise<SumForm> {
  const programs = [
    // A large one, and a layer's forward computation and both messages.
    product([256, 512, 512], 'nt'),
    product([64, 128, 784], 'nt'),
    product([64, 784, 128], 'nn'),
    product([128, 784, 64], 'tn'),
    messageOfConvolution(),
  ];
  const backends = candidates.map((form) => new WebGpuBackend(gpu, { form }));
  const costs = candidates.map(() => 0);
  for (const program of programs) {
    const times = await timesOf(backends, program);
    times.forEach(({ compiling, rounds }, i) => {
      const long = Math.max(1, compiling / COMPILING);
      costs[i]! += Math.log(median(rounds) * long);
    });
  }
  return candidates[costs.indexOf(Math.min(...costs))]!;
}

type Turns = 'nn' | 'nt' | 'tn';

function product(
  size: readonly [m: number, n: number, k: number],
  turns: Turns,
): Program {
  const [m, n, k] = size;
  const recorder = new Recorder();
  const a = recorder.feed('a', m * k);
  const b = recorder.feed('b', k * n);
  const out = gemm(
    recorder.emit,
    size,
    turns === 'tn' ? transposed(a, m) : rowMajor(a, k),
    turns === 'nt' ? transposed(b, k) : rowMajor(b, n),
  );
  recorder.output('out', out);
  // Reading is no part of the work.
  recorder.output('one', recorder.constant(1, 0));
  return recorder.finish({ live: true });
}

/** The message to the input of a small convolution: the longest kernel to compile. */
function messageOfConvolution(): Program {
  const recorder = new Recorder();
  const operand = (name: string, shape: Shape) => {
    const ref = recorder.feed(name, sizeOf(shape));
    return { ref, shape };
  };
  const x = operand('x', [8, 16, 8, 8]);
  const w = operand('w', [16, 16, 3, 3]);
  const y = operand('y', x.shape);
  const attrs = { stride: 1, padding: 1, groups: 1 };
  const message = { attrs, inputs: [x, w], output: y, eps: y.ref };
  const out = conv2d.vjp(recorder.emit, { ...message, slot: 0, base: null });
  recorder.output('out', out);
  recorder.output('one', recorder.constant(1, 0));
  return recorder.finish({ live: true });
}

interface Times {
  readonly compiling: number;
  readonly rounds: number[];
}

/** Milliseconds of each backend, first to compile and then in each round. */
async function timesOf(
  backends: readonly WebGpuBackend[],
  program: Program,
): Promise<Times[]> {
  const runs: Executable[] = [];
  const times: Times[] = [];
  const work = async (run: Executable, repeats: number): Promise<number> => {
    const start = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) run.run();
    await run.read(['one']);
    return performance.now() - start;
  };
  try {
    for (const backend of backends) {
      const start = performance.now();
      const run = await backend.compile(program, new Map());
      runs.push(run);
      // Some drivers compile at the first use of a kernel.
      await work(run, 1);
      times.push({ compiling: performance.now() - start, rounds: [] });
    }
    const start = performance.now();
    let round = 0;
    while (round < ROUNDS && (!round || performance.now() - start < PATIENCE)) {
      for (const [i, run] of runs.entries()) {
        times[i]!.rounds.push(await work(run, REPEATS));
      }
      round += 1;
    }
    return times;
  } finally {
    for (const run of runs) run.free();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)]!;
}

/** `$ISOCHRON_CACHE`, `$XDG_CACHE_HOME` or `~/.cache`; null in a page. */
async function usualFile(): Promise<string | null> {
  if (typeof process !== 'object' || !process.versions?.node) return null;
  const os = await import('node:os');
  const path = await import('node:path');
  const { env } = process;
  const xdg = env['XDG_CACHE_HOME'];
  try {
    const cache =
      env['ISOCHRON_CACHE'] ||
      // The XDG specification says to ignore a relative path.
      (xdg && path.isAbsolute(xdg) ? xdg : null) ||
      path.join(env['HOME'] || os.homedir(), '.cache');
    return path.resolve(cache, 'isochron', 'sum-forms.json');
  } catch {
    return null;
  }
}

/** Forms by key; nothing where the file is missing, unreadable or no JSON. */
async function readKept(file: string): Promise<Record<string, unknown>> {
  try {
    const fs = await import('node:fs/promises');
    const kept: unknown = JSON.parse(await fs.readFile(file, 'utf8'));
    return kept && typeof kept === 'object' ? { ...kept } : {};
  } catch {
    return {};
  }
}

/** Writes beside the file and renames; a cache that cannot be is no failure. */
async function keep(file: string, key: string, form: SumForm): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  try {
    const fs = await import('node:fs/promises');
    const path = await import('node:path');
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const all = { ...(await readKept(file)), [key]: form };
    await fs.writeFile(temporary, `${JSON.stringify(all, null, 2)}\n`);
    await fs.rename(temporary, file);
  } catch {
    // The next opening measures again.
  }
}
