/** isochron info: adapter, driver, limits, features and numeric fingerprint. */

import { createRequire } from 'node:module';
import { DeviceMissingError } from '../base/errors.ts';
import { oneOf } from '../base/schema.ts';
import { command } from './command.ts';
import { aligned } from './output.ts';

export const infoCommand = command({
  name: 'info',
  summary: 'prints adapter, driver, limits, features, numeric fingerprint',
  operands: '',
  options: {
    adapter: oneOf(['auto', 'system', 'swiftshader'], {
      ...{ optional: true, otherwise: 'auto', placeholder: 'WHICH' },
      help: 'which driver',
    }),
  },
  examples: ['info', 'info --adapter swiftshader --json'],
  async run({ values, out }) {
    const { openGpu } = await import('../backends/webgpu/device.ts');
    const { fingerprint } = await import('../backends/webgpu/fingerprint.ts');
    const versions = versionsOf(['webgpu', 'rxjs']);
    const machine = {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      ...versions,
    };
    const { adapter } = values;
    try {
      const gpu = await openGpu({ adapter });
      const print = await fingerprint(gpu);
      const features = [...gpu.features];
      const { subgroup, info, limits } = gpu;
      out.row({
        ...machine,
        adapter: info,
        features,
        subgroup,
        limits,
        fingerprint: print,
      });
      section('versions', machine);
      section('adapter', { ...info });
      section('features', {
        features: features.join(', ') || 'none of those used',
        subgroup: subgroup
          ? `${subgroup.min} to ${subgroup.max} lanes`
          : 'none',
      });
      section('limits', { ...limits });
      section('numeric fingerprint', {
        'a * b + c': print.contracted
          ? 'contracted to one rounding'
          : 'rounded twice',
        'fma()': print.fusedFma ? 'fused' : 'not fused',
        '(a + b) - a': print.rewritesSums
          ? 'rewritten by the driver (kernels guard against it)'
          : 'computed as written',
        'subnormal operands': print.subnormalInputs ? 'kept' : 'flushed to 0',
        'subnormal results': print.subnormalResults ? 'kept' : 'flushed to 0',
        'division, sqrt': `${print.divisionExact ? 'exact' : 'inexact'}, ${print.squareRootExact ? 'exact' : 'inexact'}`,
        hash: `${print.hash} (${print.hash === print.cpuHash ? 'the same as' : `differs from ${print.cpuHash} of`} the CPU in float32)`,
      });
      if (info.isSoftware)
        advise(/swiftshader/i.test(`${info.architecture} ${info.device}`));
      gpu.destroy();
      return 0;
    } catch (error) {
      if (!(error instanceof DeviceMissingError)) throw error;
      section('versions', machine);
      throw error;
    }

    function section(title: string, rows: Record<string, unknown>): void {
      out.line(title);
      for (const line of aligned(Object.entries(rows))) out.line(line);
    }

    function advise(swiftshader: boolean): void {
      out.line();
      out.line(
        swiftshader
          ? "This is SwiftShader, a software driver. Mesa's lavapipe is about 5 times faster: install mesa-vulkan-drivers (Debian 12: apt install -t bookworm-backports mesa-vulkan-drivers)."
          : 'This is lavapipe, a software driver: a GPU is faster still.',
      );
    }
  },
});

function versionsOf(packages: readonly string[]): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    packages.map((name) => [name, require(`${name}/package.json`).version]),
  );
}
