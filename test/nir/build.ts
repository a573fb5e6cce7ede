/**
 * NIR files made by h5wasm's own calls in the layout of the Python package,
 * not by the writer under test.
 */

import type { File, Group } from 'h5wasm';

export type Content =
  | string
  | number
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | { readonly shape: number[]; readonly data: Content | string[] }
  | {
      readonly fixed: string[];
      readonly shape: number[];
      readonly size: number;
    }
  | { readonly [name: string]: Content };

export interface FileContent {
  readonly version?: Content;
  readonly node?: Content;
  readonly [name: string]: Content | undefined;
}

let made = 0;

/** The bytes of a file; `finish` may add what a plain tree cannot say. */
export async function build(
  content: FileContent,
  finish: (file: File) => void = () => undefined,
): Promise<Uint8Array> {
  const h5 = await import('h5wasm');
  const { FS } = (await h5.ready) as unknown as {
    FS: {
      readFile(name: string): Uint8Array;
      unlink(name: string): void;
    };
  };
  made += 1;
  const name = `/built-${made}`;
  const file = new h5.File(name, 'w');
  fill(file, content as { [name: string]: Content });
  finish(file);
  file.close();
  const bytes = FS.readFile(name).slice();
  FS.unlink(name);
  return bytes;
}

export function fill(group: Group, content: { [name: string]: Content }): void {
  for (const [name, value] of Object.entries(content)) {
    if (typeof value === 'string') {
      group.create_dataset({ name, data: value, shape: [], dtype: 'S' });
    } else if (typeof value === 'number') {
      // As Python writes its int and float.
      const whole = Number.isInteger(value);
      const data = whole
        ? BigInt64Array.of(BigInt(value))
        : Float64Array.of(value);
      group.create_dataset({ name, data, shape: [] });
    } else if (ArrayBuffer.isView(value)) {
      group.create_dataset({ name, data: value });
    } else if ('fixed' in value && Array.isArray(value.fixed)) {
      const { fixed, shape, size } = value as {
        fixed: string[];
        shape: number[];
        size: number;
      };
      group.create_dataset({ name, data: fixed, shape, dtype: `S${size}` });
    } else if ('shape' in value && Array.isArray(value.shape)) {
      const { shape, data } = value as { shape: number[]; data: Float64Array };
      const dtype = Array.isArray(data) ? 'S' : undefined;
      group.create_dataset({ name, data, shape, dtype });
    } else {
      fill(group.create_group(name), value as { [name: string]: Content });
    }
  }
}

export const f8 = (...values: number[]) => Float64Array.from(values);
export const f4 = (...values: number[]) => Float32Array.from(values);
export const i8 = (...values: number[]) =>
  BigInt64Array.from(values.map(BigInt));

export function edges(...pairs: [string, string][]): Content {
  return { shape: [pairs.length, 2], data: pairs.flat() };
}

export const lif = {
  type: 'LIF',
  tau: f8(0.01, 0.02, 0.03),
  r: f8(1, 2, 3),
  v_leak: f8(0, 0.5, 0),
  v_threshold: f8(1, 1, 2),
  v_reset: f8(-1, 0, 0.25),
} as const;

/** Input [3], a node, Output [3]: a chain. */
export function chain(
  node: { [name: string]: Content },
  more: { [name: string]: Content } = {},
): FileContent {
  return {
    version: '1.0.6',
    node: {
      type: 'NIRGraph',
      nodes: {
        in: { type: 'Input', shape: i8(3) },
        node,
        out: { type: 'Output', shape: i8(3) },
      },
      edges: edges(['in', 'node'], ['node', 'out']),
      ...more,
    },
  };
}
