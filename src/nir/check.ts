/**
 * What must hold for a NIR graph: parameters that fit each other, numbers
 * that are finite, edges between nodes whose shapes agree.
 */

import { IsochronError, show } from '../base/errors.ts';
import {
  checkTensor,
  sameShape,
  shapeText,
  sizeOf,
  type Tensor,
} from '../base/tensor.ts';
import {
  ELEMENTWISE,
  isNirType,
  MEMBERS,
  type NirConv1d,
  type NirConv2d,
  type NirGraph,
  type NirMetadata,
  type NirNode,
  nodeText,
  pathOf,
  refuse,
  soundEdges,
} from './graph.ts';
import { shapesOf } from './shapes.ts';

/** Graphs nested deeper than this are no graphs. */
export const DEEPEST = 32;

/** Checks a whole graph, nested ones too. Throws FormatError. */
export function checkGraph(graph: NirGraph): void {
  checkParts(graph, '', 0);
  shapesOf(graph);
}

function checkParts(graph: NirGraph, path: string, depth: number): void {
  if (depth > DEEPEST) {
    refuse(
      `${nodeText(path)} is nested more than ${DEEPEST} deep: does a graph ` +
        'hold itself?',
      { node: path },
    );
  }
  checkMetadata(graph.metadata, path, 0);
  for (const [name, node] of graph.nodes) {
    checkName(name, path);
    const inside = pathOf(path, name);
    if (node.type === 'NIRGraph') {
      checkParts(node, inside, depth + 1);
    } else {
      checkNode(inside, node);
      checkMetadata(node.metadata, inside, 0);
    }
  }
  soundEdges(graph, path, refuse);
}

/** Names are links of HDF5. */
function checkName(name: string, path: string): void {
  if (name === '' || name === '.' || name.includes('/')) {
    refuse(
      `${nodeText(path)} holds the name ${show(name)}: a name is not empty ` +
        'or "." and has no slash',
      { node: path, name },
    );
  }
  checkText(name, path);
}

/** HDF5 ends texts at a zero and keeps them in UTF-8. */
function checkText(text: string, path: string): void {
  if (text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    refuse(
      `${nodeText(path)} holds the text ${show(text)}: a text has no zero ` +
        'byte and no half of a surrogate pair',
      { node: path, text },
    );
  }
}

function checkMetadata(
  metadata: NirMetadata | undefined,
  path: string,
  depth: number,
): void {
  if (depth > DEEPEST) {
    refuse(`${nodeText(path)} has metadata nested too deep: flatten it`, {
      node: path,
    });
  }
  for (const [name, value] of metadata ?? []) {
    checkName(name, path);
    if (value instanceof Map) checkMetadata(value, path, depth + 1);
    const texts = Array.isArray(value) ? value : [value];
    for (const text of texts) {
      if (typeof text === 'string') checkText(text, path);
    }
    if (typeof value !== 'object' || !('data' in value)) continue;
    const { shape, data } = value;
    if (data.length !== sizeOf(shape)) {
      refuse(
        `${nodeText(path)} has metadata "${name}" of shape ` +
          `${shapeText(shape)} and ${data.length} numbers: make them agree`,
        { node: path, name, shape, length: data.length },
      );
    }
  }
}

/** Checks a node by itself; `path` names it in errors. Throws FormatError. */
export function checkNode(path: string, node: NirNode): void {
  const { type } = node;
  if (!isNirType(type)) {
    refuse(
      `${nodeText(path)} has type ${show(type)}: NIR has ` +
        Object.keys(MEMBERS).join(', '),
      { node: path, type },
    );
  }
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  const elementwise = ELEMENTWISE[type];
  if (elementwise) {
    const [first, ...others] = elementwise;
    const { shape } = tensorOf(path, type, first!, fields[first!]);
    for (const name of others) {
      fitting(path, type, name, fields[name], first!, shape);
    }
    return;
  }
  switch (node.type) {
    case 'Input':
    case 'Output':
      sizes(path, type, 'shape', node.shape);
      return;
    case 'Linear':
      weight(path, type, node.weight, 2, Number.POSITIVE_INFINITY);
      return;
    case 'Affine': {
      const { shape } = weight(
        path,
        type,
        node.weight,
        2,
        Number.POSITIVE_INFINITY,
      );
      fitting(path, type, 'bias', node.bias, 'weight', shape.slice(0, -1));
      return;
    }
    case 'Conv1d':
    case 'Conv2d':
      convolution(path, node);
      return;
    case 'SumPool2d':
    case 'AvgPool2d':
      counts(path, type, 'kernel_size', node.kernel_size, 2, 1);
      counts(path, type, 'stride', node.stride, 2, 1);
      counts(path, type, 'padding', node.padding, 2, 0);
      return;
    case 'Flatten':
      counts(path, type, 'start_dim', [node.start_dim], 1);
      counts(path, type, 'end_dim', [node.end_dim], 1);
      if (node.input_type) sizes(path, type, 'input_type', node.input_type);
  }
}

