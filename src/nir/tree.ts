/** A NIR graph as the tree of its HDF5 file. */

import type { Tensor } from '../base/tensor.ts';
import {
  MEMBERS,
  type NirGraph,
  type NirMetadata,
  type NirNode,
  type NirValue,
} from './graph.ts';
import type { H5Group, H5Value } from './hdf5.ts';

type Member = readonly [name: string, value: H5Value];

export function graphToTree(graph: NirGraph, version: string): H5Group {
  return group([
    ['version', text(version)],
    ['node', nodeTree({ ...graph, type: 'NIRGraph' })],
  ]);
}

function nodeTree(node: NirNode): H5Group {
  const members: Member[] = [['type', text(node.type)]];
  if (node.type === 'NIRGraph') {
    const nodes = [...node.nodes].map(
      ([name, inner]): Member => [name, nodeTree(inner)],
    );
    const edges = {
      kind: 'text',
      shape: [node.edges.length, 2],
      values: node.edges.flat(),
    } as const;
    members.push(['nodes', group(nodes)], ['edges', edges]);
  } else {
    const fields = node as unknown as Readonly<Record<string, unknown>>;
    for (const name of MEMBERS[node.type]!) {
      // What is not known is not stored.
      if (fields[name] !== null) members.push([name, member(fields[name])]);
    }
  }
  const { metadata } = node;
  if (metadata) {
    members.push(['metadata', metadataTree(metadata)]);
  }
  return group(members);
}

/** A parameter: a tensor, or whole numbers, or the name of a padding. */
function member(value: unknown): H5Value {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return counts([], [value]);
  return Array.isArray(value)
    ? counts([value.length], value)
    : numbers(value as Tensor);
}

function metadataTree(metadata: NirMetadata): H5Group {
  return group(
    [...metadata].map(([name, value]): Member => [name, metadataMember(value)]),
  );
}

function metadataMember(value: NirValue): H5Value {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    const values = Float64Array.of(value);
    return { kind: 'numbers', shape: [], values, whole: false };
  }
  if (value instanceof Map) return metadataTree(value);
  if (Array.isArray(value)) {
    return { kind: 'text', shape: [value.length], values: value };
  }
  return numbers(value as Tensor);
}

function group(members: readonly Member[]): H5Group {
  return { kind: 'group', members, attributes: [] };
}

function text(value: string): H5Value {
  return { kind: 'text', shape: [], values: [value] };
}

function counts(shape: readonly number[], values: readonly number[]): H5Value {
  return {
    kind: 'numbers',
    shape,
    values: Float64Array.from(values),
    whole: true,
  };
}

function numbers({ shape, data }: Tensor): H5Value {
  const values =
    data instanceof Float32Array
      ? Float32Array.from(data)
      : Float64Array.from(data);
  return { kind: 'numbers', shape, values, whole: false };
}
