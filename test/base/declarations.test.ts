/**
 * Oracle: the sources. Every error of ours carries data, and every option with
 * a default says it where a hover shows it.
 */

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Fields } from '../../src/base/schema.ts';

const src = new URL('../../src/', import.meta.url).pathname;
const files = fs
  .readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({
    file,
    text: fs.readFileSync(path.join(src, file), 'utf8'),
  }));

/** Where a string literal that begins at `at` ends. */
function endOfText(text: string, at: number): number {
  const quote = text[at];
  let i = at + 1;
  while (i < text.length && text[i] !== quote) {
    if (text[i] === '\\') i += 1;
    else if (quote === '`' && text.startsWith('${', i)) {
      i = endOfBrackets(text, i + 1);
    }
    i += 1;
  }
  return i;
}

/** Where the bracket at `at` is closed; `onComma` hears commas just within. */
function endOfBrackets(
  text: string,
  at: number,
  onComma: (at: number) => void = () => {},
): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const letter = text[i];
    if (`'"\``.includes(letter)) i = endOfText(text, i);
    else if ('([{'.includes(letter)) depth += 1;
    else if (')]}'.includes(letter)) depth -= 1;
    else if (letter === ',' && depth === 1) onComma(i);
    if (depth === 0) return i;
  }
  throw new Error(`a bracket at ${at} is not closed`);
}

/** Arguments of each call that begins as `call`, which ends with a bracket. */
function* callsOf(text: string, call: RegExp): Generator<string[]> {
  for (const { index, 0: found } of text.matchAll(call)) {
    const from = index + found.length - 1;
    const commas: number[] = [from];
    const end = endOfBrackets(text, from, (at) => commas.push(at));
    yield [...commas, end]
      .slice(1)
      .map((at, i) => text.slice(commas[i] + 1, at).trim())
      .filter((part) => part !== '');
  }
}

test('every error of ours carries data', () => {
  const without: string[] = [];
  let all = 0;
  for (const { file, text } of files) {
    for (const args of callsOf(text, /new (?!Error|Range|Type)\w+Error\(/g)) {
      all += 1;
      if (args.length < 2) without.push(`${file}: ${args[0].slice(0, 60)}`);
    }
  }
  expect(without).toEqual([]);
  expect(all).toBeGreaterThan(300);
});

/** Doc comments of the fields of an interface, of those it extends too. */
function docsOf(name: string): Map<string, string> {
  const found = new RegExp(
    `interface ${name}(?:<[^{]*>)?(?: extends ([^{]+))? \\{`,
  );
  for (const { text } of files) {
    const match = found.exec(text);
    if (!match) continue;
    const body = text.slice(match.index, text.indexOf('\n}', match.index));
    const own = body.matchAll(
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)\??:/g,
    );
    const parents = (match[1] ?? '').match(/\w+(?=,|$|\s)/g) ?? [];
    return new Map([
      ...parents.flatMap((parent) => [...docsOf(parent)]),
      ...[...own].map(
        ([, doc, field]) =>
          [field, doc.replace(/\s*\n\s*\* ?/g, ' ').trim()] as const,
      ),
    ]);
  }
  throw new Error(`no interface ${name}`);
}

/** `Default X.` as a doc comment has it. */
const shown = (value: unknown) =>
  typeof value === 'string' ? `'${value}'` : `${value}`;

/** Schemas as they are made when their modules are loaded. */
const made = vi.hoisted(() => [] as { of: string; fields: Fields }[]);

vi.mock('../../src/base/schema.ts', async (original) => {
  const actual = await original<typeof import('../../src/base/schema.ts')>();
  class Schema extends actual.Schema<Fields> {
    constructor(...of: ConstructorParameters<typeof actual.Schema<Fields>>) {
      super(...of);
      made.push(this);
    }
  }
  return { ...actual, Schema };
});

const LITERAL = String.raw`\{(?:(?!\} satisfies|new Schema)[\s\S])*\}`;
const IN_PLACE = new RegExp(
  `new Schema\\(\\s*'([^']+)',\\s*${LITERAL} satisfies FieldsOf<(\\w+)>`,
  'g',
);
const BY_NAME = new RegExp(
  `export const (\\w+) = ${LITERAL} satisfies FieldsOf<(\\w+)>`,
  'g',
);

describe('interfaces of options say what their declarations say', async () => {
  const declared: [type: string, fields: Fields][] = [];
  for (const { file, text } of files) {
    if (!text.includes('satisfies FieldsOf<')) continue;
    const module = await import(path.join(src, file));
    for (const [, name, type] of text.matchAll(BY_NAME)) {
      declared.push([type, module[name]]);
    }
    for (const [, name, type] of text.matchAll(IN_PLACE)) {
      // A module may have another of the name, of an argument by itself.
      const size = ({ fields }: (typeof made)[number]) =>
        Object.keys(fields).length;
      const [found] = made
        .filter(({ of }) => of === name)
        .sort((a, b) => size(b) - size(a));
      declared.push([type, found.fields]);
    }
  }
  test.each(declared)('%s', (name, fields) => {
    const docs = docsOf(name);
    expect(Object.keys(fields).sort()).toEqual([...docs.keys()].sort());
    for (const [field, { default: value }] of Object.entries(fields)) {
      if (value === undefined) continue;
      expect(docs.get(field)).toContain(`Default ${shown(value)}`);
    }
  });
  test('many are held to this', () => {
    expect(declared.length).toBeGreaterThan(20);
  });
});