function convolution(path: string, node: NirConv1d | NirConv2d): void {
  const { type, groups } = node;
  const axes = type === 'Conv1d' ? 1 : 2;
  const list = (value: number | readonly number[]) =>
    typeof value === 'number' ? [value] : value;
  if (node.input_shape !== null) {
    counts(path, type, 'input_shape', list(node.input_shape), axes, 1);
  }
  const { shape } = weight(path, type, node.weight, axes + 2, axes + 2);
  fitting(path, type, 'bias', node.bias, 'weight', shape.slice(0, 1));
  counts(path, type, 'stride', list(node.stride), axes, 1);
  counts(path, type, 'dilation', list(node.dilation), axes, 1);
  counts(path, type, 'groups', [groups], 1, 1);
  if (shape[0]! % groups !== 0) {
    refuse(
      `${nodeText(path, type)} has ${shape[0]} output channels in ${groups} ` +
        'groups: groups must divide the channels',
      { node: path, channels: shape[0], groups },
    );
  }
  const { padding, stride } = node;
  if (typeof padding === 'string') {
    if (padding !== 'same' && padding !== 'valid') {
      refuse(
        `${nodeText(path, type)} has padding ${show(padding)}: give numbers, ` +
          '"same" or "valid"',
        { node: path, padding },
      );
    }
    if (padding === 'same' && list(stride).some((step) => step !== 1)) {
      refuse(
        `${nodeText(path, type)} has padding "same" and stride ` +
          `${show(stride)}: "same" needs stride 1, else give numbers`,
        { node: path, padding, stride },
      );
    }
  } else counts(path, type, 'padding', list(padding), axes, 0);
}

function weight(
  path: string,
  type: string,
  value: unknown,
  least: number,
  most: number,
): Tensor {
  const tensor = tensorOf(path, type, 'weight', value);
  const rank = tensor.shape.length;
  if (rank < least || rank > most) {
    refuse(
      `${nodeText(path, type)} has a weight of shape ` +
        `${shapeText(tensor.shape)}: it needs ${least} axes` +
        `${most > least ? ' or more' : ''}`,
      { node: path, shape: tensor.shape },
    );
  }
  return tensor;
}

/** A parameter whose shape another one gives. */
function fitting(
  path: string,
  type: string,
  name: string,
  value: unknown,
  other: string,
  shape: readonly number[],
): void {
  const tensor = tensorOf(path, type, name, value);
  if (!sameShape(tensor.shape, shape)) {
    refuse(
      `${nodeText(path, type)} has ${name} ${shapeText(tensor.shape)}, but ` +
        `its ${other} asks for ${shapeText(shape)}: store ${name} in that shape`,
      { node: path, name, shape: tensor.shape, expected: shape },
    );
  }
}

function tensorOf(
  path: string,
  type: string,
  name: string,
  value: unknown,
): Tensor {
  const tensor = value as Tensor | undefined;
  if (!tensor?.shape || !tensor.data) {
    refuse(
      `${nodeText(path, type)} has no parameter ${name}: it needs ` +
        MEMBERS[type]!.join(', '),
      { node: path, name },
    );
  }
  try {
    checkTensor(name, tensor as Tensor);
  } catch (error) {
    if (!(error instanceof IsochronError)) throw error;
    refuse(`${nodeText(path, type)}: ${error.message}`, {
      node: path,
      ...error.data,
    });
  }
  return tensor as Tensor;
}

function sizes(path: string, type: string, name: string, value: unknown): void {
  const list = Array.isArray(value) ? value : [];
  counts(path, type, name, value, list.length || 1, 1);
}

function counts(
  path: string,
  type: string,
  name: string,
  value: unknown,
  length: number,
  least = Number.MIN_SAFE_INTEGER,
): void {
  if (
    !Array.isArray(value) ||
    value.length !== length ||
    value.some((count) => !Number.isSafeInteger(count) || count < least)
  ) {
    const bound = least > Number.MIN_SAFE_INTEGER ? ` >= ${least}` : '';
    refuse(
      `${nodeText(path, type)} has ${name} ${show(value)}: give ` +
        `${length} whole number${length > 1 ? 's' : ''}${bound}`,
      { node: path, name, value },
    );
  }
}
