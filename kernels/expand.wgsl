// Repeats each element n times along a new middle axis, divided: the message
// of a sum or mean. Shapes: x (outer, inner), out (outer, n, inner). One
// output a thread, grid stride. FINISH: value, or out[i] + value.

struct Params { outer: u32, n: u32, inner: u32, divisor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let block = params.n * params.inner;
  let total = params.outer * block;
  for (var i = id.x; i < total; i += groups.x * 64u) {
    let source = i / block * params.inner + i % params.inner;
    let value = x[source] / params.divisor;
    out[i] = FINISH;
  }
}
