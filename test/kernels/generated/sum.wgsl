// One number from the middle axis of (outer, n, inner), n ascending.
// Shapes: x (outer, n, inner), out (outer, inner). src/kernels/reduce.ts fills in
// the words in capitals, of so_far. params: outer, n, inner, divisor.

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn reduced(i: u32) -> f32 {
  var at = i / params.inner * params.n * params.inner + i % params.inner;
  var so_far = 0.0f;
  for (var k = 0u; k < params.n; k++) {
    so_far = so_far + x[at];
    at += params.inner;
  }
  return so_far / params.divisor;
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < params.outer * params.inner; i += groups.x * 64u) {
    out[i] = reduced(i);
  }
}


struct Params {
  outer: u32,
  n: u32,
  inner: u32,
  divisor: f32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
