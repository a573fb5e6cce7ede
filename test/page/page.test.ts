/**
 * Oracle: the rules of HTML as far as the page relies on them (ids are unique,
 * references find them, headings go down by one), the texts of its entries,
 * and a list of what would need a network or a script.
 */

import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawFigure } from '../../src/figures/drawing.ts';
import type { Figure } from '../../src/figures/figure.ts';
import { withoutCaption } from '../../src/figures/sheet.ts';
import { type Entry, reportPage } from '../../src/page/page.ts';
import { uniqueIds } from '../../src/page/page-parts.ts';
import {
  expectXml,
  HOSTILE,
  readSvg,
  TAMED,
  textsOf,
} from '../figures/read-svg.ts';

const figure: Figure = {
  kind: 'lines',
  name: 'loss',
  title: 'Loss',
  caption: 'Both curves are the same to the bit.',
  lines: [{ name: 'bp', xs: [0, 1, 2], ys: [3, 2, 1] }],
  x: { label: 'epoch' },
  y: { label: 'loss (nats)' },
};

const entry: Entry = {
  name: 'table 1',
  title: 'Divergence of one update',
  source: 'Salvatori 2022, Table 1',
  about: [
    'Each model learns once, and a',
    'divergence is taken:',
    '  a   one',
    '  bc  two',
    'That is all.',
    '',
    'Another paragraph.',
  ],
  paper: ['The paper prints 0.'],
  parameters: [
    { name: 'models', value: 'small', help: 'which ones', from: 'chosen' },
    { name: 'gamma', value: '0.5', help: 'size of steps', from: 'paper' },
  ],
  sections: [
    {
      title: 'Divergence',
      head: ['model', 'weights', 'note'],
      rows: [
        ['mlp', '12', '-'],
        ['cnn', '1.2e-3', 'as in the paper'],
      ],
    },
  ],
  pictures: [],
  lines: ['Zero at one of 48 places,', 'as it must be.', 'The rest differs.'],
  holds: true,
  seeds: [1, 2],
  device: 'cpu, float32',
  rows: [
    { model: 'mlp', kind: 'a', expected: 0, measured: 0, holds: true },
    { model: 'cnn', kind: 'a', expected: 0.5, measured: 0.25, holds: false },
    { model: 'rnn', kind: 'a', expected: null, measured: 1, holds: true },
  ],
};

const pageOf = (entries: readonly Entry[]) =>
  reportPage(entries, { version: '1.2.3' });

function read(html: string) {
  const { document } = parseHTML(html);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const texts = (selector: string) =>
    all(selector).map((node) => (node.textContent ?? '').trim());
  return { document, all, texts };
}

let svg = '';
beforeAll(async () => {
  svg = await drawFigure(figure);
});

