/** Hashes of numbers and texts: twelve hexadecimal digits of their SHA-256. */

import { createHash } from 'node:crypto';

/** A hash to which numbers and texts are added one after another. */
export class Digest {
  private readonly hash = createHash('sha256');

  text(...texts: readonly (string | number)[]): this {
    for (const text of texts) this.hash.update(`${text}\n`);
    return this;
  }

  /** Numbers by their bits: 0 and -0 are two, all NaN are one. */
  numbers(values: ArrayLike<number>): this {
    const bits = Float64Array.from(values);
    const missing: number[] = [];
    // A NaN has many bits, and which is up to the engine.
    bits.forEach((value, i) => {
      if (!Number.isNaN(value)) return;
      missing.push(i);
      bits[i] = 0;
    });
    this.hash.update(`${values.length}:${missing}:`);
    this.hash.update(new Uint8Array(bits.buffer));
    return this;
  }

  get hex(): string {
    return this.hash.copy().digest('hex').slice(0, 12);
  }
}

/** Hash of any plain data. */
export const hashOf = (data: unknown) =>
  new Digest().text(JSON.stringify(data, textOf)).hex;

/** What JSON would lose. */
function textOf(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`;
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return value;
}

/** Hash of what is made, or the class of the error that it ends in. */
export async function hashed(make: () => Promise<string>): Promise<string> {
  try {
    return await make();
  } catch (error) {
    const name = (error as Error)?.constructor?.name ?? 'unknown';
    if (!/^[A-Z]\w+Error$/.test(name) || name === 'TypeError') throw error;
    return name;
  }
}
