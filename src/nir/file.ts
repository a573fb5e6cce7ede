/**
 * NIR files: HDF5 with a text `version` and a group `node`, the outer graph.
 * A graph has `type` "NIRGraph", `nodes/NAME/...` and `edges` [E, 2] of
 * texts; a node has `type` and its parameters as datasets; `metadata` is a
 * group of either. This is the layout of the Python package `nir` (0.1 to
 * 1.0, github.com/neuromorphs/NIR, nir/serialization.py).
 */

import { FormatError, show } from '../base/errors.ts';
import {
  type FieldsOf,
  flag,
  isFunction,
  maybe,
  Schema,
} from '../base/schema.ts';
import { checkGraph, checkNode, DEEPEST } from './check.ts';
import { FieldReader } from './fields.ts';
import {
  isNirType,
  MEMBERS,
  type NirGraph,
  type NirMetadata,
  type NirNode,
  type NirValue,
  nodeText,
  pathOf,
  type Report,
  refuse,
  soundEdges,
} from './graph.ts';
import { type H5Group, type H5Value, readTree, writeTree } from './hdf5.ts';
import { shapesOf } from './shapes.ts';
import { graphToTree } from './tree.ts';

export interface ReadNirOptions {
  /**
   * What is wrong is an error. Default true. Else, with a warning each,
   * dangling and second edges and unknown members are dropped, single values
   * are taken for all neurons, and shapes may disagree or be unknown.
   */
  readonly strict?: boolean;
  /** Takes what was assumed or dropped, one line each. */
  readonly onWarning?: (text: string) => void;
}

export interface NirFile {
  readonly graph: NirGraph;
  /** Version of the package that wrote the file; null if it does not say. */
  readonly version: string | null;
}

/** Version of the layout that is written. */
const VERSION = '1.0';

const readOptions = new Schema('readNir', {
  strict: flag({ default: true }),
  onWarning: maybe('a function', isFunction),
} satisfies FieldsOf<ReadNirOptions>);

interface Reading {
  /** What strict reading refuses. */
  readonly report: Report;
  /** What the format leaves open. */
  readonly warn: (text: string) => void;
  readonly strict: boolean;
}

/**
 * Reads a NIR file. Numbers are exact: float32 data stays Float32Array, all
 * else is Float64Array; whole numbers beyond 2^53 are refused. Throws
 * FormatError, which names the node, and OptionError.
 */
export async function readNir(
  bytes: Uint8Array,
  options: ReadNirOptions = {},
): Promise<NirFile> {
  const own = readOptions.read(options);
  if (!(bytes instanceof Uint8Array)) {
    throw new FormatError(
      `NIR file is ${show(bytes)}: pass the bytes as a Uint8Array`,
      { value: bytes },
    );
  }
  const { strict, onWarning = () => undefined } = own;
  const reading: Reading = {
    strict,
    warn: onWarning,
    report: strict ? refuse : (text) => onWarning(text),
  };
  const root = await readTree(bytes);
  const parts = new Map(root.members);
  for (const name of parts.keys()) {
    if (name !== 'version' && name !== 'node') {
      onWarning(`NIR file holds ${show(name)} beside "node": it was not read`);
    }
  }
  const node = parts.get('node');
  if (node?.kind !== 'group') {
    throw new FormatError(
      `NIR file has no group "node" but ${show([...parts.keys()])}: is it ` +
        'another kind of HDF5 file?',
      { members: [...parts.keys()] },
    );
  }
  const version = new FieldReader('', undefined, root).textOr('version', null);
  if (version === null) {
    onWarning('NIR file has no version: read as if it were of today');
  }
  const graph = readNode(node, '', 0, reading);
  if (graph.type !== 'NIRGraph') {
    throw new FormatError(
      `NIR file holds a single ${graph.type}, not a graph: put it between ` +
        'an Input and an Output in a NIRGraph',
      { type: graph.type },
    );
  }
  shapesOf(graph, reading.report);
  const { type: _, ...rest } = graph;
  return { graph: rest, version };
}

/**
 * Writes a graph as the bytes of a NIR file: Float32Array as float32, other
 * parameters as float64, whole numbers as int64. Throws FormatError for a
 * graph that strict reading would refuse.
 */
