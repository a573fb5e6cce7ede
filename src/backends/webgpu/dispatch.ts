/** The smallest use of a device: one input, some pipelines, one output. */

/** WebGPU's usage bits. Node has no globals for them. */
export const bufferUsage = {
  mapRead: 0x1,
  mapWrite: 0x2,
  copySrc: 0x4,
  copyDst: 0x8,
  uniform: 0x40,
  storage: 0x80,
  indirect: 0x100,
  queryResolve: 0x200,
} as const;

/** WebGPU's map modes. */
export const mapMode = { read: 1, write: 2 } as const;

/**
 * Runs `pipelines` in order, each with `groups` workgroups, `input` at
 * binding 0 and one zeroed output of `outputBytes` at binding 1, and returns
 * the output. Makes its buffers anew and waits, so it is for tests and
 * measurements of a device, not for its work.
 */
export async function dispatchOnce(
  device: GPUDevice,
  pipelines: readonly GPUComputePipeline[],
  input: Float32Array<ArrayBuffer>,
  outputBytes: number,
  groups: number,
): Promise<ArrayBuffer> {
  const { storage, copyDst, copySrc, mapRead } = bufferUsage;
  const make = (size: number, usage: number): GPUBuffer =>
    device.createBuffer({ size, usage });
  const source = make(input.byteLength, storage | copyDst);
  const output = make(outputBytes, storage | copySrc);
  const staging = make(outputBytes, mapRead | copyDst);
  try {
    device.queue.writeBuffer(source, 0, input);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    const entries = [source, output].map((buffer, binding) => ({
      binding,
      resource: { buffer },
    }));
    for (const pipeline of pipelines) {
      const layout = pipeline.getBindGroupLayout(0);
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(groups);
    }
    pass.end();
    encoder.copyBufferToBuffer(output, 0, staging, 0, outputBytes);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(mapMode.read);
    return staging.getMappedRange().slice(0);
  } finally {
    for (const buffer of [source, output, staging]) buffer.destroy();
  }
}

const SELF_TEST = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.x] = x[id.x] * 3.0 + 1.0;
}`;

/** Whether a small kernel's result comes back as it should. */
export async function computes(device: GPUDevice): Promise<boolean> {
  const x = Float32Array.from({ length: 64 }, (_, i) => i - 20);
  const module = device.createShaderModule({ code: SELF_TEST });
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module },
  });
  const bytes = await dispatchOnce(device, [pipeline], x, x.byteLength, 1);
  const y = new Float32Array(bytes);
  return x.every((value, i) => y[i] === value * 3 + 1);
}
