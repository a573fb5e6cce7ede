import { NonFiniteError, ShapeError, show } from './errors.ts';

/** Sizes of the axes, row-major (C order). A scalar has shape [1]. */
export type Shape = readonly number[];

/** Number formats of a backend: float64 on the CPU, float32 on both. */
export type DType = 'f32' | 'f64';

export type FloatArray = Float32Array | Float64Array;

/** Values with a shape, row-major. */
export interface Tensor {
  readonly shape: Shape;
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

export function checkFinite(name: string, data: ArrayLike<number>): void {
  for (let i = 0; i < data.length; i++) {
    if (typeof data[i] !== 'number' || !Number.isFinite(data[i])) {
      throw new NonFiniteError(
        `Tensor "${name}" holds ${show(data[i])} at index ${i}: values must be ` +
          'finite numbers',
        { name, index: i, value: data[i] },
      );
    }
  }
}
