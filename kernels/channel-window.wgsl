// Sum over neighbouring channels: out[b, c, i] = sum over channels from c - below
// to c + above, ascending, of x[b, channel, i]. Shapes: x, out (outer, channels,
// inner). One output a thread, grid stride.

struct Params {
  n: u32, channels: u32, inner: u32, below: u32, above: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < params.n; i += groups.x * 64u) {
    let channel = i / params.inner % params.channels;
    let first = channel - min(channel, params.below);
    let last = min(channel + params.above, params.channels - 1u);
    var at = i - (channel - first) * params.inner;
    var sum = 0.0f;
    for (var c = first; c <= last; c++) {
      sum = sum + x[at];
      at += params.inner;
    }
    out[i] = sum;
  }
}
