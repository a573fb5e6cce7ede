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
  type CountsMember,
  isNirType,
  listOf,
  MEMBERS,
  type NirConv1d,
  type NirConv2d,
  type NirGraph,
  type NirMetadata,
  type NirNode,
  nodeText,
  PARAMETERS,
  pathOf,
  refuse,
  shapeLike,
  soundEdges,
  type TensorMember,
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

/** Throws FormatError for a graph nested too deep. */
export function checkDepth(path: string, depth: number): void {
  if (depth <= DEEPEST) return;
  refuse(
    `${nodeText(path)} is nested more than ${DEEPEST} deep: does a graph ` +
      'hold itself?',
    { node: path },
  );
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
  for (const [name, member] of Object.entries(PARAMETERS[type] ?? {})) {
    const value = fields[name];
    if (member.kind === 'tensor') {
      checkParameter(path, type, name, member, fields);
    } else if (member.absent === null && (value ?? null) === null) {
      // Not known is no fault: what arrives tells it.
    } else if (!(member.named && typeof value === 'string')) {
      checkCounts(path, type, name, member, value);
    }
  }
  if (node.type === 'Conv1d' || node.type === 'Conv2d') convolution(path, node);
}

/** What a convolution asks for beside its parameters one by one. */
function convolution(path: string, node: NirConv1d | NirConv2d): void {
  const { type, groups } = node;
  const { shape } = node.weight;
  if (shape[0]! % groups !== 0) {
    refuse(
      `${nodeText(path, type)} has ${shape[0]} output channels in ${groups} ` +
        'groups: groups must divide the channels',
      { node: path, channels: shape[0], groups },
    );
  }
  const { padding, stride } = node;
  if (typeof padding !== 'string') return;
  if (padding !== 'same' && padding !== 'valid') {
    refuse(
      `${nodeText(path, type)} has padding ${show(padding)}: give numbers, ` +
        '"same" or "valid"',
      { node: path, padding },
    );
  }
  if (padding === 'same' && listOf(stride).some((step) => step !== 1)) {
    refuse(
      `${nodeText(path, type)} has padding "same" and stride ` +
        `${show(stride)}: "same" needs stride 1, else give numbers`,
      { node: path, padding, stride },
    );
  }
}

function checkParameter(
  path: string,
  type: string,
  name: string,
  member: TensorMember,
  fields: Readonly<Record<string, unknown>>,
): void {
  const { shape } = tensorOf(path, type, name, fields[name]);
  const [least, most] = member.axes ?? [0, Number.POSITIVE_INFINITY];
  if (shape.length < least || shape.length > most) {
    refuse(
      `${nodeText(path, type)} has a weight of shape ${shapeText(shape)}: it ` +
        `needs ${least} axes${most > least ? ' or more' : ''}`,
      { node: path, shape },
    );
  }
  const expected = shapeLike(member, fields);
  if (!expected || sameShape(shape, expected)) return;
  refuse(
    `${nodeText(path, type)} has ${name} ${shapeText(shape)}, but its ` +
      `${member.like} asks for ${shapeText(expected)}: store ${name} in that ` +
      'shape',
    { node: path, name, shape, expected },
  );
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

function checkCounts(
  path: string,
  type: string,
  name: string,
  { length, least = Number.MIN_SAFE_INTEGER }: CountsMember,
  value: unknown,
): void {
  const list = length === 1 && !Array.isArray(value) ? [value] : value;
  const given = Array.isArray(list) ? list.length : 0;
  const expected = length === 'any' ? given || 1 : length;
  if (
    !Array.isArray(list) ||
    given !== expected ||
    list.some((count) => !Number.isSafeInteger(count) || count < least)
  ) {
    const bound = least > Number.MIN_SAFE_INTEGER ? ` >= ${least}` : '';
    refuse(
      `${nodeText(path, type)} has ${name} ${show(list)}: give ` +
        `${expected} whole number${expected > 1 ? 's' : ''}${bound}`,
      { node: path, name, value: list },
    );
  }
}
