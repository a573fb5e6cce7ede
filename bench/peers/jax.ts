/**
 * jax-js on webgpu and wasm. The whole step is one `jit`, update included:
 * gradients alone under `jit` and the update outside take up to 3 times as
 * long. Weights are [out, in]: on wasm with wide layers a third faster than
 * [in, out], elsewhere equal.
 *
 * Its wasm has threads where there are Web Workers, which Node lacks: it is
 * measured as Node gives it, and with Workers made of Node's own.
 */

import { resolveObjectURL } from 'node:buffer';
import { Worker as NodeWorker } from 'node:worker_threads';
import { Random } from '../../src/base/random.ts';
import type { Opening, Peer, Training } from './peer.ts';
import { browserGlobals, loader, needDevice, versionOf } from './shim.ts';

/** An array is consumed by what it is passed to; `ref` keeps it. */
interface Value {
  readonly ref: Value;
  reshape(shape: readonly number[]): Value;
  add(other: Value): Value;
  sub(other: Value): Value;
  mul(other: Value | number): Value;
  sum(): Value;
  data(): Promise<Float32Array>;
  blockUntilReady(): Promise<Value>;
  dispose(): void;
}

type Loss = (parameters: Value[], x: Value, target: Value) => Value;
type Update = (
  parameters: Value[],
  x: Value,
  target: Value,
) => [loss: Value, parameters: Value[]];

/** The part of jax-js that is used. */
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): string;
  jit<F>(work: F): F & { dispose(): void };
  valueAndGrad(loss: Loss): Update;
  numpy: {
    array(values: Float32Array): Value;
    matmul(a: Value, b: Value): Value;
    transpose(a: Value): Value;
    tanh(a: Value): Value;
  };
  nn: { relu(a: Value): Value; logSoftmax(a: Value, axis: number): Value };
}

/** How to open it on each of its backends. */
export function openJax(folder: string, device?: GPUDevice): Opening[] {
  return [
    { name: 'jax-js webgpu', backend: 'webgpu' },
    { name: 'jax-js wasm', backend: 'wasm' },
    { name: 'jax-js wasm with Workers', backend: 'wasm', threads: true },
  ].map(({ name, backend, threads }) => ({
    name,
    async open() {
      const version = versionOf(folder, '@jax-js/jax');
      const gpu = backend === 'webgpu' ? needDevice(device) : undefined;
      const workers: NodeWorker[] = [];
      // Undefined, lest a Worker that Node may have one day changes the case.
      const Worker = threads ? workerClass(workers) : undefined;
      const load = loader(folder, { ...(await browserGlobals(gpu)), Worker });
      const jax = load('@jax-js/jax') as unknown as Jax;
      if (!(await jax.init(backend)).includes(backend)) {
        throw new Error(`jax-js did not start its backend ${backend}`);
      }
      jax.defaultDevice(backend);
      return peer(`${name} ${version}`, jax, () => {
        for (const worker of workers) void worker.terminate();
      });
    },
  }));
}

/** As much of a Web Worker as jax-js uses, made of Node's. */
function workerClass(all: NodeWorker[]) {
  const prelude = `
    const { parentPort } = require('node:worker_threads');
    globalThis.self = globalThis;
    globalThis.postMessage = (data) => parentPort.postMessage(data);
    parentPort.on('message', (data) => self.onmessage({ data }));`;
  return class {
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onerror: ((error: unknown) => void) | null = null;
    private readonly started: Promise<NodeWorker>;

    constructor(url: string) {
      this.started = this.start(url);
      this.started.catch((error) => this.onerror?.(error));
    }

    postMessage(data: unknown): void {
      // Waiting keeps the order: all wait for the same promise.
      void this.started.then((worker) => worker.postMessage(data));
    }

    private async start(url: string): Promise<NodeWorker> {
      const source = await resolveObjectURL(url)?.text();
      if (source === undefined) throw new Error(`no source at ${url}`);
      const worker = new NodeWorker(`${prelude}\n${source}`, { eval: true });
      worker.on('message', (data) => this.onmessage?.({ data }));
      worker.on('error', (error) => this.onerror?.(error));
      all.push(worker);
      return worker;
    }
  };
}

function peer(name: string, jax: Jax, close: () => void): Peer {
  const { numpy: np } = jax;
  return {
    name,
    async product(m, n, k) {
      const random = new Random(1, name);
      const matrix = (rows: number, columns: number) =>
        np
          .array(
            Float32Array.from({ length: rows * columns }, () =>
              random.uniform(),
            ),
          )
          .reshape([rows, columns]);
      const [a, b] = [matrix(m, k), matrix(k, n)];
      const multiply = jax.jit((a: Value, b: Value) => np.matmul(a, b));
      return {
        async run() {
          const product = multiply(a.ref, b.ref);
          await product.blockUntilReady();
          product.dispose();
        },
        free() {
          a.dispose();
          b.dispose();
          multiply.dispose();
        },
      };
    },
    mlp: async (sizes, batch, options) => training(jax, sizes, batch, options),
    close,
  };
}

function training(
  jax: Jax,
  sizes: readonly number[],
  batch: number,
  { activation, lr }: Parameters<Peer['mlp']>[2],
): Training {
  const { numpy: np, nn } = jax;
  const layers = sizes.length - 1;
  let values: Value[] = [];
  let data: Value[] = [];
  let last = Number.NaN;
  const loss: Loss = (parameters, x, target) => {
    let h = x;
    for (let l = 0; l < layers; l++) {
      const turned = np.transpose(parameters[2 * l]);
      h = np.matmul(h, turned).add(parameters[2 * l + 1]);
      if (l < layers - 1) h = activation === 'tanh' ? np.tanh(h) : nn.relu(h);
    }
    const right = nn.logSoftmax(h, -1).mul(target).sum();
    return right.mul(-1 / batch);
  };
  const gradient = jax.valueAndGrad(loss);
  const step = jax.jit<Update>((parameters, x, target) => {
    const kept = parameters.map(({ ref }) => ref);
    const [value, gradients] = gradient(kept, x, target);
    const update = (w: Value, i: number) => w.sub(gradients[i].mul(lr));
    return [value, parameters.map(update)];
  });
  const free = () => {
    for (const value of [...values, ...data]) value.dispose();
    [values, data] = [[], []];
  };
  return {
    get loss() {
      return last;
    },
    async run() {
      const [x, target] = data;
      const [value, updated] = step(values, x.ref, target.ref);
      values = updated;
      [last] = await value.data();
      // With Workers the loss is there before the update is.
      for (const each of values) await each.blockUntilReady();
    },
    load(parameters, x, target) {
      free();
      values = parameters.map((numbers, i) => {
        const [fanIn, fanOut] = [sizes[i >> 1], sizes[(i >> 1) + 1]];
        const shape = i % 2 === 1 ? [fanOut] : [fanOut, fanIn];
        return np.array(numbers).reshape(shape);
      });
      data = [
        np.array(x).reshape([batch, sizes[0]]),
        np.array(target).reshape([batch, sizes[layers]]),
      ];
    },
    async parameters() {
      const all: Float32Array[] = [];
      for (const value of values) {
        all.push(Float32Array.from(await value.ref.data()));
      }
      return all;
    },
    free() {
      free();
      step.dispose();
    },
  };
}
