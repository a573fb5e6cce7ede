/** A levelled graph as text: a table for people, DOT and mermaid for drawing. */

/** Plain rows of a circuit: what the writers below need to know of it. */
export interface CircuitRows {
  readonly vertices: readonly {
    readonly id: string;
    readonly op: string;
    readonly shape: readonly number[];
    readonly level: number;
  }[];
  readonly axons: readonly {
    readonly from: string;
    readonly to: string;
    readonly slot: number;
    readonly delay: number;
  }[];
}

export const FORMATS = ['table', 'dot', 'mermaid'] as const;

/** Levels from the output down, each vertex with the axons it reads by. */
export function circuitTable({ vertices, axons }: CircuitRows): string {
  const rows = [...vertices]
    .sort((a, b) => a.level - b.level)
    .map(({ id, op, shape, level }) => {
      const reads = axons
        .filter((axon) => axon.to === id)
        .sort((a, b) => a.slot - b.slot)
        .map(({ from, delay }) =>
          delay > 0 ? `${from} (delay ${delay})` : from,
        );
      return [`${level}`, id, op, `[${shape.join(', ')}]`, reads.join(', ')];
    });
  return table(['level', 'vertex', 'op', 'shape', 'reads'], rows);
}

/** Graphviz: one rank a level, delays written on the axons. */
export function circuitDot({ vertices, axons }: CircuitRows): string {
  const name = (id: string) => JSON.stringify(id);
  const levels = [...new Set(vertices.map((v) => v.level))].sort(
    (a, b) => a - b,
  );
  return [
    'digraph circuit {',
    '  rankdir=LR; node [shape=ellipse];',
    ...levels.map((level) => {
      const ids = vertices
        .filter((v) => v.level === level)
        .map((v) => name(v.id));
      return `  { rank=same; ${ids.join('; ')}; }`;
    }),
    ...vertices
      .filter((v) => v.op === 'input' || v.op === 'param')
      .map(
        (v) =>
          `  ${name(v.id)} [shape=${v.op === 'input' ? 'box' : 'diamond'}];`,
      ),
    ...axons.map(({ from, to, delay }) => {
      const label = delay > 0 ? ` [label="delay ${delay}", style=dashed]` : '';
      return `  ${name(from)} -> ${name(to)}${label};`;
    }),
    '}',
  ].join('\n');
}

/** Mermaid, as Markdown pages draw it. */
export function circuitMermaid({ vertices, axons }: CircuitRows): string {
  const number = new Map(vertices.map((v, i) => [v.id, `v${i}`]));
  // Mermaid's own entities, by number: #34; is a quotation mark.
  const text = (id: string) =>
    id.replace(/["#<>&\n\r]/g, (c) => `#${c.charCodeAt(0)};`);
  const shape: Record<string, [string, string]> = {
    input: ['["', '"]'],
    param: ['{{"', '"}}'],
  };
  return [
    'flowchart LR',
    ...vertices.map(({ id, op, level }) => {
      const [open, close] = shape[op] ?? ['(["', '"])'];
      return `  ${number.get(id)}${open}${text(id)}<br/>level ${level}${close}`;
    }),
    ...axons.map(({ from, to, delay }) => {
      const arrow = delay > 0 ? `-. "delay ${delay}" .->` : '-->';
      return `  ${number.get(from)} ${arrow} ${number.get(to)}`;
    }),
  ].join('\n');
}

/** Columns padded to their widest entry. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length)),
  );
  return [head, widths.map((w) => '-'.repeat(w)), ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
