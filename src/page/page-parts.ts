/** Parts of the report's page: words, tables, pictures. All text is escaped. */

import type { Figure } from '../figures/figure.ts';
import { withoutCaption } from '../figures/sheet.ts';
import { escaped } from '../figures/svg.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lines as a terminal has them: paragraphs, and what is indented as it is. */
export function prose(lines: readonly string[]): string {
  return blocksOf(lines, () => false)
    .map((block) => (block.indented ? preformatted(block.lines) : words(block)))
    .join('\n');
}

const words = ({ lines }: Block) => `<p>${escaped(lines.join(' '))}</p>`;

/** Lines that each say one thing; one that has no end goes on in the next. */
export function statements(lines: readonly string[]): string {
  const items = blocksOf(lines, (line) => /[.:!?)]$/.test(line)).map((block) =>
    block.indented ? preformatted(block.lines) : escaped(block.lines.join(' ')),
  );
  if (items.length === 0) return '';
  const inside = items.map((item) => `<li>${item}</li>`).join('\n');
  return `<ul class="conclusions">\n${inside}\n</ul>`;
}

interface Block {
  readonly indented: boolean;
  readonly lines: string[];
}

/** Runs of lines of one kind; an empty line, or an end, begins another. */
function blocksOf(
  lines: readonly string[],
  ends: (line: string) => boolean,
): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const line of lines) {
    if (line.trim() === '') {
      open = null;
      continue;
    }
    const indented = /^\s/.test(line);
    if (open === null || open.indented !== indented) {
      open = { indented, lines: [] };
      blocks.push(open);
    }
    open.lines.push(indented ? line.trimEnd() : line.trim());
    if (!indented && ends(line.trim())) open = null;
  }
  return blocks;
}

const preformatted = (lines: readonly string[]) =>
  scroll('Preformatted text', `<pre>${escaped(lines.join('\n'))}</pre>`);

/** A box that scrolls by itself, for the keyboard too. */
function scroll(name: string, inside: string): string {
  const label = escaped(name);
  return (
    `<div class="scroll" role="region" aria-label="${label}" tabindex="0">` +
    `${inside}</div>`
  );
}

const NUMBER = /^[-\u2212+~<>]?(\d[\d.,]*|\.\d+)(e[-\u2212+]?\d+)?( ?%)?$/i;
/** Cells that stand for a number that is not there. */
const BLANK = /^(-|\u2212|)$/;

/** A table whose first column names the rows; columns of numbers at the right. */
export function tableMarkup({ title, head, rows }: Table, kind = ''): string {
  const numeric = head.map((_, i) => {
    const cells = rows.map((row) => row[i] ?? '');
    return (
      cells.some((cell) => NUMBER.test(cell)) &&
      cells.every((cell) => NUMBER.test(cell) || BLANK.test(cell))
    );
  });
  const style = (i: number) => (numeric[i] ? ' class="number"' : '');
  const top = head.map(
    (cell, i) => `<th scope="col"${style(i)}>${escaped(cell)}</th>`,
  );
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0
        ? `<th scope="row"${style(i)}>${escaped(cell)}</th>`
        : `<td${style(i)}>${escaped(cell)}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const caption = title === '' ? '' : `<caption>${escaped(title)}</caption>`;
  return scroll(
    title === '' ? 'Table' : title,
    `<table${kind === '' ? '' : ` class="${kind}"`}>${caption}` +
      `<thead><tr>${top.join('')}</tr></thead>\n` +
      `<tbody>\n${body.join('\n')}\n</tbody></table>`,
  );
}

/** Least width of a picture on a screen, as a share of its own. */
const SHRINK = 0.72;

/** A picture on its sheet, with its caption as text under it. */
export function figureMarkup(
  picture: Figure & { readonly svg: string },
  prefix: string,
): string {
  const svg = uniqueIds(withoutCaption(bare(picture.svg)), prefix);
  const width = Number(/<svg [^>]*?width="([\d.]+)"/.exec(svg)?.[1] ?? 0);
  const least = Math.round(width * SHRINK);
  const sized = svg.replace('<svg ', `<svg style="min-width:${least}px" `);
  const name = escaped(picture.title);
  const caption =
    picture.caption === ''
      ? ''
      : `<figcaption>${escaped(picture.caption)}</figcaption>`;
  return (
    `<figure>\n<div class="sheet" role="region" aria-label="${name}" ` +
    `tabindex="0">${sized.trim()}</div>\n${caption}</figure>`
  );
}

/** Without the prolog of a document of its own. */
const bare = (svg: string) => svg.slice(Math.max(0, svg.indexOf('<svg')));

/** Every id, and what refers to it, begins with the prefix. */
export function uniqueIds(svg: string, prefix: string): string {
  return svg
    .replace(/(<[^<>]*\s)id="([^"]*)"/g, `$1id="${prefix}$2"`)
    .replace(/((?:xlink:)?href)="#([^"]*)"/g, `$1="#${prefix}$2"`)
    .replace(/url\((&quot;|&#39;|)#/g, `url($1#${prefix}`)
    .replace(
      /(aria-(?:labelledby|describedby))="([^"]*)"/g,
      (_, name: string, ids: string) => {
        const all = ids.split(/\s+/).filter((id) => id !== '');
        return `${name}="${all.map((id) => prefix + id).join(' ')}"`;
      },
    );
}
