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
