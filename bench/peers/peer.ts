/**
 * Libraries that a user would pick instead, measured in this process and on
 * the same device: TensorFlow.js and jax-js. They are optional: `npm ci
 * --prefix bench` installs them, and without them all are `missing`.
 *
 * Each does its work as its documentation teaches it, in the fastest of the
 * forms that were tried; x, target and parameters stay in its own memory, so a
 * step uploads nothing. All read the loss, one number, at the end of a step.
 */

import { messageOf } from '../../src/base/errors.ts';
import { openJax } from './jax.ts';
import { findPackages } from './shim.ts';
import { openTfjs } from './tfjs.ts';

/** Something that can be done again and again. */
export interface Work {
  /** Does it once, and waits until it is done. */
  run(): Promise<void>;
  /** Frees its memory in the library. */
  free(): void;
}

/** A full training step: forward, loss, gradients, update of everything. */
export interface Training extends Work {
  /** Loss that the last run read, as of its forward pass; NaN before one. */
  readonly loss: number;
  /**
   * Sets W1 [out, in], b1 [out], W2, ... and the batch: x [batch, sizes[0]]
   * and target [batch, sizes.at(-1)], one-hot. To be called before a run.
   */
  load(
    parameters: readonly Float32Array[],
    x: Float32Array,
    target: Float32Array,
  ): void;
  /** The parameters, in the order and layout of `load`. */
  parameters(): Promise<Float32Array[]>;
}

export interface TrainingOptions {
  readonly activation: 'tanh' | 'relu';
  readonly lr: number;
}

export interface Peer {
  /** Library, backend, version: 'tfjs webgpu 4.22.0'. */
  readonly name: string;
  /**
   * [m, k] times [k, n] in float32: each run computes one product and waits
   * until it is done; the product is not copied back.
   */
  product(m: number, n: number, k: number): Promise<Work>;
  /**
   * One step of an MLP with biases, softmax cross-entropy averaged over the
   * batch, plain SGD. The last layer is linear.
   */
  mlp(
    sizes: readonly number[],
    batch: number,
    options: TrainingOptions,
  ): Promise<Training>;
  /** Frees what it holds; a device that was given stays open. */
  close(): void;
}

/** How one peer is opened; throws when it cannot be. */
export interface Opening {
  readonly name: string;
  open(): Promise<Peer>;
}

export interface OpenPeersOptions {
  /** The device that webgpu peers compute on: without it they are missing. */
  readonly device?: GPUDevice;
  /** Parts of names, comma between: 'jax-js,tfjs wasm'. All, if not given. */
  readonly only?: string;
}

export interface OpenedPeers {
  readonly peers: Peer[];
  readonly missing: { readonly name: string; readonly reason: string }[];
}

/** Opens all peers that can be had here, and says why others cannot. */
export async function openPeers(
  options: OpenPeersOptions = {},
): Promise<OpenedPeers> {
  const { device, only = '' } = options;
  const folder = findPackages();
  const wanted = only.split(',').map((part) => part.trim());
  const peers: Peer[] = [];
  const missing: { name: string; reason: string }[] = [];
  for (const { name, open } of [
    ...openTfjs(folder, device),
    ...openJax(folder, device),
  ]) {
    if (!wanted.some((part) => name.includes(part))) continue;
    try {
      peers.push(await open());
    } catch (error) {
      missing.push({ name, reason: messageOf(error) });
    }
  }
  return { peers, missing };
}
