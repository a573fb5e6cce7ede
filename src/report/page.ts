/**
 * The report: one HTML page with every experiment of a run, which needs no
 * network, no script and no other file.
 */

import type { Figure } from './figure.ts';
import { escaped } from './svg.ts';

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
  readonly sections: readonly {
    readonly title: string;
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
  }[];
  readonly pictures: readonly (Figure & { readonly svg: string })[];
  readonly lines: readonly string[];
  readonly holds: boolean;
  readonly seeds: readonly number[];
  readonly device: string;
}

export function reportPage(
  entries: readonly Entry[],
  { version }: { version: string },
): string {
  return [
    '<!doctype html><meta charset="utf-8"><title>isochron</title>',
    `<h1>isochron ${escaped(version)}</h1>`,
    ...entries.map(({ title, pictures }) =>
      [`<h2>${escaped(title)}</h2>`, ...pictures.map(({ svg }) => svg)].join(
        '',
      ),
    ),
  ].join('\n');
}
