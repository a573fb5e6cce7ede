/**
 * Makes texts.ts of the kernels here, so that builds, tests and bundlers find
 * them as a module and nothing reads files while a simulation runs.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const entries = readdirSync(here)
  .filter((file) => file.endsWith('.wgsl'))
  .sort()
  .map((file) => {
    const text = readFileSync(new URL(file, here), 'utf8');
    return `  ${JSON.stringify(file.slice(0, -5))}: ${JSON.stringify(text)},\n`;
  });
writeFileSync(
  new URL('texts.ts', here),
  '/** The kernels as texts, by name; made by pack.mjs. */\n' +
    'export const texts: Readonly<Record<string, string>> = {\n' +
    `${entries.join('')}};\n`,
);
