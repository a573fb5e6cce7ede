/** Contractions on a GPU: WGSL of a form for what the adapter does best. */

import { type Epilogue, epilogueText } from './contraction-epilogue.ts';
import type { GpuForm, GpuTraits } from './kernel.ts';

/** What is done with the sum over k. */
export type Mode = 'plain' | 'bias' | 'add';

/**
 * How many rows of the output a subgroup sums: few where the output has few, as
 * each costs a load. `fours`: 32 rows, of operands read in fours.
 */
export type Tile = 8 | 16 | 32 | 'fours';

/** Multiplications in so small a product that no kernel of its own pays. */
const SMALL = 2 ** 17;

/** `inFours`: whether the operands can be read in fours. */
export function tileOf(
  [m, n, k, z]: readonly number[],
  inFours: boolean,
): Tile {
  if (m <= 8) return 8;
  if (m <= 16) return 16;
  if (inFours) return 'fours';
  return m * n * k * z <= SMALL ? 16 : 32;
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
): GpuForm {
  const more = after && epilogueText(after, mode);
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
  return {
    files: [
      ...places.files,
      'math',
      'contraction',
      'contraction-tile',
      'contraction-subgroup',
      'contraction-workgroup',
      'contraction-naive',
      ...(fours ? [fours] : []),
    ],
    code(traits, file) {
      const summing = kernelFor(traits);
      const inFours = summing.file === fours;
      const lanes = traits.subgroup;
      const text = unrolled(summing.file, file(summing.file), {
        LANES: lanes,
        ROWS: rows,
        SHARERS: Math.min(lanes, inFours ? rows / 4 : rows),
        OWN: Math.ceil(rows / lanes),
        GROUPS: Math.ceil(rows / (4 * lanes)),
      });
      const fields = more ? `${more.fields.join(', ')}\n}` : '}';
      const where = places.files
        .map(file)
        .join('\n')
        .replace(/(?<=struct Params [^}]*)}/, fields);
      const bias = mode === 'bias' ? extraBinding : '';
      const sum = more
        ? finish[mode].replace('out[at]', 'base[at]')
        : finish[mode];
      const common = file('contraction')
        .replaceAll('EXTRA', bias + (more?.bindings ?? ''))
        .replaceAll('OUT_BINDING', `${more?.out ?? (bias ? 4 : 3)}`)
        .replaceAll('FINISH', more ? `after(at, pin(${sum}))` : sum);
      return [
        traits.form === 'subgroup' ? 'enable subgroups;' : '',
        where.replaceAll('ELEMENT', inFours ? 'vec4f' : 'f32'),
        more ? file('math') : '',
        common.replaceAll('ELEMENT', inFours ? 'vec4f' : 'f32'),
        text,
      ].join('\n');
    },
    workgroups(traits, { ints: [m, n, , z] }) {
      const summing = kernelFor(traits);
      return [Math.ceil(n / summing.columns), Math.ceil(m / summing.rows), z];
    },
  };
}

interface Summing {
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
}

const extraBinding =
  '@group(0) @binding(3) var<storage, read> bias: array<f32>;';

const finish: Record<Mode, string> = {
  plain: 'sum',
  bias: 'sum + bias[bias_at(z, row, column)]',
  add: 'out[at] + sum',
};

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
    const values = Array.from({ length: numberOf(count) }, (_, i) => `${i}`);
    return values.flatMap((i) => expand(rest.replaceAll(`$${index}`, i)));
  };
  const lines = text.split('\n').flatMap(expand).join('\n');
  if (/^EACH/m.test(lines)) throw new Error(`${name}.wgsl has a wrong EACH`);
  return lines.replaceAll(/\b(?:LANES|ROWS)(?=u?\b)/g, (word) =>
    word in numbers ? `${numbers[word]}` : word,
  );
}
