// Message to x: row = channel of the group, column = (image, y, x),
// k = (output, ky, kx). a is w, b the error of y. Follows conv2d.wgsl; a form of
// contraction.wgsl.

struct Row { at: u32 }
struct Column { at: u32, y: i32, x: i32, out: u32 }
struct Depth { w: u32, plane: u32, ky: u32, kx: u32 }

fn row_of(z: u32, row: u32) -> Row {
  return Row(row * params.kh * params.kw);
}
fn column_of(z: u32, column: u32) -> Column {
  let pixels = params.height * params.width;
  let image = column / pixels;
  let pixel = column % pixels;
  let planes = image * params.outputs + z * own_outputs();
  return Column(
    planes * params.oh * params.ow,
    i32(pixel / params.width + params.padding),
    i32(pixel % params.width + params.padding),
    (image * params.channels + z * own_channels()) * pixels + pixel,
  );
}
fn first(z: u32) -> Depth {
  return Depth(z * own_outputs() * own_channels() * params.kh * params.kw, 0u, 0u, 0u);
}
fn next(d: Depth) -> Depth {
  var n = Depth(d.w + 1u, d.plane, d.ky, d.kx + 1u);
  if (n.kx == params.kw) { n.kx = 0u; n.ky += 1u; }
  if (n.ky == params.kh) {
    n.ky = 0u;
    n.plane += params.oh * params.ow;
    // On to the next output: its weights lie a filter further.
    n.w += (own_channels() - 1u) * params.kh * params.kw;
  }
  return n;
}
fn load_a(row: Row, d: Depth) -> f32 { return a[row.at + d.w]; }
fn load_b(column: Column, d: Depth) -> f32 {
  let y = column.y - i32(d.ky);
  let x = column.x - i32(d.kx);
  // Whole quotients of small numbers by floats: integer division is slow.
  let step = f32(params.stride);
  let oy = u32((f32(max(y, 0)) + 0.5) / step);
  let ox = u32((f32(max(x, 0)) + 0.5) / step);
  let inside = y >= 0 && x >= 0 && oy < params.oh && ox < params.ow
    && i32(oy * params.stride) == y && i32(ox * params.stride) == x;
  let at = column.at + d.plane + oy * params.ow + ox;
  return select(0.0, b[select(column.at, at, inside)], inside);
}
