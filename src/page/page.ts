/**
 * The report: one HTML page with every experiment of a run, which needs no
 * network, no script and no other file.
 */

import type { Figure } from '../figures/figure.ts';
import { numberText } from '../figures/scale.ts';
import { escaped } from '../figures/svg.ts';
import {
  figureMarkup,
  prose,
  statements,
  type Table,
  tableMarkup,
} from './page-parts.ts';
import { STYLE } from './page-style.ts';

/** An experiment as it is told. */
export interface Entry {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly about: readonly string[];
  /** What the paper shows, and what differs. */
  readonly paper: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string;
    readonly help: string;
    readonly from: 'paper' | 'chosen';
  }[];
  readonly sections: readonly Table[];
  readonly pictures: readonly (Figure & { readonly svg: string })[];
  readonly lines: readonly string[];
  readonly holds: boolean;
  readonly seeds: readonly number[];
  readonly device: string;
  /** Plain rows: those with `expected` and `measured` are set side by side. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
}

/** Most rows of expected and measured that a page shows of an experiment. */
const MOST_ROWS = 12;

/** The page, as text. The same entries give the same text. */
export function reportPage(
  entries: readonly Entry[],
  { version }: { version: string },
): string {
  const ids = idsOf(entries);
  const kept = entries.filter(({ holds }) => holds).length;
  const title = `Experiments of isochron ${version}`;
  return `${[
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // What the page must not do, its reader's browser does not let it.
    '<meta http-equiv="Content-Security-Policy" ' +
      `content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<header>',
    `<h1>${escaped(title)}</h1>`,
    '<p>Tables and figures of the papers on predictive coding, measured ' +
      `again. Nothing that theory foretells came out otherwise in ${kept} of ` +
      `${entries.length}; what a paper claims beside that, each tells for itself.</p>`,
    '</header>',
    contents(entries, ids),
    '<main>',
    ...entries.map((entry, i) => article(entry, ids[i]!)),
    '</main>',
    `<footer><p>Made by isochron ${escaped(version)}.</p></footer>`,
    '</body>',
    '</html>',
  ].join('\n')}\n`;
}

/** An id of its own for each entry, after its name. */
function idsOf(entries: readonly Entry[]): string[] {
  const used = new Set<string>();
  return entries.map(({ name }) => {
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    let id = slug.replace(/^-+|-+$/g, '') || 'experiment';
    for (let n = 2; used.has(id); n++) id = `${slug}-${n}`;
    used.add(id);
    return id;
  });
}

function contents(entries: readonly Entry[], ids: readonly string[]): string {
  const items = entries.map(
    ({ title, source, holds }, i) =>
      `<li><a href="#${ids[i]}">${escaped(title)}</a><br>` +
      `<small>${escaped(source)}</small> ${verdict(holds)}</li>`,
  );
  return [
    '<nav aria-labelledby="contents-title">',
    '<h2 id="contents-title">Contents</h2>',
    `<ol>\n${items.join('\n')}\n</ol>`,
    '</nav>',
  ].join('\n');
}

/** A sign, and the same in words. */
function verdict(holds: boolean): string {
  return holds
    ? '<span class="holds">\u2713 nothing against the theory</span>'
    : '<span class="fails">\u2717 AGAINST the theory</span>';
}

function article(entry: Entry, id: string): string {
  const { title, source, about, paper, lines, holds, pictures } = entry;
  const checks = checksOf(entry);
  const section = (name: string, ...parts: readonly string[]) => {
    const inside = parts.filter((part) => part !== '');
    return inside.length > 0 ? [`<h3>${name}</h3>`, ...inside] : [];
  };
  return [
    `<article id="${id}" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${escaped(title)}</h2>`,
    `<p class="source">${escaped(source)}</p>`,
    `<p>${verdict(holds)}</p>`,
    ...section('What is measured', prose(about)),
    ...section('What the paper shows, and what differs here', prose(paper)),
    ...section('What came out', statements(lines)),
    ...section(
      'Pictures',
      ...pictures.map((picture, i) =>
        figureMarkup(picture, `${id}-picture-${i + 1}-`),
      ),
    ),
    ...section('Tables', ...entry.sections.map((each) => tableMarkup(each))),
    ...section('Expected and measured', checks ? tableMarkup(checks) : ''),
    ...section('Parameters', parametersOf(entry)),
    ...section('Seeds and device', seedsOf(entry)),
    '</article>',
  ].join('\n');
}

function parametersOf({ parameters }: Entry): string {
  if (parameters.length === 0) return '';
  return tableMarkup(
    {
      title: '',
      head: ['parameter', 'value', 'from', 'what it is'],
      rows: parameters.map(({ name, value, from, help }) => [
        name,
        value,
        from === 'paper' ? 'the paper' : 'chosen by us',
        help,
      ]),
    },
    'parameters',
  );
}

function seedsOf({ name, seeds, device }: Entry): string {
  const told = [
    [seeds.length === 1 ? 'Seed' : 'Seeds', seeds.join(', ')],
    ['Device', device],
    ['Command', `isochron experiment ${name}`],
  ].map(([key, value]) => `<dt>${key}</dt><dd>${escaped(value!)}</dd>`);
  return `<dl>${told.join('')}</dl>`;
}

/** Rows that expect something, those that fail first; null if none does. */
function checksOf({ rows = [] }: Entry): Table | null {
  const checked = rows.filter(
    (row) => row.expected != null && 'measured' in row,
  );
  if (checked.length === 0) return null;
  const failing = checked.filter(({ holds }) => holds === false);
  const passing = checked.filter(({ holds }) => holds !== false);
  const shown = [...failing, ...passing].slice(0, MOST_ROWS);
  const plain = (value: unknown) => value === null || typeof value !== 'object';
  const keys = Object.keys(checked[0]!).filter((key) => {
    if (key === 'expected' || key === 'measured' || key === 'holds')
      return true;
    // What is the same in all rows tells them apart from nothing.
    const values = new Set(checked.map((row) => row[key]));
    return values.size > 1 && [...values].every(plain);
  });
  const cut =
    checked.length > shown.length
      ? `; the first ${shown.length}, the rest is in the CSV file`
      : '';
  return {
    title: `${passing.length} of ${checked.length} as expected${cut}`,
    head: keys,
    rows: shown.map((row) => keys.map((key) => cellText(row[key]))),
  };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'NO';
  if (typeof value !== 'number') return String(value);
  return Number.isFinite(value)
    ? numberText(Number(value.toPrecision(6)))
    : String(value);
}
