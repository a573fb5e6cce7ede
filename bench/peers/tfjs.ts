/**
 * TensorFlow.js on webgpu, wasm and cpu. Weights are [in, out] and the loss is
 * made of logSoftmax: on wasm a third faster than [out, in], elsewhere equal;
 * `fused.matMul` and other sizes of the command queue's batches gain nothing.
 *
 * Its wasm multiplies by a transposed matrix several times slower than it
 * transposes and multiplies, and its own gradients do the former: it is
 * measured with them, and with a dense layer whose gradient is written out by
 * `customGrad` (2 to 4 times faster; on webgpu equal).
 *
 * Its wasm has no threads in Node. tfjs-layers brings the gradients, which
 * tfjs-core's build for Node leaves out.
 */

import { Random } from '../../src/base/random.ts';
import type { Opening, Peer, Training } from './peer.ts';
import { browserGlobals, loader, needDevice, versionOf } from './shim.ts';

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Variable extends Tensor {
  assign(value: Tensor): void;
}

/** The part of tfjs-core that is used. */
interface Core {
  setBackend(name: string): Promise<boolean>;
  removeBackend(name: string): void;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  variable(value: Tensor): Variable;
  tidy<T>(work: () => T): T;
  matMul(a: Tensor, b: Tensor): Tensor;
  slice(x: Tensor, begin: number[], size: number[]): Tensor;
  transpose(x: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  sum(x: Tensor, axis?: number): Tensor;
  tanh(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  logSoftmax(x: Tensor): Tensor;
  /** Its work gets a function that saves tensors for the gradient. */
  customGrad(
    work: (...inputs: never[]) => {
      value: Tensor;
      gradFunc: (error: Tensor, saved: Tensor[]) => Tensor[];
    },
  ): (...inputs: Tensor[]) => Tensor;
  train: {
    sgd(lr: number): {
      minimize(
        loss: () => Tensor,
        returnCost: true,
        variables: readonly Variable[],
      ): Tensor;
      dispose(): void;
    };
  };
}

/** Tensors made outside of `tidy` are the caller's to dispose of. */
const freeAll = (tensors: Iterable<Tensor>) => {
  for (const tensor of tensors) tensor.dispose();
};

/** How to open it on each of its backends. */
export function openTfjs(folder: string, device?: GPUDevice): Opening[] {
  return [
    { name: 'tfjs webgpu', backend: 'webgpu', layer: dense },
    { name: 'tfjs wasm', backend: 'wasm', layer: dense },
    { name: 'tfjs wasm with customGrad', backend: 'wasm', layer: turnedDense },
    { name: 'tfjs cpu', backend: 'cpu', layer: dense },
  ].map(({ name, backend, layer }) => ({
    name,
    async open() {
      const version = versionOf(folder, '@tensorflow/tfjs-core');
      const gpu = backend === 'webgpu' ? needDevice(device) : undefined;
      // An engine for each: switching one between backends would cost time.
      const load = loader(folder, await browserGlobals(gpu));
      const tf = load('@tensorflow/tfjs-core') as unknown as Core;
      load('@tensorflow/tfjs-layers');
      load(`@tensorflow/tfjs-backend-${backend}`);
      if (!(await tf.setBackend(backend))) {
        throw new Error(`tfjs did not start its backend ${backend}`);
      }
      await tf.ready();
      return peer(`${name} ${version}`, backend, tf, layer(tf));
    },
  }));
}

/** x W + b; `first` says that no gradient of x is wanted. */
type Layer = (x: Tensor, W: Tensor, b: Tensor, first: boolean) => Tensor;

function dense(tf: Core): Layer {
  return (x, W, b) => tf.add(tf.matMul(x, W), b);
}

/** The same, whose gradients come from products of plain matrices alone. */
function turnedDense(tf: Core): Layer {
  const plain = dense(tf);
  const ofParameters = (x: Tensor, error: Tensor) => [
    tf.matMul(tf.transpose(x), error),
    tf.sum(error, 0),
  ];
  const inner = tf.customGrad(
    (x: Tensor, W: Tensor, b: Tensor, save: (all: Tensor[]) => void) => {
      save([x, W]);
      return {
        value: plain(x, W, b, false),
        gradFunc: (error, [x, W]) => [
          tf.matMul(error, tf.transpose(W)),
          ...ofParameters(x, error),
        ],
      };
    },
  );
  return (x, W, b, first) => {
    if (!first) return inner(x, W, b);
    const outer = tf.customGrad((W: Tensor, b: Tensor) => ({
      value: plain(x, W, b, true),
      gradFunc: (error) => ofParameters(x, error),
    }));
    return outer(W, b);
  };
}

function peer(name: string, backend: string, tf: Core, layer: Layer): Peer {
  return {
    name,
    async product(m, n, k) {
      const random = new Random(1, name);
      const matrix = (rows: number, columns: number) =>
        tf.tensor(
          Float32Array.from({ length: rows * columns }, () => random.uniform()),
          [rows, columns],
        );
      const [a, b] = [matrix(m, k), matrix(k, n)];
      return {
        async run() {
          // One number is read: all of it would cost a copy.
          const one = tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]));
          await one.data();
          one.dispose();
        },
        free: () => freeAll([a, b]),
      };
    },
    mlp: async (sizes, batch, options) =>
      training(tf, layer, sizes, batch, options),
    close: () => tf.removeBackend(backend),
  };
}

function training(
  tf: Core,
  layer: Layer,
  sizes: readonly number[],
  batch: number,
  { activation, lr }: Parameters<Peer['mlp']>[2],
): Training {
  const optimiser = tf.train.sgd(lr);
  let variables: Variable[] = [];
  let data: Tensor[] = [];
  let last = Number.NaN;
  const layers = sizes.length - 1;
  const cost = () => {
    let [h] = data;
    for (let l = 0; l < layers; l++) {
      h = layer(h, variables[2 * l], variables[2 * l + 1], l === 0);
      if (l < layers - 1) h = tf[activation](h);
    }
    const right = tf.sum(tf.mul(tf.logSoftmax(h), data[1]));
    return tf.mul(right, -1 / batch);
  };
  const free = () => {
    freeAll([...variables, ...data]);
    [variables, data] = [[], []];
  };
  return {
    get loss() {
      return last;
    },
    async run() {
      const loss = optimiser.minimize(cost, true, variables);
      [last] = await loss.data();
      loss.dispose();
    },
    load(parameters, x, target) {
      free();
      variables = parameters.map((values, i) => {
        const [fanIn, fanOut] = [sizes[i >> 1], sizes[(i >> 1) + 1]];
        const value = tf.tidy(() =>
          i % 2 === 1
            ? tf.tensor(values, [fanOut])
            : tf.transpose(tf.tensor(values, [fanOut, fanIn])),
        );
        // The variable keeps what it was made of.
        const variable = tf.variable(value);
        value.dispose();
        return variable;
      });
      data = [
        tf.tensor(x, [batch, sizes[0]]),
        tf.tensor(target, [batch, sizes[layers]]),
      ];
    },
    async parameters() {
      const values: Float32Array[] = [];
      for (const [i, variable] of variables.entries()) {
        const own = i % 2 === 1 ? variable : tf.transpose(variable);
        values.push(Float32Array.from(await own.data()));
        if (own !== variable) own.dispose();
      }
      return values;
    },
    free() {
      free();
      optimiser.dispose();
    },
  };
}
