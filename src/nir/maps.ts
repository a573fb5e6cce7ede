/**
 * The linear map of a NIR node as synapses: which element of what arrives
 * reaches which element of what it gives, and how strongly.
 */

import { sizeOf } from '../base/tensor.ts';
import type { NirConv1d, NirConv2d, NirNode, NirPool } from './graph.ts';
import { type Axis, axesOf, type NirShapes } from './shapes.ts';

/** In canonical order: by source, then by target. Zeros are no synapses. */
export interface NodeMap {
  readonly pre: Uint32Array;
  readonly post: Uint32Array;
  readonly weight: Float64Array;
}

/** The map of a node; null where every element goes to itself, unchanged. */
export function mapOf(node: NirNode, shapes: NirShapes): NodeMap | null {
  switch (node.type) {
    case 'Linear':
    case 'Affine': {
      const { shape, data } = node.weight;
      const [outputs, inputs] = shape.slice(-2) as [number, number];
      const list = new MapList();
      for (let at = 0; at < data.length; at++) {
        const row = Math.floor(at / inputs);
        const block = Math.floor(row / outputs);
        list.add(block * inputs + (at % inputs), row, data[at]!);
      }
      return list.end(sizeOf(shapes.input));
    }
    case 'Scale': {
      const list = new MapList();
      const { data } = node.scale;
      for (let i = 0; i < data.length; i++) list.add(i, i, data[i]!);
      return list.end(data.length);
    }
    case 'Conv1d':
    case 'Conv2d':
      return convolved(node, shapes);
    case 'SumPool2d':
    case 'AvgPool2d':
      return pooled(node, shapes);
    default:
      return null;
  }
}

/** The bias of each element that a node gives; null if it has none. */
export function biasOf(
  node: NirNode,
  { output }: NirShapes,
): ArrayLike<number> | null {
  switch (node.type) {
    case 'Affine':
      return node.bias.data;
    case 'Conv1d':
    case 'Conv2d': {
      const { data } = node.bias;
      const places = sizeOf(output.slice(1));
      const all = new Float64Array(sizeOf(output));
      return all.map((_, i) => data[Math.floor(i / places)]!);
    }
    default:
      return null;
  }
}

/** Element of the axis under place k of the window at `at`; null outside. */
function under(axis: Axis, at: number, k: number): number | null {
  const place = at * axis.stride + k * axis.dilation - axis.before;
  return place >= 0 && place < axis.input ? place : null;
}

/** One axis is an image of height 1. */
const FLAT: Axis = {
  ...{ input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0 },
};

function imageOf(node: NirConv1d | NirConv2d | NirPool, { input }: NirShapes) {
  const [columns, rows = FLAT] = axesOf(node, input.slice(1)).reverse();
  return { rows, columns: columns! };
}

/** Cross-correlation as in PyTorch. */
function convolved(node: NirConv1d | NirConv2d, shapes: NirShapes): NodeMap {
  const { shape, data } = node.weight;
  const [channels, perGroup] = shape as [number, number];
  const { rows, columns } = imageOf(node, shapes);
  const outPerGroup = channels / node.groups;
  const list = new MapList();
  for (let o = 0; o < channels; o++) {
    const first = Math.floor(o / outPerGroup) * perGroup;
    for (let c = 0; c < perGroup; c++) {
      slide(rows, columns, (target, source, place) => {
        const taken = (o * perGroup + c) * rows.kernel * columns.kernel + place;
        list.add(
          (first + c) * rows.input * columns.input + source,
          o * rows.output * columns.output + target,
          data[taken]!,
        );
      });
    }
  }
  return list.end(sizeOf(shapes.input));
}

/** A mean counts the places of the padding too, as in PyTorch. */
function pooled(node: NirPool, shapes: NirShapes): NodeMap {
  const { rows, columns } = imageOf(node, shapes);
  const taken = rows.kernel * columns.kernel;
  const weight = node.type === 'SumPool2d' ? 1 : 1 / taken;
  const list = new MapList();
  for (let c = 0; c < shapes.input[0]!; c++) {
    slide(rows, columns, (target, source) => {
      list.add(
        c * rows.input * columns.input + source,
        c * rows.output * columns.output + target,
        weight,
      );
    });
  }
  return list.end(sizeOf(shapes.input));
}

/** All pairs of a place given and a place seen, with the place in the window. */
function slide(
  rows: Axis,
  columns: Axis,
  on: (target: number, source: number, place: number) => void,
): void {
  for (let y = 0; y < rows.output; y++) {
    for (let x = 0; x < columns.output; x++) {
      for (let i = 0; i < rows.kernel; i++) {
        const row = under(rows, y, i);
        if (row === null) continue;
        for (let j = 0; j < columns.kernel; j++) {
          const column = under(columns, x, j);
          if (column === null) continue;
          on(
            y * columns.output + x,
            row * columns.input + column,
            i * columns.kernel + j,
          );
        }
      }
    }
  }
}

class MapList {
  readonly #pre: number[] = [];
  readonly #post: number[] = [];
  readonly #weight: number[] = [];

  add(pre: number, post: number, weight: number): void {
    if (weight === 0) return;
    this.#pre.push(pre);
    this.#post.push(post);
    this.#weight.push(weight);
  }

  /** Sorted by source; of one source, targets come in ascending order. */
  end(sources: number): NodeMap {
    const start = new Uint32Array(sources + 1);
    for (const source of this.#pre) start[source + 1]! += 1;
    for (let i = 0; i < sources; i++) start[i + 1]! += start[i]!;
    const count = this.#pre.length;
    const pre = new Uint32Array(count);
    const post = new Uint32Array(count);
    const weight = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const at = start[this.#pre[i]!]!++;
      pre[at] = this.#pre[i]!;
      post[at] = this.#post[i]!;
      weight[at] = this.#weight[i]!;
    }
    return { pre, post, weight };
  }
}
