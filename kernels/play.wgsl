// Samples into the history of a source: values [history][elements], samples
// [ticks][elements]; `ago` ticks before the window's own.

struct Params {
  elements: u32,
  window: u32,
  history: u32,
  ago: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<storage, read> samples: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let total = params.window * params.elements;
  for (var at = id.x; at < total; at += groups.x * 64u) {
    let k = at / params.elements;
    let slot = (clock[0] + k - params.ago) & params.history;
    let first = select(clock[2], 0u, params.ago != 0u);
    let sample = (first + k) * params.elements + at % params.elements;
    values[slot * params.elements + at % params.elements] = samples[sample];
  }
}
