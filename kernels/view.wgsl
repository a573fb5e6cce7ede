// The elements of x in another order: out[i] = x[sum over axes of place * step],
// where the places of i along the axes of the output, the last fastest, are
// multiplied by steps in x (0 where x is repeated). Shapes have 6 axes at most;
// missing ones are of length 1, in front. One output a thread, grid stride.
// FINISH is filled in by src/ops/view.ts: value, or out[i] + value.

struct Params {
  n: u32,
  l0: u32, l1: u32, l2: u32, l3: u32, l4: u32, l5: u32,
  s0: u32, s1: u32, s2: u32, s3: u32, s4: u32, s5: u32,
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
    var rest = i;
    var at = rest % params.l5 * params.s5;
    rest = rest / params.l5;
    at += rest % params.l4 * params.s4;
    rest = rest / params.l4;
    at += rest % params.l3 * params.s3;
    rest = rest / params.l3;
    at += rest % params.l2 * params.s2;
    rest = rest / params.l2;
    at += rest % params.l1 * params.s1;
    rest = rest / params.l1;
    at += rest * params.s0;
    let value = x[at];
    out[i] = FINISH;
  }
}
