/** Named tensors in the format that PyTorch's and JAX's safetensors read. */

import { FormatError, messageOf, OptionError } from '../base/errors.ts';
import { sizeOf } from '../base/tensor.ts';

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

export type NamedTensors = ReadonlyMap<string, NamedTensor>;

const FORMATS = { F32: Float32Array, F64: Float64Array } as const;
/** A header longer than this is no header. */
const LONGEST_HEADER = 100_000_000;

/** Safetensors: header length (u64), header (JSON), values, all in order. */
export function encodeSafetensors(tensors: NamedTensors): Uint8Array {
  const header = new Map<string, unknown>();
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === '__metadata__') {
      throw new OptionError(
        'A tensor cannot be named "__metadata__", which the format keeps: ' +
          'rename it',
        { name },
      );
    }
    const start = end;
    end += data.byteLength;
    const dtype = data instanceof Float64Array ? 'F64' : 'F32';
    header.set(name, { dtype, shape, data_offsets: [start, end] });
  }
  // fromEntries, because an assignment to `__proto__` would set no entry.
  const text = JSON.stringify(Object.fromEntries(header));
  const head = new TextEncoder().encode(text);
  // Blanks at the end of the header put the values on a multiple of 8.
  const length = Math.ceil(head.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + end).fill(0x20, 8, 8 + length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  bytes.set(head, 8);
  let at = 8 + length;
  for (const { data } of tensors.values()) {
    const wide = data instanceof Float64Array;
    data.forEach((value) => {
      if (wide) view.setFloat64(at, value, true);
      else view.setFloat32(at, value, true);
      at += wide ? 8 : 4;
    });
  }
  return bytes;
}

export function decodeSafetensors(
  bytes: Uint8Array,
  source = 'weights',
): NamedTensors {
  const fail = (fact: string): never => {
    throw new FormatError(
      `${source} is no complete safetensors file: ${fact}`,
      { source },
    );
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > LONGEST_HEADER || 8 + length > bytes.length) {
    fail(`its header would have ${length} bytes of ${bytes.length}`);
  }
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true });
    header = JSON.parse(text.decode(bytes.subarray(8, 8 + length)));
  } catch (error) {
    fail(`its header is not JSON (${messageOf(error)})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    return fail('its header is no object');
  }
  const start = 8 + length;
  const tensors = new Map<string, NamedTensor>();
  let used = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = (entry ?? {}) as Record<string, unknown>;
    const make = FORMATS[dtype as keyof typeof FORMATS];
    const whole = (list: unknown): list is number[] =>
      Array.isArray(list) && list.every((n) => Number.isInteger(n) && n >= 0);
    if (!make || !whole(shape) || !whole(offsets) || offsets.length !== 2) {
      return fail(`tensor "${name}" has no known dtype, shape and offsets`);
    }
    const [from, to] = offsets as [number, number];
    const size = sizeOf(shape);
    const fits = start + to <= bytes.length && from <= to;
    if (!fits || to - from !== size * make.BYTES_PER_ELEMENT) {
      return fail(`tensor "${name}" does not fit its offsets`);
    }
    const data = new make(
      Uint8Array.from(bytes.subarray(start + from, start + to)).buffer,
    );
    tensors.set(name, { shape, data });
    used = Math.max(used, to);
  }
  if (start + used !== bytes.length) fail('values are missing or too many');
  return tensors;
}
