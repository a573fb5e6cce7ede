/** What a device is given of a kernel: its text, and the uniform block of a call. */

import { mathWgsl } from '../formula/wgsl.ts';
import type { GpuTraits, Kernel, Params } from './kernel.ts';

/** Words of a uniform block; what every adapter binds. */
export const BLOCK_WORDS = 64;

/** Calls of what mathWgsl defines. */
const MATH = /\b(?:pin|\w+_)\(/;

/**
 * The WGSL of a kernel for an adapter: its own text, mathWgsl where it is
 * needed, the struct of its parameters and its bindings. The rest of a uniform
 * block is 0; `params.zero` is one such word, of which mathWgsl makes `pin`.
 */
export function shaderOf(
  { params, gpu }: Kernel,
  traits: GpuTraits,
  file: (name: string) => string,
): string {
  const text = gpu.code(traits, file);
  const fields = Object.entries({ ...params, zero: 'u32' });
  const binding = (access: string, given: string, k: number) => {
    const [name, type = 'f32'] = given.split(': ');
    return `@group(0) @binding(${k}) var<storage, ${access}> ${name}: array<${type}>;`;
  };
  return [
    text,
    MATH.test(text) ? mathWgsl() : '',
    'struct Params {',
    ...fields.map(([name, type]) => `  ${name}: ${type},`),
    '}',
    '@group(0) @binding(0) var<uniform> params: Params;',
    ...gpu.reads.map((name, k) => binding('read', name, k + 1)),
    ...gpu.writes.map((name, k) =>
      binding('read_write', name, gpu.reads.length + k + 1),
    ),
    '',
  ].join('\n');
}

/** The parameters of a call as they lie in its uniform block. */
export function blockOf({ params }: Kernel, values: Params): Uint32Array {
  const names = Object.keys(params);
  const words = new Uint32Array(names.length);
  const floats = new Float32Array(words.buffer);
  names.forEach((name, k) => {
    (params[name] === 'u32' ? words : floats)[k] = values[name]!;
  });
  return words;
}
