struct Made { y: f32 }
fn element(from_x: f32) -> Made {
var x = from_x;
let y = (x / pin((1.0f + pin(exp_((-x))))));
return Made(y);
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < (params.n + 3u) / 4u; i += groups.x * 64u) {
    let of_x = in_x[i];
    let madex = element(of_x.x);
    let madey = element(of_x.y);
    let madez = element(of_x.z);
    let madew = element(of_x.w);
    out_y[i] = vec4f(madex.y, madey.y, madez.y, madew.y);
  }
}


struct Params {
  n: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> in_x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out_y: array<vec4f>;
