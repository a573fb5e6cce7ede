/**
 * What device.test.ts needs a process of its own for: the last argument
 * names the scene, one JSON line on stdout tells what happened.
 */
import { openGpu } from '../../src/backends/webgpu/device.ts';
import { bufferUsage } from '../../src/backends/webgpu/dispatch.ts';
import { IsochronError } from '../../src/base/errors.ts';

const SLOW = `
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var y = id.x;
  for (var i = 0u; i < 100000u; i++) { y = y * 1664525u + i; }
  x[id.x] = y;
}`;

function tell(fact: unknown): void {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

/** Work that is still running when this returns. */
function submitSlowWork(device: GPUDevice): void {
  const module = device.createShaderModule({ code: SLOW });
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module },
  });
  const buffer = device.createBuffer({
    size: 4096,
    usage: bufferUsage.storage,
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(16);
  pass.end();
  device.queue.submit([encoder.finish()]);
  device.queue.onSubmittedWorkDone().catch(() => undefined);
}

try {
  const gpu = await openGpu();
  const variable = process.env['VK_DRIVER_FILES'] ?? null;
  tell({ source: gpu.info.driverSource, variable });
  const scene = process.argv.at(-1);
  if (scene === 'exit') {
    submitSlowWork(gpu.device);
    process.exit(7);
  }
  if (scene === 'throw') {
    submitSlowWork(gpu.device);
    setTimeout(() => {
      throw new Error('thrown on purpose');
    });
  }
} catch (error) {
  const { name, message } = error as Error;
  const exitCode = error instanceof IsochronError ? error.exitCode : null;
  tell({ name, message, exitCode });
}
