/**
 * Reads a picture back: strictly as XML, then by its elements, its axes by
 * the ticks that a reader sees, and the room that its words take.
 */

import { DOMParser } from 'linkedom';
import { expect } from 'vitest';

export interface Node {
  readonly localName: string;
  readonly textContent: string;
  readonly parentElement: Node | null;
  readonly children: Iterable<Node>;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

/** The grammar of XML 1.0, as far as pictures use it. */
export function expectXml(text: string): void {
  const reference = '&(?:amp|lt|gt|quot|#39);';
  const attribute = `\\s[\\w:-]+="(?:[^<&"]|${reference})*"`;
  const token = new RegExp(
    `<([\\w:]+)((?:${attribute})*)(/?)>|</([\\w:]+)>|((?:[^<&>]|${reference})+)`,
    'gy',
  );
  const open: string[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    end = match.index + match[0].length;
    const names = [...(match[2] ?? '').matchAll(/\s([\w:-]+)=/g)].map(
      (found) => found[1],
    );
    expect(new Set(names).size).toBe(names.length);
    if (match[1] && !match[3]) open.push(match[1]);
    if (match[4]) expect(open.pop()).toBe(match[4]);
  }
  expect(text.slice(end, end + 80)).toBe('');
  expect(open).toEqual([]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are meant.
  expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
}

export function readSvg(text: string): Node {
  expectXml(text);
  const document = new DOMParser().parseFromString(text, 'image/svg+xml');
  const svg = document.documentElement as unknown as Node;
  expect(svg.localName).toBe('svg');
  expect(svg.getAttribute('xmlns')).toBe('http://www.w3.org/2000/svg');
  expect(find(svg, 'title')).toBeDefined();
  expect(find(svg, 'desc')!.textContent.length).toBeGreaterThan(0);
  return svg;
}

export function findAll(svg: Node, selector: string): Node[] {
  return [...svg.querySelectorAll(selector)];
}

export function find(svg: Node, selector: string): Node | undefined {
  return svg.querySelector(selector) ?? undefined;
}

export function numberOf(node: Node, name: string): number {
  return Number(node.getAttribute(name) ?? 0);
}

/** linkedom leaves some references in attributes as they are. */
export function attributeOf(node: Node, name: string): string | undefined {
  const names: Record<string, string> = {
    ...{ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' },
  };
  return node
    .getAttribute(name)
    ?.replace(/&(lt|gt|quot|#39|amp);/g, (_, reference) => names[reference]);
}

export function textsOf(svg: Node): string[] {
  return findAll(svg, 'text').map((node) => node.textContent);
}

function translated(node: Node): [number, number] {
  const found = /translate\(([-\d.]+)[ ,]([-\d.]+)\)/.exec(
    node.getAttribute('transform') ?? '',
  );
  return found ? [Number(found[1]), Number(found[2])] : [0, 0];
}

/** Where a node's own coordinates begin, in those of the picture. */
export function originOf(node: Node): [number, number] {
  let [x, y] = [0, 0];
  for (let at: Node | null = node; at; at = at.parentElement) {
    const [dx, dy] = translated(at);
    x += dx;
    y += dy;
  }
  return [x, y];
}

/** The scale of an axis, from its first and last labelled tick. */
export function axisOf(
  svg: Node,
  axis: 'x' | 'y',
  log = false,
): (value: number) => number {
  const ticks = findAll(svg, `[aria-label="${axis}-axis tick label"] text`).map(
    (node) => {
      const value = Number(
        node.textContent.replaceAll('\u2212', '-').replaceAll(',', ''),
      );
      return {
        value: log ? Math.log10(value) : value,
        at: translated(node)[axis === 'x' ? 0 : 1],
      };
    },
  );
  const a = ticks[0];
  const b = ticks.at(-1)!;
  expect(b.value).not.toBe(a.value);
  return (value) => {
    const place = log ? Math.log10(value) : value;
    return a.at + ((place - a.value) / (b.value - a.value)) * (b.at - a.at);
  };
}

/** Numbers of a path's points: only M, L, Z as lines of data have them. */
export function pointsOf(d: string): [number, number][] {
  return [...d.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
}

/** Widths of Arial (from its metrics), in thousandths: what most readers see. */
function arialWidth(text: string, size: number, bold: boolean): number {
  let sum = 0;
  for (const character of text) {
    if (/[ijl.,:;'| !I]/.test(character)) sum += 278;
    else if (/[fkrt()\-cszxvJy]/.test(character)) sum += 500;
    else if (/[mwMW@%]/.test(character)) sum += 944;
    else if (/[A-Z<>=+]/.test(character)) sum += 722;
    else sum += 556;
  }
  return (sum / 1000) * size * (bold ? 1.08 : 1);
}

/** Every text, box, circle and line lies within the picture. */
export function expectInside(svg: Node): void {
  const [, , width, height] = svg
    .getAttribute('viewBox')!
    .split(' ')
    .map(Number);
  const inside = (what: string, x: number, y: number) => {
    expect(x, what).toBeGreaterThanOrEqual(-0.01);
    expect(x, what).toBeLessThanOrEqual(width + 0.01);
    expect(y, what).toBeGreaterThanOrEqual(-0.01);
    expect(y, what).toBeLessThanOrEqual(height + 0.01);
  };
  for (const node of findAll(svg, 'text')) {
    const inherited = (name: string) => {
      for (let at: Node | null = node; at; at = at.parentElement) {
        const value = at.getAttribute(name);
        if (value) return value;
      }
      return '';
    };
    const size = Number(inherited('font-size'));
    expect(size).toBeGreaterThanOrEqual(11);
    const bold = inherited('font-weight') === 'bold';
    const wide =
      Number(node.getAttribute('textLength')) ||
      arialWidth(node.textContent, size, bold);
    const anchor = inherited('text-anchor');
    const start =
      anchor === 'middle' ? -wide / 2 : anchor === 'end' ? -wide : 0;
    const [x, y] = originOf(node);
    const turned = (node.getAttribute('transform') ?? '').includes('rotate');
    const own = Number.parseFloat(node.getAttribute('y') ?? '0');
    const em = (node.getAttribute('y') ?? '').endsWith('em') ? size : 1;
    const at = [x + numberOf(node, 'x'), y + own * em];
    for (const along of [start, start + wide]) {
      const [dx, dy] = turned ? [0, -along] : [along, 0];
      inside(node.textContent, at[0] + dx, at[1] + dy);
    }
    if (!turned) inside(node.textContent, at[0], at[1] - size * 0.7);
  }
  for (const node of findAll(svg, 'rect')) {
    const [x, y] = originOf(node);
    const left = x + numberOf(node, 'x');
    const top = y + numberOf(node, 'y');
    inside('rect', left, top);
    inside(
      'rect',
      left + numberOf(node, 'width'),
      top + numberOf(node, 'height'),
    );
  }
  for (const node of findAll(svg, 'circle')) {
    const [x, y] = originOf(node);
    inside('circle', x + numberOf(node, 'cx'), y + numberOf(node, 'cy'));
  }
}

/** Text that would break a document that pastes it in. */
export const HOSTILE = `<script>"a" & 'b'</script>]]>\u0000\ud800 &amp; 日本`;
/** The same as a reader of the picture gets it. */
export const TAMED = `<script>"a" & 'b'</script>]]>\ufffd\ufffd &amp; 日本`;
