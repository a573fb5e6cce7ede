/** The suite: which sections there are, and how those that are wanted run. */

import { messageOf, OptionError } from '../src/base/errors.ts';
import { table } from '../src/figures/circuit-text.ts';
import { conditionsOf, type Kept, type KeptCase, keptCase } from './results.ts';
import type { Case, Section, Table } from './section.ts';
import { coldStart } from './sections/cold-start.ts';
import { kernels } from './sections/kernels.ts';
import { memory } from './sections/memory.ts';
import { networks } from './sections/networks.ts';
import { peers } from './sections/peers.ts';
import { scaling } from './sections/scaling.ts';
import { scheduler } from './sections/scheduler.ts';
import { steps } from './sections/steps.ts';
import type { Setting } from './setting.ts';

export const sections: readonly Section[] = [
  kernels,
  steps,
  peers,
  scheduler,
  scaling,
  memory,
  coldStart,
  networks,
];

/** Cases of a section that are to be run. */
export interface Selected {
  readonly section: Section;
  readonly cases: readonly Case[];
  /** Whether that is all of it. */
  readonly whole: boolean;
}

/**
 * What `--only` names: `section`, `section/part of a case's name`, or a part
 * of a case's name, comma between. Under --quick, slow cases are left out
 * unless their names were given. Throws OptionError for what fits nothing.
 */
export function select(
  all: readonly Section[],
  only: readonly string[],
  quick: boolean,
): Selected[] {
  const unused = new Set(only);
  const wanted = (section: Section, { name, slow }: Case) => {
    const plain = !(quick && slow);
    const fitting = only.filter((entry) => {
      if (entry === section.name) return plain;
      const [first, ...rest] = entry.split('/');
      const part = first === section.name ? rest.join('/') : entry;
      return part !== '' && name.includes(part);
    });
    for (const entry of fitting) unused.delete(entry);
    return only.length === 0 ? plain : fitting.length > 0;
  };
  const chosen = all.map((section): Selected => {
    const cases = section.cases.filter((each) => wanted(section, each));
    return { section, cases, whole: cases.length === section.cases.length };
  });
  if (unused.size > 0) {
    const names = all.map(({ name }) => name).join(', ');
    throw new OptionError(
      `--only ${[...unused].join(',')} names no section and no case: sections ` +
        `are ${names}; --list tells their cases`,
      { only: [...unused] },
    );
  }
  return chosen.filter(({ cases }) => cases.length > 0);
}

export interface Ran {
  readonly kept: Kept;
  /** Tables and what is said of them, as text. */
  readonly text: string;
  /** Cases that failed, or in which something did. */
  readonly failures: number;
}

/** Runs sections one after another; a case that fails does not end the others. */
export async function runSections(
  chosen: readonly Selected[],
  setting: Setting,
): Promise<Ran> {
  const conditions = await conditionsOf(setting);
  const kept: Record<string, Kept[string]> = {};
  const texts: string[] = [];
  let failures = 0;
  for (const { section, cases } of chosen) {
    const { name, question, reading } = section;
    const done: Record<string, KeptCase> = {};
    const tables: Table[] = [];
    for (const each of cases) {
      setting.log(`${name}/${each.name}`);
      const begun = performance.now();
      const outcome = await each.run(setting).catch((error: unknown) => ({
        tables: [],
        failed: [{ name: each.name, error: messageOf(error) }],
      }));
      const seconds = (performance.now() - begun) / 1000;
      done[each.name] = keptCase(outcome, conditions, seconds);
      tables.push(...outcome.tables);
      if (outcome.failed && outcome.failed.length > 0) failures += 1;
    }
    kept[name] = { question, reading, cases: done };
    texts.push(sectionText(section, tables, done));
  }
  return { kept, text: texts.join('\n\n'), failures };
}

/** A section for people: tables of one name and head as one. */
function sectionText(
  { name, question, reading }: Section,
  tables: readonly Table[],
  done: Readonly<Record<string, KeptCase>>,
): string {
  const groups = new Map<string, Table[]>();
  for (const each of tables) {
    const key = JSON.stringify([each.name, each.head]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const notes = new Set(Object.values(done).flatMap(({ notes }) => notes));
  const failed = Object.entries(done).flatMap(([of, { failed }]) =>
    failed.map((each) => `FAILED ${of}, ${each.name}: ${each.error}`),
  );
  return [
    `# ${name}: ${question}`,
    ...(reading ? [reading] : []),
    ...[...groups.values()].map((group) => {
      const cells = group.flatMap((each) => each.cells);
      return cells.length > 0 ? `\n${table(group[0].head, cells)}` : '';
    }),
    ...[...notes].map((note) => `note: ${note}`),
    ...failed,
  ].join('\n');
}
