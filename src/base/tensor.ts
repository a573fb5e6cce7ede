import { NonFiniteError, ShapeError, show } from './errors.ts';

/** Sizes of the axes, row-major (C order). A scalar has shape [1]. */
export type Shape = readonly number[];

/** Number formats of a backend: float64 on the CPU, float32 on both. */
export type DType = 'f32' | 'f64';

/** Most elements of a tensor: kernels count in 32 bits. */
const MOST_ELEMENTS = 2 ** 31 - 1;

export type FloatArray = Float32Array | Float64Array;

/** Values with a shape, row-major. */
export interface Tensor {
  /** Sizes of the axes; [1] for a scalar. */
  readonly shape: Shape;
  /** As many numbers as the shape has elements. */
  readonly data: ArrayLike<number>;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function floatArray(dtype: DType, size: number): FloatArray {
  return dtype === 'f64' ? new Float64Array(size) : new Float32Array(size);
}

/** Checks that a tensor has as many finite numbers as its shape says. */
export function checkTensor(name: string, tensor: Tensor): void {
  checkShape(name, tensor.shape);
  const expected = sizeOf(tensor.shape);
  if (tensor.data.length !== expected) {
    throw new ShapeError(
      `Tensor "${name}" of shape ${shapeText(tensor.shape)} needs ${expected} ` +
        `numbers but has ${tensor.data.length}: pass data in row-major order`,
      { name, shape: tensor.shape, length: tensor.data.length },
    );
  }
  checkFinite(name, tensor.data);
}

export function checkShape(name: string, shape: Shape): void {
  checkAxes(name, shape);
  if (sizeOf(shape) > MOST_ELEMENTS) {
    throw new ShapeError(
      `Tensor "${name}" of shape ${shapeText(shape)} has more than ` +
        `${MOST_ELEMENTS} elements: use smaller layers or batches`,
      { name, shape },
    );
  }
}

function checkAxes(name: string, shape: Shape): void {
  if (
    !Array.isArray(shape) ||
    shape.length === 0 ||
    shape.some((axis) => !Number.isInteger(axis) || axis < 1)
  ) {
    throw new ShapeError(
      `Tensor "${name}" has shape ${JSON.stringify(shape)}: a shape is a ` +
        'list of whole numbers >= 1, [1] for a scalar',
      { name, shape },
    );
  }
}

/** Checks that all numbers are finite, in float32 too where that is used. */
export function checkFinite(
  name: string,
  data: ArrayLike<number>,
  dtype: DType = 'f64',
): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new NonFiniteError(
        `Tensor "${name}" holds ${show(value)} at index ${i}: values must be ` +
          'finite numbers',
        { name, index: i, value },
      );
    }
    if (dtype === 'f32' && !Number.isFinite(Math.fround(value))) {
      throw new NonFiniteError(
        `Tensor "${name}" holds ${value} at index ${i}, which is beyond ` +
          'float32: use dtype f64 or smaller values',
        { name, index: i, value },
      );
    }
  }
}
