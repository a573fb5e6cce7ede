/** A claim of what must differ fails where it does not: by an ablation of nothing. */

import { expect, test } from 'vitest';
import { skip } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { shown } from '../../src/cli/check-rows.ts';
import type { Ablation } from '../../src/proof/ablations.ts';
import { gradientsOf } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { zil } from '../../src/rules/zil.ts';

const nothing: Ablation = {
  ...{ condition: 'levels', dropped: 'nothing', options: {} },
  ...{ mustDiffer: () => true, otherwise: '' },
};

test.each([true, false])('model: %s', async (isModel) => {
  const backend = new CpuBackend('f64');
  const graph = skip();
  const each = { name: 'skip', graph, size: 'small', isModel } as const;
  const reference = await gradientsOf(graph, { rule: bp(), backend });
  const row = await shown(
    each,
    { rule: zil(nothing.options), backend, seed: 1 },
    { reference, ablation: nothing },
  );
  expect(row).toMatchObject({
    ...{ expected: 'differs', differingBits: 0, pass: false },
  });
});
