/** Contractions on a GPU: WGSL of a form for what the adapter does best. */

import {
  type Epilogue,
  epilogueText,
  type Mode,
} from './contraction-epilogue.ts';
import type { Sizes } from './contraction-layout.ts';
import type { GpuForm, GpuTraits } from './kernel.ts';

/**
 * How many rows of the output a subgroup sums: few where the output has few, as
 * each costs a load. `fours`: 32 rows, of operands read in fours.
 */
export type Tile = 8 | 16 | 32 | 'fours';

/** Multiplications in so small a product that no kernel of its own pays. */
const SMALL = 2 ** 17;

/** `inFours`: whether the operands can be read in fours. */
export function tileOf(
  { m, n, depth, batches }: Sizes,
  inFours: boolean,
): Tile {
  if (m <= 8) return 8;
  if (m <= 16) return 16;
  if (inFours) return 'fours';
  return m * n * depth * batches <= SMALL ? 16 : 32;
}

/** Files of kernels/ that say where a form's elements lie. */
export interface Places {
  readonly files: readonly string[];
  /** The kernel that reads them in fours, if there is one. */
  readonly fours?: string;
}

/** The WGSL of a form; `after`: what becomes of the sums. */
export function contractionGpu(
  places: Places,
  mode: Mode,
  tile: Tile,
  after: Epilogue | null = null,
): GpuForm<keyof Sizes> {
  const more = after && epilogueText(after);
  const fours = tile === 'fours' ? places.fours : undefined;
  const rows = tile === 'fours' ? 32 : tile;
  /** The kernel for an adapter, and the outputs of its workgroups. */
  const kernelFor = ({ form, subgroup }: GpuTraits): Summing => {
    if (form === 'subgroup') {
      const file = fours ?? 'contraction-subgroup';
      return { file, rows, columns: 4 * subgroup };
    }
    if (form === 'naive') {
      return { file: 'contraction-naive', rows: 8, columns: 8 };
    }
    // Of 64 rows most would be none.
    if (form === 'workgroup' && rows > 16) {
      return { file: 'contraction-workgroup', rows: 64, columns: 64 };
    }
    return { file: 'contraction-tile', rows: 32, columns: 32 };
  };
  // What is added to is the output, or what the output is made of.
  const extra = { plain: [], bias: ['bias'], add: more ? ['base'] : [] }[mode];
  const stored =
    mode === 'add' ? `${more ? 'base' : 'out'}[at] + sum` : SUM[mode];
  return {
    reads: ['a: Element', 'b: Element', ...extra, ...(more?.reads ?? [])],
    writes: ['out'],
    code(traits, file) {
      const summing = kernelFor(traits);
      const inFours = summing.file === fours;
      const lanes = traits.subgroup;
      return [
        traits.form === 'subgroup' ? 'enable subgroups;' : '',
        `alias Element = ${inFours ? 'vec4f' : 'f32'};`,
        ...places.files.map(file),
        more?.text ?? '',
        'fn finish(at: u32, z: u32, row: u32, column: u32, sum: f32) -> f32 {',
        `return ${more ? `after(at, pin(${stored}))` : stored};`,
        '}',
        file('contraction'),
        unrolled(summing.file, file(summing.file), {
          LANES: lanes,
          ROWS: rows,
          SHARERS: Math.min(lanes, inFours ? rows / 4 : rows),
          OWN: Math.ceil(rows / lanes),
          GROUPS: Math.ceil(rows / (4 * lanes)),
        }),
      ].join('\n');
    },
    workgroups(traits, { params: { m, n, batches } }) {
      const summing = kernelFor(traits);
      return [
        Math.ceil(n / summing.columns),
        Math.ceil(m / summing.rows),
        batches,
      ];
    },
  };
}

interface Summing {
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
}

const SUM = { plain: 'sum', bias: 'sum + bias[bias_at(z, row, column)]' };

/**
 * WGSL has no loops over registers: a line that begins with EACH(i,COUNT), or
 * several of them, is repeated with $i in its text replaced by 0 to COUNT - 1.
 * Words in capitals are replaced by their numbers.
 */
function unrolled(
  name: string,
  text: string,
  numbers: Readonly<Record<string, number>>,
): string {
  const numberOf = (word: string) => numbers[word] ?? Number(word);
  const expand = (line: string): string[] => {
    const found = /^EACH\((\w),(\w+)\) (.*)$/.exec(line);
    if (!found) return [line];
    const [, index, count, rest] = found;
    const values = Array.from({ length: numberOf(count!) }, (_, i) => `${i}`);
    return values.flatMap((i) => expand(rest!.replaceAll(`$${index}`, i)));
  };
  const lines = text.split('\n').flatMap(expand).join('\n');
  if (/^EACH/m.test(lines)) throw new Error(`${name}.wgsl has a wrong EACH`);
  return lines.replaceAll(/\b(?:LANES|ROWS)(?=u?\b)/g, (word) =>
    word in numbers ? `${numbers[word]}` : word,
  );
}
