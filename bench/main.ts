/**
 * The benchmark suite: `npm run bench -- [OPTIONS]`. Tables go to stdout,
 * progress to stderr, results to bench/results.
 */

import { parseArgs } from 'node:util';
import { IsochronError, messageOf, OptionError } from '../src/base/errors.ts';
import { conditionsOf, keep, packageVersion } from './results.ts';
import { BACKENDS, type BackendsChoice, Setting } from './setting.ts';
import { runSections, sections, select } from './suite.ts';

const HELP = `isochron's benchmarks: npm run bench -- [OPTIONS]

  --only A,B      sections, section/part of a case's name, or parts of names
  --quick         fewer rounds and no slow cases; nothing is saved
  --rounds N      rounds of each comparison at most (25; 5 with --quick); dear
                  ones take part in the first only, in three at least
  --backend NAME  ${BACKENDS.join(', ')} (all: webgpu and cpu in float32)
  --json          one JSON document on stdout; tables go to stderr
  --list          sections and their cases
  --help

Other libraries are measured beside isochron once they are installed:
npm ci --prefix bench. Exit code 1: a case failed; 2: wrong options.`;

function options() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', default: '' },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        backend: { type: 'string', default: 'all' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    const remedy = '--help tells the options';
    throw new OptionError(`${messageOf(error)}: ${remedy}`);
  }
}

function roundsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1) return rounds;
  throw new OptionError(`--rounds ${text}: give a whole number from 1 on`);
}

function backendOf(name: string): BackendsChoice {
  const known = BACKENDS.find((each) => each === name);
  if (known) return known;
  throw new OptionError(
    `--backend ${name} is unknown: there are ${BACKENDS.join(', ')}`,
  );
}

async function main(): Promise<number> {
  const values = options();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.list) {
    for (const { name, question, cases } of sections) {
      console.log(`${name}: ${question}`);
      for (const { name, slow } of cases) {
        console.log(`  ${name}${slow ? ' (not with --quick)' : ''}`);
      }
    }
    return 0;
  }
  const { quick } = values;
  const only = values.only.split(',').flatMap((part) => part.trim() || []);
  const chosen = select(sections, only, quick);
  const begun = performance.now();
  const setting = new Setting({
    quick,
    rounds: roundsOf(values.rounds),
    backend: backendOf(values.backend),
    log: (line) => {
      const seconds = (performance.now() - begun) / 1000;
      console.error(`[${seconds.toFixed(0)} s] ${line}`);
    },
  });
  try {
    // Where webgpu alone is wanted, a missing adapter ends it here.
    await setting.gpu();
    const { cpu, cores, node, adapter } = await conditionsOf(setting);
    const machine = `${cores} x ${cpu}, node ${node}, ${adapter ?? 'no adapter'}`;
    const print = values.json ? console.error : console.log;
    const { kept, text, failures } = await runSections(chosen, setting);
    print(`isochron ${packageVersion()} on ${machine}\n\n${text}`);
    if (!quick) {
      const whole = chosen.filter(({ whole }) => whole);
      const names = new Set(whole.map(({ section }) => section.name));
      console.error(`saved ${keep(kept, names)}`);
    }
    if (values.json) {
      const document = { version: packageVersion(), sections: kept };
      console.log(JSON.stringify(document, null, 2));
    }
    return failures > 0 ? 1 : 0;
  } finally {
    await setting.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof IsochronError ? error.message : error);
  process.exitCode = error instanceof IsochronError ? error.exitCode : 1;
}
