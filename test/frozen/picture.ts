/** The picture as a file: hashes by key, section by section, a line each. */

import fs from 'node:fs';

/** Something that is hashed, by a key of its own in its section. */
export interface Case {
  readonly key: string;
  /** How its hashes are made, by name; '' where there is one alone. */
  readonly parts: Readonly<Record<string, () => Promise<string>>>;
  /** Lines of their own, by what is added to the key. */
  readonly lines?: () => Promise<Readonly<Record<string, string>>>;
}

/** Hashes by key; several of a key as `NAME HASH NAME HASH`. */
export type Section = Record<string, string>;
export type Picture = Record<string, Section>;

export function readPicture(file: string): Picture {
  if (!fs.existsSync(file)) return {};
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

export function writePicture(file: string, picture: Picture): void {
  fs.writeFileSync(file, `${JSON.stringify(picture, null, 2)}\n`);
}

/** Runs cases one after another; `tell` hears the key of each. */
export async function hashesOf(
  cases: readonly Case[],
  tell: (key: string, n: number) => void = () => {},
): Promise<Section> {
  const section: Section = {};
  for (const [n, { key, parts, lines }] of cases.entries()) {
    tell(key, n);
    if (key in section) throw new Error(`Two cases are named ${key}`);
    const made: string[] = [];
    for (const [name, make] of Object.entries(parts)) {
      if (name) made.push(name);
      made.push(await make());
    }
    if (made.length > 0) section[key] = made.join(' ');
    for (const [name, line] of Object.entries((await lines?.()) ?? {})) {
      section[`${key}, ${name}`] = line;
    }
  }
  return section;
}

/** What two sections have in common, and what not. */
export interface Difference {
  readonly equal: number;
  readonly differ: readonly string[];
  /** In the picture, but not made any more. */
  readonly missing: readonly string[];
  /** Made, but not in the picture. */
  readonly added: readonly string[];
}

export function compared(wanted: Section, got: Section): Difference {
  const before = flat(wanted);
  const now = flat(got);
  const both = [...before.keys()].filter((key) => now.has(key));
  const differ = both.filter((key) => now.get(key) !== before.get(key));
  return {
    equal: both.length - differ.length,
    differ,
    missing: [...before.keys()].filter((key) => !now.has(key)),
    added: [...now.keys()].filter((key) => !before.has(key)),
  };
}

/** Each hash by itself. */
function flat(section: Section): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const [key, line] of Object.entries(section)) {
    const words = line.split(' ');
    if (words.length === 1) hashes.set(key, line);
    for (let i = 1; i < words.length; i += 2) {
      hashes.set(`${key}: ${words[i - 1]}`, words[i]);
    }
  }
  return hashes;
}
