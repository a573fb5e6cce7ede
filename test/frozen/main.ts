/**
 * The frozen picture of behaviour: hashes of what isochron computes, held to
 * those in test/frozen/picture.json.
 *
 *     npm run -s frozen                       compares all sections
 *     npm run -s frozen -- --section learn    one of them (may be repeated)
 *     npm run -s frozen -- --only 'mlp, zil'  cases whose key has this text
 *     npm run -s frozen -- --write            writes what was made
 *
 * Sections: learn, networks, programs, rows. The rows, and the circuit jeffress,
 * were made with ISOCHRON_DATA set to a folder of all data. Ends with 1 where
 * anything differs, is missing or is new. Keys with f64, the circuits and the
 * experiments in float64 among the rows depend on the version of node that the
 * picture names; all others are the same everywhere.
 */

import path from 'node:path';
import { parseArgs } from 'node:util';
import { closeBackends } from './adapter.ts';
import { learnCases } from './learn.ts';
import { networkCases } from './networks.ts';
import {
  type Case,
  compared,
  hashesOf,
  readPicture,
  writePicture,
} from './picture.ts';
import { programCases } from './programs.ts';
import { rowCases } from './rows.ts';

const SECTIONS: Readonly<Record<string, () => Case[] | Promise<Case[]>>> = {
  learn: learnCases,
  networks: networkCases,
  programs: programCases,
  rows: rowCases,
};

const FILE = path.resolve('test/frozen/picture.json');

const { values } = parseArgs({
  options: {
    section: { type: 'string', multiple: true },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

if (!process.env['ISOCHRON_DATA']) {
  console.error('ISOCHRON_DATA is not set: rows and jeffress will differ');
}
const picture = readPicture(FILE);
const chosen = values.section ?? Object.keys(SECTIONS);
let equal = 0;
const wrong: string[] = [];
for (const name of chosen) {
  const make = SECTIONS[name];
  if (!make) throw new Error(`No section ${name}: ${Object.keys(SECTIONS)}`);
  const cases = (await make()).filter(({ key }) => key.includes(values.only));
  const begun = performance.now();
  const made = await hashesOf(cases, progress(name, cases.length));
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.error(`${name}: ${cases.length} cases in ${seconds} s`);
  const known = Object.entries(picture[name] ?? {}).filter(([key]) =>
    key.includes(values.only),
  );
  const { equal: same, ...other } = compared(Object.fromEntries(known), made);
  equal += same;
  for (const [how, keys] of Object.entries(other)) {
    for (const key of keys) wrong.push(`${how}: ${name}: ${key}`);
  }
  if (values.write) {
    // Only what was asked for is replaced.
    picture[name] = values.only ? { ...picture[name], ...made } : made;
  }
}
await closeBackends();
const node = process.version;
if (values.write) {
  const data = process.env['ISOCHRON_DATA'] ? 'all' : 'none';
  const about = { of: '0.4.0', node, ISOCHRON_DATA: data };
  writePicture(FILE, { ...picture, about });
}
for (const line of wrong) console.log(line);
const were = picture.about?.node;
if (wrong.length > 0 && were && were !== node) {
  console.log(`f64 is of node ${were}, and this is ${node}`);
}
const missing = wrong.filter((line) => !line.startsWith('differ')).length;
console.log(
  `${equal} equal, ${wrong.length - missing} differ, ${missing} missing or new`,
);
process.exitCode = wrong.length > 0 && !values.write ? 1 : 0;

/** Tells on a terminal where the work is. */
function progress(section: string, count: number) {
  return (key: string, n: number) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${section} ${n + 1}/${count} ${key}`);
    if (n + 1 === count) process.stderr.write('\r\x1b[K');
  };
}
