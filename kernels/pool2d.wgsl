// Pooling over windows of (planes, height, width): the greatest or the mean, and
// their messages. Shapes: x (planes, height, width), y and eps (planes, oh, ow).
// One output a thread, grid stride; windows and their elements row by row. Of
// equal elements the first in a window is the greatest. src/ops/pool2d.ts fills
// in the words in capitals and puts pool2d-*.wgsl in their place.

struct Params {
  planes: u32, height: u32, width: u32, oh: u32, ow: u32,
  size: u32, stride: u32, padding: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
BINDINGS

// Place of a window's first row or column, less than 0 in the padding.
fn start_of(o: u32) -> i32 {
  return i32(o * params.stride) - i32(params.padding);
}

// First window that reaches row or column i, and one past the last.
fn windows_of(i: u32, count: u32) -> vec2u {
  let reach = i + params.padding;
  var first = 0u;
  if (reach >= params.size) { first = (reach - params.size) / params.stride + 1u; }
  return vec2u(first, min(reach / params.stride + 1u, count));
}

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
MORE
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < COUNT; i += groups.x * 64u) {
    let value = VALUE;
    out[i] = FINISH;
  }
}
