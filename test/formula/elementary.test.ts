/** Oracle: the files. A coefficient that is typed twice can be changed once. */

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { ELEMENTARY } from '../../src/formula/elementary.ts';

const NUMBER = /\d+\.\d+(?:e[+-]?\d+)?/g;

/** Float64 has polynomials of its own. */
const OWN = 'src/formula/wasm/normal64.ts';

/** Coefficients as float32, without 1/2, 1 and 3. */
const numbersIn = (text: string) =>
  [...text.matchAll(NUMBER)]
    .map(([number]) => Math.fround(Number(number)))
    .filter((x) => !Number.isInteger(2 * x));

test('coefficients of the elementary functions stand once in the tree', () => {
  const polynomials = Object.values(ELEMENTARY)
    .flat(2)
    .flatMap((line) => line.match(/horner\([^()]*\)/g) ?? []);
  const known = new Set(polynomials.flatMap(numbersIn));
  expect(known.size).toBe(25);
  const files = ['src', 'kernels'].flatMap((folder) =>
    fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((name) => /\.(?:ts|wgsl)$/.test(name) && name !== OWN),
  );
  const found = files.flatMap((name) =>
    numbersIn(fs.readFileSync(name, 'utf8')).filter((x) => known.has(x)),
  );
  expect(found.sort()).toEqual([...known].sort());
});
