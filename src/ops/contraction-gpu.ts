/** Contractions on a GPU: WGSL of a form for what the adapter does best. */

import type { GpuForm } from './kernel.ts';

/** What is done with the sum over k. */
export type Mode = 'plain' | 'bias' | 'add';

/** Rows of a tile: each lane of the subgroup form sums this many outputs x4. */
const TILE_ROWS = 16;

/** The WGSL of a form; `where`: files that say where its elements lie. */
export function contractionGpu(where: readonly string[], mode: Mode): GpuForm {
  return {
    files: [
      ...where,
      'contraction',
      'contraction-tile',
      'contraction-subgroup',
    ],
    code({ subgroup }, file) {
      const places = where.map(file).join('\n');
      const common = file('contraction')
        .replaceAll('EXTRA', mode === 'bias' ? extraBinding : '')
        .replaceAll('OUT_BINDING', mode === 'bias' ? '4' : '3')
        .replaceAll('FINISH', finish[mode]);
      if (!subgroup) return places + common + file('contraction-tile');
      const lanes = file('contraction-subgroup');
      const tile = lanes.replaceAll('LANES', `${subgroup}`);
      return `enable subgroups;\n${places}${common}${tile}`;
    },
    workgroups({ subgroup }, { ints: [m, n, , z] }) {
      return subgroup
        ? [Math.ceil(n / (4 * subgroup)), Math.ceil(m / TILE_ROWS), z]
        : [Math.ceil(n / 32), Math.ceil(m / 32), z];
    },
  };
}

const extraBinding =
  '@group(0) @binding(3) var<storage, read> bias: array<f32>;';

const finish: Record<Mode, string> = {
  plain: 'sum',
  bias: 'sum + bias[bias_at(z, row, column)]',
  add: 'out[at] + sum',
};
