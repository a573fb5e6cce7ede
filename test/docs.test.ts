/**
 * What a hover shows: a doc comment on everything that the package exports, and
 * on every field and method of it. Oracle: the built declarations.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../src/graph/graph.ts';
import { Vertex } from '../src/graph/vertex.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports: entries } = JSON.parse(
  fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
) as { exports: Record<string, { types: string }> };

const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:function|interface|class|const|type) ([\w$]+)/;
const LISTED = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm;
const ALL_OF = /^export \* from '([^']+)'/gm;
const MEMBER =
  /^ {4}(?:(?:readonly|static|get|set|abstract|protected) )*([\w$]+)\??[(:<]/;

/** Every exported name of a module, with the lines that declare it. */
class Module {
  private static readonly read = new Map<string, Module>();
  readonly file: string;
  readonly text: string;
  readonly lines: readonly string[];

  private constructor(file: string) {
    this.file = file;
    this.text = fs.readFileSync(file, 'utf8');
    this.lines = this.text.split('\n');
  }

  static at(file: string): Module {
    const known = Module.read.get(file) ?? new Module(file);
    Module.read.set(file, known);
    return known;
  }

  private sibling(specifier: string): Module {
    const at = path.resolve(path.dirname(this.file), specifier);
    return Module.at(at.replace(/\.[jt]s$/, '.d.ts'));
  }

  /** [module, first line] of everything exported, what it passes on as well. */
  exported(): (readonly [Module, number])[] {
    const own = this.lines.flatMap((line, at) =>
      DECLARED.test(line) ? [[this, at] as const] : [],
    );
    const listed = [...this.text.matchAll(LISTED)].flatMap(([, names, from]) =>
      names
        .split(',')
        .map(
          (name) =>
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0],
        )
        .filter((name) => name !== '')
        .map((name) => this.sibling(from).declared(name)),
    );
    const all = [...this.text.matchAll(ALL_OF)].flatMap(([, from]) =>
      this.sibling(from).exported(),
    );
    return [...own, ...listed, ...all];
  }

  private declared(name: string): readonly [Module, number] {
    const found = this.exported().find(
      ([module, at]) => DECLARED.exec(module.lines[at])?.[1] === name,
    );
    if (!found) throw new Error(`${this.file} exports no ${name}`);
    return found;
  }

  /** [name, line] of the fields and methods of a declaration. */
  members(at: number): (readonly [string, number])[] {
    const found: (readonly [string, number])[] = [];
    if (!this.lines[at].trimEnd().endsWith('{')) return found;
    for (let i = at + 1; !/^\}/.test(this.lines[i]); i++) {
      const member = MEMBER.exec(this.lines[i])?.[1];
      // A constructor's options are told by the class.
      if (!member || member === 'constructor') continue;
      // Of several signatures the first is told.
      const again = MEMBER.exec(this.lines[i - 1])?.[1] === member;
      if (!again) found.push([member, i]);
    }
    return found;
  }

  /** What a declaration has that a reader can point at and no comment tells. */
  undocumented(at: number): string[] {
    const [, name] = DECLARED.exec(this.lines[at])!;
    const told = (line: number) => this.lines[line - 1]?.trim().endsWith('*/');
    const members = this.members(at).filter(([, line]) => !told(line));
    return [
      ...(told(at) ? [] : [name]),
      ...members.map(([member]) => `${name}.${member}`),
    ];
  }
}

describe.each(Object.entries(entries))('%s', (_, { types }) => {
  test('everything has a doc comment', () => {
    const found = Module.at(path.join(root, types)).exported();
    expect(found.length).toBeGreaterThan(0);
    const without = found.flatMap(([module, at]) => module.undocumented(at));
    expect([...new Set(without)]).toEqual([]);
  });
});

// Oracle: the classes themselves, less what their declarations call private.
test.each([GraphBuilder, Vertex])('methods of %o count', (of) => {
  const { types } = entries['.'];
  const [module, at] = Module.at(path.join(root, types))
    .exported()
    .find(([module, at]) => DECLARED.exec(module.lines[at])?.[1] === of.name)!;
  const hidden = [...module.text.matchAll(/^ {4}private (\w+)/gm)];
  const known = [...module.members(at), ...hidden.map(([, name]) => [name])];
  const methods = Object.getOwnPropertyNames(of.prototype);
  expect(methods.length).toBeGreaterThan(5);
  expect(['constructor', ...known.map(([name]) => name)]).toEqual(
    expect.arrayContaining(methods),
  );
});
