// One number from the middle axis of (outer, n, inner), n ascending.
// Shapes: x (outer, n, inner), out (outer, inner). One output a thread, grid
// stride. src/kernels/reduce.ts fills in START, STEP and RESULT (of so_far) and
// FINISH: value, or out[i] + value.

struct Params { outer: u32, n: u32, inner: u32, divisor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let total = params.outer * params.inner;
  for (var i = id.x; i < total; i += groups.x * 64u) {
    var at = i / params.inner * params.n * params.inner + i % params.inner;
    var so_far = START;
    for (var k = 0u; k < params.n; k++) {
      so_far = STEP;
      at += params.inner;
    }
    let value = RESULT;
    out[i] = FINISH;
  }
}
