/** What an adapter's kernels may count on, and how its products are summed. */

import { OptionError } from '../../base/errors.ts';
import { oneOf, Schema } from '../../base/schema.ts';
import {
  type GpuTraits,
  SUM_FORMS,
  type SumForm,
} from '../../kernels/kernel.ts';
import type { Gpu } from './device.ts';

/** The most lanes of a subgroup that kernels are made for. */
const MOST_LANES = 64;

const forms = new Schema('webgpu', {
  form: oneOf(SUM_FORMS),
});

/** Lanes of a subgroup where their number is fixed, else 0. */
function lanesOf({ subgroup }: Gpu): number {
  const fixed = subgroup && subgroup.min === subgroup.max ? subgroup.min : 0;
  return fixed <= MOST_LANES ? fixed : 0;
}

/**
 * The adapter's traits. Without a form it is the one that software adapters do
 * best with, and that no GPU does badly with; tuning.ts measures. Throws
 * `OptionError` for a form that the adapter lacks.
 */
export function traitsOf(gpu: Gpu, form?: SumForm): GpuTraits {
  const subgroup = lanesOf(gpu);
  if (form !== undefined) {
    forms.read({ form });
    if (form === 'subgroup' && subgroup === 0) {
      throw new OptionError(
        'This adapter has no subgroups of a fixed number of lanes: leave form ' +
          'out, or pass registers or workgroup',
        { form },
      );
    }
    return { subgroup, form };
  }
  const shares = subgroup > 0 && gpu.info.isSoftware;
  return { subgroup, form: shares ? 'subgroup' : 'registers' };
}

/** Forms to choose among on an adapter. */
export function candidatesOf(gpu: Gpu): SumForm[] {
  const forms: SumForm[] = ['registers', 'workgroup'];
  return lanesOf(gpu) > 0 ? [...forms, 'subgroup'] : forms;
}