export async function writeNir(graph: NirGraph): Promise<Uint8Array> {
  checkGraph(graph);
  return await writeTree(graphToTree(graph, VERSION));
}

function readNode(
  group: H5Group,
  path: string,
  depth: number,
  reading: Reading,
): NirNode {
  const { report, warn } = reading;
  const type = new FieldReader(path, undefined, group).text('type');
  if (!isNirType(type)) {
    throw new FormatError(
      `${nodeText(path)} has type ${show(type)}, which is unknown: known are ` +
        Object.keys(MEMBERS).join(', '),
      { node: path, type },
    );
  }
  for (const [name] of group.members) {
    if (['type', 'metadata', ...MEMBERS[type]!].includes(name)) continue;
    // Older versions wrote down what follows from the parameters.
    if (name === 'input_type' || name === 'output_type') continue;
    report(
      `${nodeText(path, type)} has an unknown member ${show(name)}: known are ` +
        MEMBERS[type]!.join(', '),
      { node: path, name },
    );
  }
  if (group.attributes.length > 0) {
    warn(
      `${nodeText(path, type)} has HDF5 attributes ` +
        `${show(group.attributes)}: they were not read`,
    );
  }
  const fields = new FieldReader(path, type, group);
  const metadata = readMetadata(group, path, warn);
  const node = {
    type,
    ...(type === 'NIRGraph'
      ? readGraph(fields, path, depth, reading)
      : fields.node(reading.strict, warn)),
    ...(metadata ? { metadata } : {}),
  } as NirNode;
  if (node.type !== 'NIRGraph') checkNode(path, node);
  return node;
}

function readGraph(
  fields: FieldReader,
  path: string,
  depth: number,
  reading: Reading,
): NirGraph {
  if (depth > DEEPEST) {
    throw new FormatError(
      `${nodeText(path)} is nested more than ${DEEPEST} deep: is the file ` +
        'damaged?',
      { node: path },
    );
  }
  const nodes = new Map<string, NirNode>();
  for (const [name, member] of fields.group('nodes').members) {
    const inside = pathOf(path, name);
    if (member.kind !== 'group') {
      throw new FormatError(
        `${nodeText(inside)} is ${kindText(member)}, not a group: is the ` +
          'file damaged?',
        { node: inside },
      );
    }
    nodes.set(name, readNode(member, inside, depth + 1, reading));
  }
  const edges = fields.pairs('edges');
  return { nodes, edges: soundEdges({ nodes, edges }, path, reading.report) };
}

function readMetadata(
  group: H5Group,
  path: string,
  warn: (text: string) => void,
): NirMetadata | undefined {
  const member = group.members.find(([name]) => name === 'metadata')?.[1];
  if (!member) return undefined;
  if (member.kind === 'group') return metadataOf(member, path, warn);
  warn(`${nodeText(path)} has metadata that is no group: it was not read`);
  return undefined;
}

function metadataOf(
  group: H5Group,
  path: string,
  warn: (text: string) => void,
): NirMetadata {
  const metadata = new Map<string, NirValue>();
  for (const [name, value] of group.members) {
    if (value.kind === 'group') {
      metadata.set(name, metadataOf(value, path, warn));
    } else if (value.kind === 'other') {
      warn(
        `${nodeText(path)} has metadata ${show(name)} that is ` +
          `${kindText(value)}: it was not read`,
      );
    } else if (value.kind === 'numbers') {
      const { shape, values } = value;
      metadata.set(
        name,
        shape.length === 0 ? values[0]! : { shape, data: values },
      );
    } else {
      const { shape, values } = value;
      if (shape.length > 1) {
        warn(
          `${nodeText(path)} has metadata ${show(name)} of texts with ` +
            `${shape.length} axes: they were read as one list`,
        );
      }
      metadata.set(name, shape.length === 0 ? values[0]! : values);
    }
  }
  return metadata;
}

function kindText(value: H5Value): string {
  if (value.kind === 'other') return value.what;
  if (value.kind === 'group') return 'a group';
  return value.kind;
}
