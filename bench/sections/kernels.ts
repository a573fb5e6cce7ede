/** Section: products, convolutions and elementwise kernels by themselves. */

import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { messageOf, OptionError } from '../../src/base/errors.ts';
import { SUM_FORMS } from '../../src/kernels/kernel.ts';
import type { Work } from '../peers/peer.ts';
import { type Failure, ratios, timeRounds } from '../rounds.ts';
import {
  type Case,
  type Columns,
  digits,
  type Outcome,
  ratio,
  type Section,
  spread,
  tableOf,
} from '../section.ts';
import type { Named, Setting } from '../setting.ts';
import { type Summary, summarise } from '../statistics.ts';
import { type Throughput, throughput } from '../throughput.ts';
import { type Program, type ProgramRun, programRun } from '../work.ts';
import {
  type Extent,
  elementwisePrograms,
  type Layout,
  networkConvolutions,
  productProgram,
} from './kernel-programs.ts';

interface Row {
  readonly kernel: string;
  readonly who: string;
  readonly ms: Summary;
  /** Thousand million operations a second, by the median. */
  readonly gflops?: number;
  /** Thousand million bytes a second that are read or written. */
  readonly gigabytes?: number;
  /** Time over that of webgpu in its own form, within rounds. */
  readonly toWebgpu: Summary | null;
  readonly throughput: Throughput | null;
}

const columns = (work: 'GFLOP/s' | 'GB/s'): Columns<Row> => [
  ['kernel', (row) => row.kernel],
  ['on', (row) => row.who],
  ['ms (quartiles)', (row) => spread(row.ms)],
  ['least', (row) => digits(row.ms.min)],
  ['rounds', (row) => `${row.ms.n}`],
  [work, (row) => digits(row.gflops ?? row.gigabytes)],
  ['to webgpu', (row) => ratio(row.toWebgpu)],
  ['runs/s (benny)', (row) => digits(row.throughput?.perSecond)],
];

/** Our backends: what the adapter takes, each form of it, and the CPU. */
async function ours(setting: Setting, forms: boolean) {
  const all: Named[] = await setting.backends();
  const notes: string[] = [];
  const gpu = await setting.gpu();
  if (gpu && forms) {
    const own = new WebGpuBackend(gpu).traits.form;
    notes.push(`"webgpu" sums by ${own}`);
    for (const form of SUM_FORMS.filter((each) => each !== own)) {
      try {
        const backend = new WebGpuBackend(gpu, { form });
        all.push({ label: `webgpu, ${form}`, backend });
      } catch (error) {
        // A form that the adapter lacks.
        if (!(error instanceof OptionError)) throw error;
        notes.push(`${form}: ${messageOf(error)}`);
      }
    }
  }
  if (setting.backend !== 'webgpu') {
    all.push({ label: 'cpu f64', backend: new CpuBackend('f64') });
    const alone = new CpuBackend('f32', { threads: 1 });
    all.push({ label: 'cpu f32, 1 thread', backend: alone });
  }
  return { all, notes };
}

interface Measured {
  readonly kernel: string;
  readonly program: Program;
  readonly flops?: number;
  readonly elements?: number;
  readonly forms: boolean;
  /** The same product by other libraries. */
  readonly peers?: Extent;
}

async function measure(what: Measured, setting: Setting): Promise<Outcome> {
  const { kernel, program, flops, elements, forms } = what;
  // Each form is compiled anew, which takes longer than it runs.
  const quickly = setting.quick && !what.peers;
  const { all, notes } = await ours(setting, forms && !quickly);
  const failed: Failure[] = [];
  const runs: ProgramRun[] = [];
  const dtypes = new Map(all.map((each) => [each.label, each.backend.dtype]));
  const open = async (name: string, make: () => Promise<Work>) => {
    try {
      const work = await make();
      const [run, free] = [() => work.run(), () => work.free()];
      runs.push({ name, run, free });
    } catch (error) {
      failed.push({ name, error: messageOf(error) });
    }
  };
  try {
    for (const { label, backend } of all) {
      await open(label, () => programRun(label, backend, program));
    }
    if (what.peers) {
      const { peers, missing } = await setting.peers();
      notes.push(...missing.map(({ name, reason }) => `${name}: ${reason}`));
      for (const peer of peers) {
        // Seconds a run, and no rival.
        if (setting.quick && peer.name.startsWith('tfjs cpu')) continue;
        const [m, n, k] = what.peers;
        await open(peer.name, () => peer.product(m, n, k));
      }
    }
    const timings = await timeRounds(runs, setting.rounds);
    const seconds = setting.bennySeconds;
    const perSecond = await throughput(kernel, runs, timings, seconds);
    const rows = [...timings.ms].map(([who, times]): Row => {
      const ms = summarise(times);
      const wide = dtypes.get(who) === 'f64' ? 8 : 4;
      return {
        ...{ kernel, who, ms },
        ...(flops && { gflops: flops / ms.median / 1e6 }),
        ...(elements && { gigabytes: (elements * wide) / ms.median / 1e6 }),
        toWebgpu: ratios(timings, who, 'webgpu'),
        throughput: perSecond.get(who) ?? null,
      };
    });
    const work = flops ? 'GFLOP/s' : 'GB/s';
    return {
      tables: [tableOf(work, columns(work), rows)],
      failed: [...failed, ...timings.failed],
      notes: [...new Set(notes)],
    };
  } finally {
    for (const { free } of runs) free();
  }
}

/** A product [m, k] x [k, n], with the peers' beside it or without. */
export function productCase(
  [m, n, k]: Extent,
  layout: Layout = 'nn',
  options: { peers?: boolean; slow?: boolean } = {},
): Case {
  const name = `product ${layout} ${m} x ${n} x ${k}`;
  return {
    name,
    slow: options.slow,
    run: (setting) =>
      measure(
        {
          kernel: name,
          program: productProgram([m, n, k], layout),
          flops: 2 * m * n * k,
          forms: true,
          peers: options.peers ? [m, n, k] : undefined,
        },
        setting,
      ),
  };
}

function convolutionCases(): Case[] {
  return networkConvolutions().map(({ name, make, slow }) => ({
    name,
    slow,
    run: (setting) =>
      measure({ kernel: name, ...make(), forms: true }, setting),
  }));
}

/** A kernel that is bound by memory, on vectors of so many elements. */
export function elementwiseCases(length: number): Case[] {
  return elementwisePrograms(length).map(({ name, make }) => ({
    name,
    run: (setting) =>
      measure({ kernel: name, ...make(), forms: false }, setting),
  }));
}

export const kernels: Section = {
  name: 'kernels',
  question:
    'how fast are products, convolutions, maps and sums, in every form that ' +
    'the device has, on the CPU and in other libraries?',
  reading:
    'm x n x k. nn: A B; nt: A B^T, forward computation; tn: A^T B, gradients ' +
    'of weights. Other libraries compute A B of the same size. "webgpu" takes ' +
    'the form that suits the adapter.',
  cases: [
    productCase([1024, 1024, 1024], 'nn', { peers: true }),
    productCase([64, 128, 784], 'nt', { peers: true }),
    productCase([64, 128, 128], 'nn', { slow: true }),
    productCase([128, 784, 64], 'tn'),
    productCase([64, 1024, 1024], 'nt', { peers: true, slow: true }),
    productCase([64, 1024, 1024], 'nn', { slow: true }),
    productCase([1024, 1024, 64], 'tn', { slow: true }),
    ...convolutionCases(),
    ...elementwiseCases(2 ** 22),
  ],
};
