/**
 * Contractions in WebAssembly: layouts become tables of byte offsets, made
 * once; each run packs the rows and goes through the strips of columns, in
 * parts that threads share.
 */

import { addressOf, arrayInArena } from '../formula/wasm/arena.ts';
import { MOST_PARTS, runParts } from '../formula/wasm/team.ts';
import { Workspace } from '../formula/wasm/workspace.ts';
import type { Contract, Layout, Sizes } from './contraction-layout.ts';
import {
  columnsOf,
  FINISH,
  hasProducts,
  JOB,
  packCode,
  productCode,
  ROWS,
  stripBytes,
} from './contraction-wasm-code.ts';

/** Multiplications that are worth a part of their own: some 20 us. */
const PART = 1 << 18;

/** Parts a thread: the last to end is not much later than the others. */
const PARTS_A_THREAD = 4;

const codes = new Map<boolean, { pack: Uint8Array; product: Uint8Array }>();

function codeOf(single: boolean) {
  const known = codes.get(single);
  if (known) return known;
  const made = { pack: packCode(single), product: productCode(single) };
  codes.set(single, made);
  return made;
}

/** What runs need for a time; one run follows another. */
const workspace = new Workspace();

/** Null where there is no WebAssembly for it. */
export function wasmContract(
  sizes: Sizes,
  layout: Layout,
  single: boolean,
): Contract | null {
  if (!hasProducts()) return null;
  let plan: Plan | null | undefined;
  return (operands, manner) => {
    const { a, b, out, bias } = operands;
    const addresses = {
      a: addressOf(a),
      b: addressOf(b),
      out: addressOf(out),
      bias: bias ? addressOf(bias) : 0,
    };
    const { a: left, b: right, out: to, bias: more } = addresses;
    if (Math.min(left, right, to, more) < 0) return false;
    if (plan === undefined) plan = planOf(sizes, layout, single);
    if (!plan) return false;
    const parts = partsFor(sizes, manner.threads);
    const bytes = plan.partsAt + parts * plan.partBytes;
    if (!workspace.reserve(bytes)) return false;
    if (layout.spread) {
      const { size, copy } = layout.spread;
      const to = workspace.floats(single, plan.spreadAt, size);
      to.fill(0);
      copy(b, to);
      addresses.b = workspace.address + plan.spreadAt;
    }
    const finish = manner.add
      ? FINISH.add
      : !bias
        ? FINISH.store
        : layout.bias.of === 'row'
          ? FINISH.rowBias
          : FINISH.columnBias;
    for (let z = 0; z < sizes.batches; z++) {
      run(plan, addresses, { z, finish, parts, threads: manner.threads });
    }
    return true;
  };
}

interface Plan {
  readonly sizes: Sizes;
  readonly layout: Layout;
  readonly single: boolean;
  /** Offsets of lines, terms and columns; they must live as long as the plan. */
  readonly tables: Readonly<
    Record<'aLines' | 'aTerms' | 'bLines' | 'bTerms' | 'columns', Int32Array>
  >;
  readonly tiles: number;
  readonly strips: number;
  /** Places in the workspace behind the packed rows: B where it is spread ... */
  readonly spreadAt: number;
  /** ... and parts. */
  readonly partsAt: number;
  /** Of a part: its job, then its strip. */
  readonly partBytes: number;
}

const LINE = 64;
const lines = (bytes: number) => Math.ceil(bytes / LINE) * LINE;

/** Null where the arena has no room for the tables. */
function planOf(sizes: Sizes, layout: Layout, single: boolean): Plan | null {
  const { m, n, depth } = sizes;
  const width = single ? 4 : 8;
  const columns = columnsOf(single);
  const tiles = Math.ceil(m / ROWS);
  const strips = Math.ceil(n / columns);
  const table = (length: number, last: number, of: (at: number) => number) => {
    const made = arrayInArena(Int32Array, length, 4);
    // Beyond the end tables repeat the last entry, which can be read.
    for (let i = 0; made && i < length; i++) {
      made[i] = of(Math.min(i, last)) * width;
    }
    return made;
  };
  const { a, b, out, spread } = layout;
  const tables = {
    aLines: table(tiles * ROWS, m - 1, a.line),
    aTerms: table(depth, depth - 1, a.term),
    bLines: table(strips * columns, n - 1, b.line),
    bTerms: table(depth, depth - 1, b.term),
    columns: table(strips * columns, n - 1, out.column),
  };
  if (Object.values(tables).includes(null)) return null;
  const packed = lines(tiles * ROWS * depth * width);
  const spreadBytes = lines((spread?.size ?? 0) * width);
  const partBytes = lines(JOB.length * 4) + lines(stripBytes(depth));
  return {
    ...{ sizes, layout, single, tiles, strips, partBytes },
    tables: tables as Plan['tables'],
    spreadAt: packed,
    partsAt: packed + spreadBytes,
  };
}

/** One product of the call. */
function run(
  plan: Plan,
  at: { a: number; b: number; out: number; bias: number },
  {
    z,
    finish,
    parts,
    threads,
  }: { z: number; finish: number; parts: number; threads: number },
): void {
  const { sizes, layout, single, tables, tiles, strips } = plan;
  const { m, n, depth } = sizes;
  const width = single ? 4 : 8;
  const { pack, product } = codeOf(single);
  const panels = workspace.address;
  const a = at.a + z * layout.a.batch * width;
  const packing = split(tiles, threads > 1 && parts > 1 ? threads : 1);
  runParts(
    pack,
    packing.map(([first, last]) => [
      ...[a, tables.aLines.byteOffset, tables.aTerms.byteOffset, depth],
      ...[panels, first, last],
    ]),
    threads,
  );
  // Strips are shared out; where there are few of them, rows are too.
  const byStrip = split(strips, parts);
  const byRow = split(tiles, Math.floor(parts / byStrip.length));
  const calls: number[][] = [];
  for (const [firstTile, lastTile] of byRow) {
    for (const [first, last] of byStrip) {
      const row = firstTile * ROWS;
      const job =
        workspace.address + plan.partsAt + calls.length * plan.partBytes;
      const rowBias = finish === FINISH.rowBias ? row * width : 0;
      workspace
        .words(job, JOB.length)
        .set([
          Math.min(m, lastTile * ROWS) - row,
          n,
          depth,
          panels + row * depth * width,
          at.b + z * layout.b.batch * width,
          tables.bLines.byteOffset,
          tables.bTerms.byteOffset,
          at.out + (z * layout.out.batch + row * layout.out.row) * width,
          layout.out.row * width,
          tables.columns.byteOffset,
          finish,
          at.bias + z * layout.bias.batch * width + rowBias,
        ]);
      calls.push([job, first, last, job + lines(JOB.length * 4)]);
    }
  }
  runParts(product, calls, threads);
}

/** Into how many parts a product goes. */
function partsFor({ m, n, depth }: Sizes, threads: number): number {
  if (threads === 1) return 1;
  const worth = Math.floor((m * n * depth) / PART);
  return Math.max(1, Math.min(worth, threads * PARTS_A_THREAD, MOST_PARTS));
}

/** So many things in at most so many ranges. */
function split(
  things: number,
  ranges: number,
): (readonly [first: number, last: number])[] {
  const many = Math.max(1, Math.min(things, ranges));
  // So it is for most products, and most are small.
  if (many === 1) return [[0, things]];
  return Array.from(
    { length: many },
    (_, i) =>
      [
        Math.floor((i * things) / many),
        Math.floor(((i + 1) * things) / many),
      ] as const,
  );
}
