/** Reads the members of one NIR node from its group, each in its own type. */

import { FormatError, show } from '../base/errors.ts';
import { type Shape, shapeText, sizeOf, type Tensor } from '../base/tensor.ts';
import {
  type CountsMember,
  ELEMENTWISE,
  nodeText,
  PARAMETERS,
  shapeLike,
  type TensorMember,
} from './graph.ts';
import type { H5Group, H5Value } from './hdf5.ts';

type Fields = Record<string, unknown>;

export class FieldReader {
  readonly #path: string;
  readonly #type: string | undefined;
  readonly #members: ReadonlyMap<string, H5Value>;

  constructor(path: string, type: string | undefined, group: H5Group) {
    this.#path = path;
    this.#type = type;
    this.#members = new Map(group.members);
  }

  /** All parameters of a node that is no graph. */
  node(strict: boolean, warn: (text: string) => void): Fields {
    const type = this.#type ?? '';
    if (ELEMENTWISE[type]) return this.#elementwise(strict, warn);
    const fields: Fields = {};
    for (const [name, member] of Object.entries(PARAMETERS[type]!)) {
      if (member.kind === 'counts') {
        fields[name] = this.#numbers(name, member, warn);
        continue;
      }
      const shape = shapeLike(member, fields);
      fields[name] = shape
        ? this.#spread(name, shape, strict, warn)
        : this.tensor(name);
    }
    return fields;
  }

  text(name: string): string {
    const text = this.textOr(name, null);
    return text ?? this.#missing(name);
  }

  textOr<T>(name: string, otherwise: T): string | T {
    const value = this.#members.get(name);
    if (!value) return otherwise;
    if (value.kind !== 'text' || value.values.length !== 1) {
      return this.#wrong(name, value, 'one text');
    }
    return value.values[0]!;
  }

  group(name: string): H5Group {
    const value = this.#members.get(name) ?? this.#missing(name);
    return value.kind === 'group' ? value : this.#wrong(name, value, 'a group');
  }

  /** A list of pairs of texts; without pairs any empty dataset. */
  pairs(name: string): [string, string][] {
    const value = this.#members.get(name) ?? this.#missing(name);
    if ('shape' in value && value.shape[0] === 0) return [];
    if (
      value.kind !== 'text' ||
      value.shape.length !== 2 ||
      value.shape[1] !== 2
    ) {
      return this.#wrong(name, value, 'texts of shape [E, 2]');
    }
    const { values } = value;
    return Array.from({ length: value.shape[0]! }, (_, i) => [
      values[2 * i]!,
      values[2 * i + 1]!,
    ]);
  }

  tensor(name: string): Tensor {
    const value = this.#members.get(name) ?? this.#missing(name);
    if (value.kind !== 'numbers') return this.#wrong(name, value, 'numbers');
    const shape = value.shape.length === 0 ? [1] : value.shape;
    return { shape, data: value.values };
  }

  #elementwise(strict: boolean, warn: (text: string) => void): Fields {
    const type = this.#type ?? '';
    const names = ELEMENTWISE[type]!;
    const present = names.filter((name) => this.#members.has(name));
    const shapes = present.map((name) => this.tensor(name).shape);
    // A single value beside many neurons is for all of them.
    const shape = shapes.find((one) => sizeOf(one) > 1) ?? shapes[0];
    const entries = names.map((name): [string, Tensor] => {
      const { absent: value } = PARAMETERS[type]![name] as TensorMember;
      if (this.#members.has(name) || value === undefined || !shape) {
        // The format itself lets one weight w_in stand for all.
        const single = !strict || name === 'w_in';
        return [name, this.#spread(name, shape ?? [1], !single, warn)];
      }
      this.#assumed(name, value, warn);
      return [name, filled(shape, value, this.tensor(present[0]!).data)];
    });
    return Object.fromEntries(entries);
  }

  #numbers(
    name: string,
    { length, absent, named }: CountsMember,
    warn: (text: string) => void,
  ): unknown {
    const value = this.#members.get(name);
    if (absent !== undefined && !value) {
      if (absent !== null) this.#assumed(name, absent, warn);
      return absent;
    }
    if (named && value?.kind === 'text') return this.text(name);
    if (length === 'any') return this.#counts(name);
    return length === 1 ? this.#count(name) : this.#pair(name);
  }

  /** A tensor; in lenient reading a single value fills the shape. */
  #spread(
    name: string,
    shape: Shape,
    strict: boolean,
    warn: (text: string) => void,
  ): Tensor {
    const tensor = this.tensor(name);
    if (strict || tensor.data.length !== 1 || sizeOf(shape) === 1)
      return tensor;
    warn(
      `${nodeText(this.#path, this.#type)} has a single ${name}, ` +
        `${tensor.data[0]}: taken for all of ${shapeText(shape)}`,
    );
    return filled(shape, tensor.data[0]!, tensor.data);
  }

  #count(name: string): number {
    const list = this.#counts(name);
    return list.length === 1 ? list[0]! : this.#notCounts(name, list, 'one');
  }

  #pair(name: string): [number, number] {
    const list = this.#counts(name);
    if (list.length > 2) return this.#notCounts(name, list, 'two');
    return [list[0]!, list[list.length - 1]!];
  }

  #counts(name: string): number[] {
    const value = this.#members.get(name) ?? this.#missing(name);
    if (value.kind !== 'numbers' || value.shape.length > 1) {
      return this.#wrong(name, value, 'whole numbers');
    }
    const list = Array.from(value.values);
    if (list.length === 0 || !list.every(Number.isSafeInteger)) {
      return this.#notCounts(name, list, 'whole');
    }
    return list;
  }

  #assumed(name: string, value: number, warn: (text: string) => void): void {
    warn(
      `${nodeText(this.#path, this.#type)} has no ${name}, as in older ` +
        `files: taken as ${value}`,
    );
  }

  #missing(name: string): never {
    const names = [...this.#members.keys()];
    throw new FormatError(
      `${nodeText(this.#path, this.#type)} has no "${name}" but ` +
        `${show(names)}: is the file complete?`,
      { node: this.#path, name },
    );
  }

  #wrong(name: string, value: H5Value, expected: string): never {
    const found =
      value.kind === 'other'
        ? value.what
        : value.kind === 'group'
          ? 'a group'
          : `${value.kind} of shape ${shapeText(value.shape)}`;
    throw new FormatError(
      `${nodeText(this.#path, this.#type)} has "${name}" that is ${found}: ` +
        `store ${expected}`,
      { node: this.#path, name, found },
    );
  }

  #notCounts(name: string, list: readonly number[], expected: string): never {
    throw new FormatError(
      `${nodeText(this.#path, this.#type)} has ${name} [${list.join(', ')}]: ` +
        `store ${expected} number${expected === 'one' ? '' : 's'}`,
      { node: this.#path, name, value: list },
    );
  }
}

/** In float32 if the numbers it stands for are. */
function filled(
  shape: Shape,
  value: number,
  like: ArrayLike<number> = [],
): Tensor {
  const array = like instanceof Float32Array ? Float32Array : Float64Array;
  return { shape, data: new array(sizeOf(shape)).fill(value) };
}
