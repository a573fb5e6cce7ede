// Pooling over windows of (planes, height, width): the greatest or the mean, and
// their messages. Shapes: x (planes, height, width), y and eps (planes, oh, ow).
// Windows and their elements row by row; of equal elements the first in a window
// is the greatest. What both parts, pool2d-*.wgsl, share.
// params: planes, height, width, oh, ow, size, stride, padding.

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

// The greatest element of a window of x, as its place. Follows pool2d.wgsl.

fn place_of_most(plane: u32, oy: u32, ox: u32) -> u32 {
  let y0 = start_of(oy);
  let x0 = start_of(ox);
  var best = 0u;
  var found = false;
  for (var y = max(y0, 0); y < min(y0 + i32(params.size), i32(params.height)); y++) {
    for (var c = max(x0, 0); c < min(x0 + i32(params.size), i32(params.width)); c++) {
      let at = (plane * params.height + u32(y)) * params.width + u32(c);
      if (!found || x[at] > x[best] || (is_nan(x[at]) && !is_nan(x[best]))) {
        best = at;
        found = true;
      }
    }
  }
  return best;
}

fn max_of(i: u32) -> f32 {
  let position = i % (params.oh * params.ow);
  let plane = i / (params.oh * params.ow);
  return x[place_of_most(plane, position / params.ow, position % params.ow)];
}

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var i = id.x; i < params.planes * params.oh * params.ow; i += groups.x * 64u) {
    out[i] = max_of(i);
  }
}


struct Params {
  planes: u32,
  height: u32,
  width: u32,
  oh: u32,
  ow: u32,
  size: u32,
  stride: u32,
  padding: u32,
  zero: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
