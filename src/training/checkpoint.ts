/**
 * Saved results: `result.json` (what was run and measured) and
 * `weights.safetensors` (the parameters).
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, messageOf } from '../base/errors.ts';
import { checkTensor } from '../base/tensor.ts';
import { writeAll } from '../formats/folder.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensors,
} from '../formats/safetensors.ts';

/** Writes a result and its weights; returns the path of the result. */
export async function saveResult(
  folder: string,
  result: Readonly<Record<string, unknown>>,
  weights: NamedTensors,
): Promise<string> {
  for (const [name, tensor] of weights) checkTensor(name, tensor);
  const path = join(folder, 'result.json');
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await writeAll([
    [join(folder, 'weights.safetensors'), encodeSafetensors(weights)],
    [path, new TextEncoder().encode(text)],
  ]);
  return path;
}

/** Reads the weights of a saved result. Throws FileError, FormatError. */
export async function readWeights(path: string): Promise<NamedTensors> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new FileError(`${path} cannot be read: ${messageOf(error)}`, {
      path,
    });
  }
  return decodeSafetensors(bytes, path);
}
