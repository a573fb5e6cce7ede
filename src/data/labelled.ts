import { sizeOf } from '../base/tensor.ts';
import type { Tuple } from '../base/tuple.ts';
import type { Idx } from '../formats/idx.ts';
import { malformed } from '../formats/malformed.ts';

/** Of one image: rows and columns if grey, channels before them if not. */
export type ImageShape =
  | readonly [rows: number, columns: number]
  | readonly [channels: number, rows: number, columns: number];

/** Rows and columns of the MNIST family. */
export const IMAGE_SHAPE: readonly [number, number] = [28, 28];

/** Pixels of one image of the MNIST family. */
export const PIXELS = IMAGE_SHAPE[0] * IMAGE_SHAPE[1];

/** Red, green and blue, rows and columns of the CIFAR family. */
export const COLOUR_SHAPE: readonly [number, number, number] = [3, 32, 32];

/** Images with a class each. */
export interface LabelledImages {
  /**
   * count x shape bytes, row-major: one channel after the other, and in a
   * grey image 0 is background and 255 is ink.
   */
  readonly images: Uint8Array;
  /** count bytes, the class 0 .. 9 of each image. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly shape: ImageShape;
}

/** Images to learn from and others to test on. */
export interface ImageSets {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/** An IDX array and the name of the file that it was read from. */
export interface NamedIdx extends Idx {
  readonly file: string;
}

/**
 * Joins images and their labels.
 *
 * @param images shape [count, 28, 28]
 * @param labels shape [count], each 0 .. 9
 * @throws FormatError if shapes, counts or labels are others
 */
export function labelled(images: NamedIdx, labels: NamedIdx): LabelledImages {
  const [rows, columns] = IMAGE_SHAPE;
  const [count, height, width] = images.shape as Tuple<number, 3>;
  if (images.shape.length !== 3 || height !== rows || width !== columns) {
    malformed(
      images.file,
      `has shape ${images.shape.join(' x ')}`,
      `images must be count x ${rows} x ${columns}`,
      { shape: images.shape },
    );
  }
  if (labels.shape.length !== 1) {
    malformed(
      labels.file,
      `has shape ${labels.shape.join(' x ')}`,
      'labels must have one axis',
      { shape: labels.shape },
    );
  }
  if (labels.shape[0] !== count) {
    malformed(
      labels.file,
      `holds ${labels.shape[0]} labels but ${images.file} holds ${count} images`,
      'take both from one data set',
      { labels: labels.shape[0], images: count },
    );
  }
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0) {
    malformed(
      labels.file,
      `holds label ${labels.data[wrong]} at index ${wrong}`,
      'labels must be 0 to 9',
      { index: wrong, label: labels.data[wrong] },
    );
  }
  return {
    images: images.data,
    labels: labels.data,
    count,
    shape: IMAGE_SHAPE,
  };
}

/** The first `count` of the images, without a copy. */
export function firstOf(set: LabelledImages, count: number): LabelledImages {
  return {
    images: set.images.subarray(0, count * sizeOf(set.shape)),
    labels: set.labels.subarray(0, count),
    count,
    shape: set.shape,
  };
}
