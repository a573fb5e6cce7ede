// The elements of x in another order: out[i] = x[sum over axes of place * step],
// where the places of i along the axes of the output, the last fastest, are
// multiplied by steps in x (0 where x is repeated). l0, l1, ... are the lengths
// of the axes, s0, s1, ... the steps. One output a thread, grid stride.
// src/ops/view.ts fills in the words in capitals, for each number of axes.

struct Params { n: u32, FIELDS }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < params.n; i += groups.x * 64u) {
    var rest = i;
    var at = 0u;
    PLACES
    let value = x[at];
    out[i] = FINISH;
  }
}