describe('the page', () => {
  test('says all of an entry, in its place', () => {
    const pictures = [{ ...figure, svg }];
    const other = { ...entry, name: 'x', title: 'Other', holds: false };
    const page = read(pageOf([{ ...entry, pictures }, other]));
    const { texts, all } = page;
    expect(page.document.documentElement.getAttribute('lang')).toBe('en');
    expect(texts('h1')).toEqual(['Experiments of isochron 1.2.3']);
    expect(texts('article h2')).toEqual([entry.title, 'Other']);
    const article = all('article')[0];
    const said = [...article.querySelectorAll('p')].map((p) => p.textContent);
    expect(said).toContain(
      'Each model learns once, and a divergence is taken:',
    );
    expect(said).toContain('Another paragraph.');
    expect(said).toContain('The paper prints 0.');
    expect(article.querySelector('pre')!.textContent).toBe(
      '  a   one\n  bc  two',
    );
    const conclusions = [...article.querySelectorAll('.conclusions li')];
    expect(conclusions.map((li) => li.textContent)).toEqual([
      'Zero at one of 48 places, as it must be.',
      'The rest differs.',
    ]);
    expect(article.querySelector('figcaption')!.textContent).toBe(
      figure.caption,
    );
    const tables = [...article.querySelectorAll('table')];
    expect(
      tables.map((table) =>
        [...table.querySelectorAll('th[scope="col"]')].map(
          (th) => th.textContent,
        ),
      ),
    ).toEqual([
      ['model', 'weights', 'note'],
      ['model', 'expected', 'measured', 'holds'],
      ['parameter', 'value', 'from', 'what it is'],
    ]);
    const cells = tables.map((table) =>
      [...table.querySelectorAll('tbody tr')].map((tr) =>
        [...tr.children].map((cell) => cell.textContent),
      ),
    );
    expect(cells[0]).toEqual(entry.sections[0].rows);
    // Those that fail come first; those that expect nothing are left out.
    expect(cells[1]).toEqual([
      ['cnn', '0.5', '0.25', 'NO'],
      ['mlp', '0', '0', 'yes'],
    ]);
    expect(cells[2]).toEqual([
      ['models', 'small', 'chosen by us', 'which ones'],
      ['gamma', '0.5', 'the paper', 'size of steps'],
    ]);
    expect(texts('article th[scope="row"]')).toContain('mlp');
    const details = article.querySelector('dl')!.textContent;
    expect(details).toContain('1, 2');
    expect(details).toContain('cpu, float32');
  });

  test('marks what fails in the contents, not by colour alone', () => {
    const failing = { ...entry, name: 'b', holds: false };
    const { texts, all } = read(pageOf([entry, failing]));
    expect(texts('nav .holds')).toEqual(['\u2713 nothing against the theory']);
    expect(texts('nav .fails')).toEqual(['\u2717 AGAINST the theory']);
    expect(texts('header p')[0]).toContain('1 of 2');
    const links = all('nav a').map((a) => a.getAttribute('href')!);
    expect(links.map((href) => href.slice(1))).toEqual(
      all('article').map((article) => article.id),
    );
  });

  test('ids are unique, and references find them', () => {
    const own =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" ' +
      'viewBox="0 0 9 9" aria-labelledby="t d"><title id="t">a</title>' +
      '<desc id="d">b</desc><clipPath id="c"><path d="M0 0"/></clipPath>' +
      '<g clip-path="url(#c)"><use href="#u"/><path id="u" d=""/></g></svg>';
    const pictures = [own, own, svg, svg].map((each) => ({
      ...figure,
      svg: each,
    }));
    const html = pageOf([
      { ...entry, pictures },
      { ...entry, pictures },
      { ...entry, name: '???' },
      { ...entry, name: '???' },
    ]);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(16);
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set(ids);
    const referred = [
      ...[...html.matchAll(/href="#([^"]*)"/g)].map((m) => m[1]),
      ...[...html.matchAll(/url\(#([^)]*)\)/g)].map((m) => m[1]),
      ...[...html.matchAll(/aria-labelledby="([^"]*)"/g)].flatMap((m) =>
        m[1].split(' '),
      ),
    ];
    expect(referred.length).toBeGreaterThan(16);
    expect(referred.filter((id) => !known.has(id))).toEqual([]);
    expectXml(uniqueIds(own, 'p-'));
  });

  test('needs no network, no script, no other file', () => {
    const html = pageOf([{ ...entry, pictures: [{ ...figure, svg }] }]);
    const { all } = read(html);
    const foreign = 'script, link, iframe, object, embed, img, base, form';
    expect(all(foreign)).toEqual([]);
    // What is left of addresses are the names of XML and places on the page.
    const left = html.replaceAll('http://www.w3.org/2000/svg', '');
    expect(left).not.toMatch(/https?:|\/\/[a-z]|@import|src=|url\((?!#)/i);
    for (const [, href] of html.matchAll(/href="([^"]*)"/g)) {
      expect(href).toMatch(/^#/);
    }
    const policy = all('meta[http-equiv="Content-Security-Policy"]')[0];
    expect(policy.getAttribute('content')).toContain("default-src 'none'");
    expect(html).toMatch(/<meta name="viewport" content="width=device-width/);
  });

  test('headings go down one at a time, from one h1', () => {
    const { all } = read(
      pageOf([{ ...entry, pictures: [{ ...figure, svg }] }]),
    );
    const levels = all('h1, h2, h3, h4').map((node) =>
      Number(node.localName[1]),
    );
    expect(levels.filter((own) => own === 1)).toEqual([1]);
    levels.slice(1).forEach((own, i) => {
      expect(own - levels[i]).toBeLessThanOrEqual(1);
    });
  });

  test('hostile words everywhere are words', async () => {
    const hostile: Entry = {
      ...entry,
      name: HOSTILE,
      title: HOSTILE,
      source: HOSTILE,
      about: [HOSTILE, `  ${HOSTILE}`],
      paper: [HOSTILE],
      parameters: [
        { name: HOSTILE, value: HOSTILE, help: HOSTILE, from: 'paper' },
      ],
      sections: [{ title: HOSTILE, head: [HOSTILE], rows: [[HOSTILE]] }],
      pictures: [
        {
          ...figure,
          title: HOSTILE,
          caption: HOSTILE,
          svg: await drawFigure({
            ...figure,
            title: HOSTILE,
            caption: HOSTILE,
          }),
        },
      ],
      lines: [HOSTILE],
      device: HOSTILE,
      rows: [{ expected: HOSTILE, measured: HOSTILE }],
    };
    const html = reportPage([hostile], { version: HOSTILE });
    expect(html).not.toContain('<script');
    expect(html).not.toContain(']]>');
    // Balanced, each attribute quoted: an SVG and its page read as XML.
    const body = html
      .slice(html.indexOf('<body>'))
      .replace('</html>\n', '')
      .replaceAll('<br>', '<br/>');
    expectXml(body);
    const { texts } = read(html);
    expect(texts('article h2')).toEqual([TAMED]);
    expect(texts('tbody th')).toContain(TAMED);
    expect(texts('figcaption')).toEqual([TAMED]);
  });

  test('a sheet without its caption is lower by it, and else the same', () => {
    const bare = withoutCaption(svg);
    const [whole, less] = [readSvg(svg), readSvg(bare)];
    expect(textsOf(whole)).toContain(figure.caption);
    const kept = textsOf(whole).filter((text) => text !== figure.caption);
    expect(textsOf(less)).toEqual(kept);
    const heights = [whole, less].map((each) => [
      Number(each.getAttribute('height')),
      Number(each.getAttribute('viewBox')!.split(' ')[3]),
      Number(each.querySelector('rect')!.getAttribute('height')),
    ]);
    for (const own of heights) expect(new Set(own).size).toBe(1);
    expect(heights[0][0] - heights[1][0]).toBe(22);
    expect(withoutCaption(bare)).toBe(bare);
  });

  test('the same entries, the same page; nothing is a page too', () => {
    expect(pageOf([entry])).toBe(pageOf([entry]));
    const empty: Entry = {
      ...entry,
      ...{ about: [], paper: [], parameters: [], sections: [], lines: [] },
      rows: [],
    };
    const { texts } = read(pageOf([empty]));
    expect(texts('article h3')).toEqual(['Seeds and device']);
    expect(read(pageOf([])).texts('h1')).toHaveLength(1);
  });
});
