/** The matrix product at every awkward size. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { Random } from '../../src/base/random.ts';
import { gemm, rowMajor, transposed } from '../../src/kernels/gemm.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import { describeBackends, describeWebGpu, webgpu } from '../backends.ts';
import { runOn, twin } from '../ops/programs.ts';

const MODES = ['plain', 'bias', 'add'] as const;

interface Case {
  readonly size: readonly [m: number, n: number, k: number];
  readonly turnA: boolean;
  readonly turnB: boolean;
  readonly mode: (typeof MODES)[number];
  readonly seed: number;
}

const upTo40 = fc.integer({ min: 1, max: 40 });
const anyCase: fc.Arbitrary<Case> = fc.record({
  size: fc.tuple(upTo40, upTo40, upTo40),
  turnA: fc.boolean(),
  turnB: fc.boolean(),
  mode: fc.constantFrom(...MODES),
  seed: fc.nat(),
});

function record({ size, turnA, turnB, mode }: Case): Program {
  const [m, n, k] = size;
  const recorder = new Recorder();
  const a = recorder.feed('a', m * k);
  const b = recorder.feed('b', k * n);
  const extra = recorder.feed('extra', mode === 'bias' ? n : m * n);
  const out = gemm(
    recorder.emit,
    size,
    turnA ? transposed(a, m) : rowMajor(a, k),
    turnB ? transposed(b, k) : rowMajor(b, n),
    mode === 'plain' ? {} : { [mode === 'bias' ? 'bias' : 'base']: extra },
  );
  recorder.output('out', out);
  return recorder.finish({ live: true });
}

function values({ size, seed, mode }: Case, draw: (r: Random) => number) {
  const [m, n, k] = size;
  const fill = (name: string, length: number): [string, number[]] => {
    const random = new Random(seed, name);
    return [name, Array.from({ length }, () => draw(random))];
  };
  return new Map([
    fill('a', m * k),
    fill('b', k * n),
    fill('extra', mode === 'bias' ? n : m * n),
  ]);
}

/** The definition in BigInt: no rounding, no order of sums. */
function product(c: Case, given: Map<string, number[]>): number[] {
  const [m, n, k] = c.size;
  const [a, b, extra] = ['a', 'b', 'extra'].map((name) =>
    (given.get(name) as number[]).map(BigInt),
  );
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0n;
    for (let l = 0; l < k; l++) {
      const left = a[c.turnA ? l * m + i : i * k + l];
      sum += left * b[c.turnB ? j * k + l : l * n + j];
    }
    if (c.mode === 'bias') sum += extra[j];
    if (c.mode === 'add') sum += extra[at];
    return Number(sum);
  });
}

async function expectExact(backend: Backend, c: Case): Promise<void> {
  const given = values(c, (random) => random.below(201) - 100);
  const got = await runOn(backend, record(c), given);
  expect(Array.from(got.get('out') ?? [])).toEqual(product(c, given));
}

/** Around the tiles of 4, 16 and 32, and of subgroups of 4 to 32 lanes. */
const EDGES = [1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 40];
const edgeCases: Case[] = EDGES.flatMap((m, i) =>
  EDGES.map((n, j) => ({
    size: [m, n, EDGES[(i + j) % EDGES.length]] as const,
    turnA: (i + j) % 2 === 0,
    turnB: j % 2 === 0,
    mode: MODES[(i + 2 * j) % 3],
    seed: 1,
  })),
);

describeBackends('matrix product', (open, label) => {
  // Oracle: BigInt. Whole numbers up to 100 * 100 * 40 + 100 are exact.
  test('of whole numbers is exact at sizes 1 to 40', async () => {
    const backend = await open();
    await fc.assert(
      fc.asyncProperty(anyCase, (c) => expectExact(backend, c)),
      { numRuns: label === 'webgpu' ? 100 : 500 },
    );
  });

  test('of whole numbers is exact at the edges of tiles', async () => {
    const backend = await open();
    for (const c of edgeCases) await expectExact(backend, c);
  });
});

// Oracle: one sum after another in ascending k, rounded at every operation.
test('sums k in ascending order in float32', async () => {
  const backend = new CpuBackend('f32');
  await fc.assert(
    fc.asyncProperty(anyCase, async (plain) => {
      const c: Case = { ...plain, mode: 'plain' };
      const [m, n, k] = c.size;
      const given = values(c, (random) => Math.fround(random.normal()));
      const [a, b] = ['a', 'b'].map((name) => given.get(name) as number[]);
      const got = await runOn(backend, record(c), given);
      const out = got.get('out') as ArrayLike<number>;
      for (let at = 0; at < m * n; at++) {
        const [i, j] = [Math.floor(at / n), at % n];
        let sum = 0;
        for (let l = 0; l < k; l++) {
          const left = a[c.turnA ? l * m + i : i * k + l];
          const right = b[c.turnB ? j * k + l : l * n + j];
          sum = Math.fround(sum + Math.fround(left * right));
        }
        expect(out[at]).toBe(sum);
      }
    }),
    { numRuns: 100 },
  );
});

describeWebGpu('matrix product, both WebGPU forms', () => {
  // Oracle: the CPU's float32 form. Adapters with subgroups of a fixed size
  // use one kernel, all others the other: both are tried here.
  test('have the bits of the CPU', async () => {
    const { gpu } = await webgpu();
    const plain = new WebGpuBackend({ ...gpu, subgroup: null });
    for (const backend of [await webgpu(), plain]) {
      for (const c of edgeCases) {
        const given = values(c, (random) => Math.fround(random.normal()));
        const program = record(c);
        const got = await runOn(backend, program, given);
        const wanted = twin(program, given).get('out') ?? [];
        const mine = Array.from(got.get('out') ?? []);
        // Hardware may join a product and a sum into one rounding.
        if (gpu.info.isSoftware) expect(mine).toEqual(Array.from(wanted));
        else {
          for (const [i, x] of mine.entries()) {
            expect(x).toBeCloseTo(wanted[i], 3);
          }
        }
      }
    }
  });
});
